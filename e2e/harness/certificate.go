package harness

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// certificate is the one of the servers that speak TLS, in files, and who trusts it.
type certificate struct {
	dir, cert, key string
	roots          *x509.CertPool
	err            error
}

// theCertificate is made once, for test.example and the loopback addresses.
var theCertificate = sync.OnceValue(func() *certificate {
	c := &certificate{roots: x509.NewCertPool()}
	c.err = c.make()
	madeCertificate.Store(c)
	return c
})

var madeCertificate atomic.Pointer[certificate]

func removeCertificate() {
	if c := madeCertificate.Load(); c != nil {
		_ = os.RemoveAll(c.dir)
	}
}

func (c *certificate) make() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{"test.example", "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if c.dir, err = os.MkdirTemp("", "highball-certificate-"); err != nil {
		return err
	}
	c.cert, c.key = filepath.Join(c.dir, "cert.pem"), filepath.Join(c.dir, "key.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	c.roots.AppendCertsFromPEM(certificate)
	if err := os.WriteFile(c.cert, certificate, 0o600); err != nil {
		return err
	}
	return os.WriteFile(c.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)
}

// client is how to speak to a server that has the certificate.
func (c *certificate) client(protocol string) *tls.Config {
	return &tls.Config{RootCAs: c.roots, ServerName: "test.example", NextProtos: []string{protocol}}
}
