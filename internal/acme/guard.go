package acme

import (
	"net"
	"sync"

	"github.com/caddyserver/certmagic"
)

// guard keeps certmagic from listening by itself, on ports 80 and 443: it does not where
// somebody else does, and trusts then that challenges get to us. The guard is somebody
// else, on a port of loopback that nobody asks.
type guard struct {
	mu       sync.Mutex
	listener net.Listener
}

// stand has it stand there, before the first try to get a certificate.
func (g *guard) stand(issuer *certmagic.ACMEIssuer) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if issuer == nil || g.listener != nil {
		return nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	g.listener = l
	port := l.Addr().(*net.TCPAddr).Port
	issuer.ListenHost, issuer.AltHTTPPort, issuer.AltTLSALPNPort = "127.0.0.1", port, port
	go dismiss(l)
	return nil
}

func (g *guard) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listener != nil {
		_ = g.listener.Close()
	}
}

// dismiss closes what comes in, until l is closed.
func dismiss(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_ = conn.Close()
	}
}
