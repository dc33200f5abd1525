package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// certificate are the files of the one that all servers of a case have.
type certificate struct{ cert, key string }

// secure returns b with servers that speak TLS, with a certificate of ECDSA P-256.
func (b *bench) secure() (*bench, error) {
	c := certificate{filepath.Join(b.dir, "cert.pem"), filepath.Join(b.dir, "key.pem")}
	own := *b
	own.tls = &c
	return &own, c.write()
}

func (c certificate) write() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{"bench.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		return err
	}
	return os.WriteFile(c.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600)
}

// clientTLS believes any certificate: what that costs is the client's.
func clientTLS() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, ServerName: "bench.example"} //nolint:gosec // of our own server
}

// secureServers are those that are measured with TLS: gunicorn has nginx before it.
func (b *bench) secureServers() []serverKind {
	servers := []serverKind{highball}
	if b.baseline != "" {
		servers = append(servers, baseline)
	}
	if !b.peer {
		return servers
	}
	for _, kind := range []serverKind{nginx, granian} {
		if b.installed(kind) {
			servers = append(servers, kind)
		} else {
			fmt.Fprintf(b.log, "bench: without %s, which is not installed\n", kind)
		}
	}
	return servers
}

// handshaking is how many clients shake hands at a time.
const handshaking = 8

// minHandshakes is a share of nginx's handshakes in the same time of a processor.
const minHandshakes = 0.9

// measureHandshakes has clients shake hands and leave, with one processor for each
// server. What a handshake costs is what counts: the client needs more for one than
// the server does, so that its own speed is what the clock sees. The same key exchange
// is compared: the post-quantum one, which older libraries lack, costs half as much more.
func measureHandshakes(ctx context.Context, b *bench) ([]row, error) {
	own, err := b.secure()
	if err != nil {
		return nil, err
	}
	own.single, own.env = true, append(own.env, "GOMAXPROCS=1")
	servers, stop, err := own.startAll(ctx, own.secureServers(), "hello", "/")
	defer stop()
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, kind := range []struct {
		name    string
		groups  []tls.CurveID
		resumed bool
	}{
		{"full", []tls.CurveID{tls.X25519}, false},
		{"resumed", []tls.CurveID{tls.X25519}, true},
		{"full, as the client prefers", nil, false}, // X25519MLKEM768 where the server has it
	} {
		loads, err := b.interleave(servers, func(s *server, d time.Duration) (load, error) {
			return s.shakeHands(ctx, d, kind.groups, kind.resumed)
		})
		if err != nil {
			return nil, err
		}
		perCPU := newRow("handshakes", kind.name+", in a second of a processor", "handshakes", loads, perProcessor)
		if kind.groups != nil {
			perCPU = perCPU.shareAtLeast(nginx, "nginx's", minHandshakes)
		}
		rows = append(rows, perCPU,
			newRow("handshakes", kind.name+", CPU", "us", loads, func(l load) float64 { return l.CPU }),
			newRow("handshakes", kind.name+", by one client", "handshakes/s", loads, perSecond))
	}
	return rows, nil
}

// perProcessor is how many were served in a second of CPU; 0 where there were too few to
// have taken a tick of it.
func perProcessor(l load) float64 {
	if l.CPU == 0 {
		return 0
	}
	return 1e6 / l.CPU
}

// shakeHands shakes hands for so long, with one of these groups, and returns what that
// came to.
func (s *server) shakeHands(ctx context.Context, d time.Duration, groups []tls.CurveID, resumed bool) (load, error) {
	clients := make([]*client, handshaking) // a name for a goroutine: each handshake dials
	configs := map[*client]*tls.Config{}
	for i := range clients {
		clients[i] = &client{}
		config := clientTLS()
		config.CurvePreferences = groups
		configs[clients[i]] = config
		if !resumed {
			continue
		}
		config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		if err := s.shakeHand(config, false); err != nil { // the first has nothing to resume
			return load{}, err
		}
	}
	one := func(c *client) error { return s.shakeHand(configs[c], resumed) }
	return s.measure(func(began time.Time) ([]time.Duration, error) {
		return passAll(ctx, clients, one, began.Add(d))
	})
}

// shakeHand ends with the server's end of the connection: by then it has checked the
// client's part, and has sent its tickets.
func (s *server) shakeHand(config *tls.Config, resumed bool) error {
	nc, err := net.DialTimeout("tcp", s.addr, time.Second)
	if err != nil {
		return err
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(answerTimeout))
	c := tls.Client(nc, config)
	if err := c.Handshake(); err != nil {
		return err
	}
	if got := c.ConnectionState().DidResume; got != resumed {
		return fmt.Errorf("%s: resumed: %v, want %v", s.kind, got, resumed)
	}
	if err := c.CloseWrite(); err != nil {
		return err
	}
	_, _ = c.Read(make([]byte, 1)) // EOF, or a reset
	return nil
}
