package acme

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// ALPN is the protocol that has to be among tls.Config.NextProtos for TLSALPN01.
const ALPN = "acme-tls/1"

// GetCertificate is for tls.Config. It waits for nothing but a name on demand that is
// asked for the first time, and fails where there is no certificate.
func (m *Manager) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return m.get(hello.Context(), hello)
}

func (m *Manager) get(ctx context.Context, hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if hello.ServerName != "" && slices.Equal(hello.SupportedProtos, []string{ALPN}) {
		return m.answer(hello)
	}
	name := m.asked(hello)
	k := m.find(name)
	if k == nil || k.onDemand {
		return m.demand(ctx, name, k)
	}
	if cert := k.current.Load(); cert != nil {
		return cert, nil
	}
	return nil, errNone(name, "its authority has not given one yet")
}

// answer is TLSALPN01's: a certificate that proves to an authority who we are.
func (m *Manager) answer(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if !m.opts.offers(TLSALPN01) {
		return nil, errNone(hello.ServerName, "the challenge "+TLSALPN01+" is not in use")
	}
	return m.answers.GetCertificate(hello)
}

// asked is the name that a client wants, or for one that says none the address that it
// has called, or the first of the names.
func (m *Manager) asked(hello *tls.ClientHelloInfo) string {
	if hello.ServerName != "" {
		return normal(hello.ServerName)
	}
	if hello.Conn != nil {
		if host, _, err := net.SplitHostPort(hello.Conn.LocalAddr().String()); err == nil && m.find(normal(host)) != nil {
			return normal(host)
		}
	}
	if len(m.opts.Names) > 0 {
		return normal(m.opts.Names[0])
	}
	return ""
}

// challengePath is where RFC 8555 8.3 has an authority look.
const challengePath = "/.well-known/acme-challenge/"

// Handler answers HTTP01's requests, also those of a challenge that another process with
// the same directory is in. All others, and such with a token that is nobody's, are next's.
func (m *Manager) Handler(next http.Handler) http.Handler {
	if !m.opts.offers(HTTP01) {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, challengePath) || !m.acme.HandleHTTPChallenge(w, r) { // a nil one does nothing
			next.ServeHTTP(w, r)
		}
	})
}

// demandWait is how long a handshake waits for a certificate on demand.
const demandWait = 30 * time.Second

// await waits until the first try to get k's certificate is over.
func (k *kept) await(ctx context.Context) (*tls.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, demandWait)
	defer cancel()
	select {
	case <-k.first:
	case <-ctx.Done():
		return nil, errNone(k.name, "it takes its authority long to give one")
	}
	if cert := k.current.Load(); cert != nil {
		return cert, nil
	}
	return nil, errNone(k.name, "it could not be had: "+reason(k.failed))
}
