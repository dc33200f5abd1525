// Package certstest makes certificates for tests.
package certstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Issuer signs certificates.
type Issuer struct {
	Cert *x509.Certificate
	PEM  []byte
	key  crypto.Signer
}

// Issued is a certificate and its key, both PEM.
type Issued struct{ Cert, Key []byte }

// Pair is what a tls.Config takes.
func (i Issued) Pair(t testing.TB) tls.Certificate {
	t.Helper()
	pair, err := tls.X509KeyPair(i.Cert, i.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// Root makes an issuer that has signed itself.
func Root(t testing.TB, name string) *Issuer {
	t.Helper()
	template := issuerTemplate(name)
	key := newKey(t, false)
	return newIssuer(t, template, template, key, key)
}

// Intermediate makes an issuer below this one.
func (i *Issuer) Intermediate(t testing.TB, name string) *Issuer {
	t.Helper()
	return newIssuer(t, issuerTemplate(name), i.Cert, newKey(t, false), i.key)
}

func issuerTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
		NotBefore: time.Now().Add(-365 * 24 * time.Hour), NotAfter: time.Now().Add(10 * 365 * 24 * time.Hour),
	}
}

func newIssuer(t testing.TB, template, parent *x509.Certificate, key, signer crypto.Signer) *Issuer {
	t.Helper()
	der := sign(t, template, parent, key.Public(), signer)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &Issuer{Cert: cert, key: key, PEM: encode("CERTIFICATE", der)}
}

// Pool has the issuer as one to trust.
func (i *Issuer) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(i.Cert)
	return pool
}

// Signer is the issuer's key.
func (i *Issuer) Signer() crypto.Signer { return i.key }

// Issue makes a certificate for names and IP addresses. Each change changes what is to be
// signed.
func (i *Issuer) Issue(t testing.TB, names []string, changes ...func(*x509.Certificate)) Issued {
	t.Helper()
	return i.issue(t, newKey(t, false), names, changes)
}

// IssueRSA is Issue with a key of RSA.
func (i *Issuer) IssueRSA(t testing.TB, names []string, changes ...func(*x509.Certificate)) Issued {
	t.Helper()
	return i.issue(t, newKey(t, true), names, changes)
}

func (i *Issuer) issue(t testing.TB, key crypto.Signer, names []string, changes []func(*x509.Certificate)) Issued {
	t.Helper()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "of a test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	for _, change := range changes {
		change(template)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return Issued{encode("CERTIFICATE", sign(t, template, i.Cert, key.Public(), i.key)), encode("PRIVATE KEY", pkcs8)}
}

// Until is a change: the certificate is valid from one time, relative to now, to another.
func Until(from, to time.Duration) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Now().Add(from), time.Now().Add(to) }
}

func sign(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) []byte {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func newKey(t testing.TB, isRSA bool) (key crypto.Signer) {
	t.Helper()
	var err error
	if isRSA {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// Write writes a file of a test: by renaming, as those do who mean it well.
func Write(t testing.TB, path string, parts ...[]byte) string {
	t.Helper()
	var text []byte
	for _, part := range parts {
		text = append(text, part...)
	}
	next := filepath.Join(filepath.Dir(path), ".next-"+filepath.Base(path))
	if err := os.WriteFile(next, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
	return path
}
