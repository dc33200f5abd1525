package behind

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// outside is a client's address that is no proxy's.
const outside = "127.0.0.2"

func (p *place) dial(ctx context.Context, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: harness.Patience}
	if runtime.GOOS == "linux" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(outside)}
	}
	return d.DialContext(ctx, "tcp", address)
}

// tls is the configuration of a client that trusts the site.
func (p *place) tls() *tls.Config {
	return &tls.Config{RootCAs: p.ca.Pool(), ServerName: "example.com", NextProtos: []string{"http/1.1"}}
}

// client asks example.com, which is the proxy.
func (p *place) client(t *testing.T, http2 bool) *http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetHTTP2(http2)
	config := p.tls()
	config.NextProtos = nil
	transport := &http.Transport{
		Protocols: protocols, TLSClientConfig: config, DisableCompression: true,
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			if strings.HasSuffix(address, ":443") {
				return p.dial(ctx, p.secure)
			}
			return p.dial(ctx, p.plain)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 4 * harness.Patience, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// url is where an application of e2e/apps is, as clients know it.
func (p *place) url(path string) string { return "https://example.com" + p.prefix + path }

// read is a response's body, which has to be whole and of status 200.
func read(t *testing.T, r *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v: %.300s", r.Status, err, body)
	}
	return string(body)
}
