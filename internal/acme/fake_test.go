package acme

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"
)

// authority is one that issues by the clock of the test, if it is up.
type authority struct {
	life time.Duration

	mu     sync.Mutex
	down   error
	orders []string
	key    *ecdsa.PrivateKey
	cert   *x509.Certificate
}

func newAuthority(t *testing.T, life time.Duration) *authority {
	t.Helper()
	a := &authority{life: life}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	a.cert = a.sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "Test Authority"}, IsCA: true, BasicConstraintsValid: true,
	}, &a.key.PublicKey, 10*365*24*time.Hour)
	return a
}

func (a *authority) sign(t *testing.T, template *x509.Certificate, key *ecdsa.PublicKey, life time.Duration) *x509.Certificate {
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now(), time.Now().Add(life)
	parent := a.cert
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, a.key)
	if err != nil {
		t.Error(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Error(err)
	}
	return cert
}

func (a *authority) set(down error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.down = down
}

// asked are the names of all orders until now.
func (a *authority) asked() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.orders...)
}

type fakeIssuer struct {
	*authority
	t *testing.T
}

func (f fakeIssuer) IssuerKey() string { return "test" }

func (f fakeIssuer) Issue(_ context.Context, csr *x509.CertificateRequest) (*certmagic.IssuedCertificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.orders = append(f.orders, strings.Join(csr.DNSNames, ","))
	if f.down != nil {
		return nil, f.down
	}
	cert := f.sign(f.t, &x509.Certificate{DNSNames: csr.DNSNames}, csr.PublicKey.(*ecdsa.PublicKey), f.life)
	return &certmagic.IssuedCertificate{Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})}, nil
}

// log keeps lines.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) lines(with string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, with) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

func (l *log) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// newManager makes one that asks a, and closes it at the end of the test.
func newManager(t *testing.T, a *authority, l *log, opts Options) *Manager {
	t.Helper()
	opts.issuer, opts.Logger = fakeIssuer{a, t}, l.logger()
	m, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// shake asks for a certificate as a handshake does.
func shake(m *Manager, name string) (*x509.Certificate, error) {
	cert, err := m.get(context.Background(), &tls.ClientHelloInfo{ServerName: name})
	if err != nil {
		return nil, err
	}
	return cert.Leaf, nil
}

var errDown = errors.New("dial tcp 192.0.2.1:443: connection refused")

func start(t *testing.T, m *Manager) {
	t.Helper()
	if err := m.Open(); err != nil {
		t.Fatal(err)
	}
	m.Start()
}
