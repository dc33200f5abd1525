package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"highball/e2e/harness"
)

// byHTTP3 asks for a name by HTTP/3, with what the client believes.
func (s *scene) byHTTP3(t *testing.T, name string) (string, error) {
	t.Helper()
	root, err := os.ReadFile(s.root)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(root)
	transport := &http3.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		Dial: func(ctx context.Context, _ string, config *tls.Config, c *quic.Config) (*quic.Conn, error) {
			return quic.DialAddrEarly(ctx, "127.0.0.1:"+s.https, config, c)
		},
	}
	defer transport.Close()
	r, err := (&http.Client{Transport: transport, Timeout: harness.Patience}).Get(s.secure(name))
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return string(body), err
}
