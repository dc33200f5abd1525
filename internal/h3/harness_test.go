package h3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"highball/internal/certs/certstest"
	"highball/internal/h1"
)

// running is a Server that serves, and what a client needs to know.
type running struct {
	*Server
	address *net.UDPAddr
	roots   *x509.CertPool
	done    chan error
}

// start serves handler on a port of its own until the test ends.
func start(t *testing.T, handler http.HandlerFunc, options ...func(*Server)) *running {
	t.Helper()
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return startOn(t, socket, handler, options...)
}

func startOn(t *testing.T, socket *net.UDPConn, handler http.HandlerFunc, options ...func(*Server)) *running {
	t.Helper()
	s := &Server{
		Handler: handler, Limits: h1.Limits{RequestLine: 4096, Head: 16 << 10, Fields: 64},
		HeadTimeout: 5 * time.Second, IdleTimeout: 30 * time.Second, WriteTimeout: 10 * time.Second,
		Linger: 50 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	for _, option := range options {
		option(s)
	}
	certificate, roots := testCertificate(t)
	r := &running{Server: s, address: socket.LocalAddr().(*net.UDPAddr), roots: roots, done: make(chan error, 1)}
	go func() { r.done <- s.Serve(socket, tlsConfig(certificate)) }()
	t.Cleanup(func() {
		s.Close()
		select {
		case err := <-r.done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the server does not end")
		}
	})
	return r
}

func tlsConfig(certificate tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{protocol}}
}

func testCertificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	ca := certstest.Root(t, "a root")
	return ca.Issue(t, []string{"h3.test"}).Pair(t), ca.Pool()
}

// client is quic-go's own, whose connections go to r whatever the name.
func (r *running) client(t *testing.T, options ...func(*http3.Transport)) *http.Client {
	t.Helper()
	transport := &http3.Transport{
		TLSClientConfig: &tls.Config{RootCAs: r.roots},
		Dial: func(ctx context.Context, _ string, config *tls.Config, quicConfig *quic.Config) (*quic.Conn, error) {
			return quic.DialAddrEarly(ctx, r.address.String(), config, quicConfig)
		},
	}
	for _, option := range options {
		option(transport)
	}
	t.Cleanup(func() { transport.Close() })
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

const home = "https://h3.test/"

// text reads a response to its end.
func text(t *testing.T, res *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	p, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(p)
}
