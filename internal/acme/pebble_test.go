package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"

	"highball/e2e/harness"
	"highball/e2e/pebble"
)

// site is a server beside an authority.
type site struct {
	*Manager
	log  *log
	ca   *pebble.CA
	tls  string
	http string
}

// ports are listeners that an authority looks for challenges at.
type ports struct{ http, tls net.Listener }

func newPorts(t *testing.T) (p ports, o pebble.Options) {
	t.Helper()
	open := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return l
	}
	p = ports{open(), open()}
	o.HTTPPort, o.TLSPort = p.http.Addr().(*net.TCPAddr).Port, p.tls.Addr().(*net.TCPAddr).Port
	return p, o
}

// join makes a Manager that asks ca.
func join(t *testing.T, ca *pebble.CA, opts Options) *site {
	t.Helper()
	s := &site{log: &log{}, ca: ca}
	opts.CA, opts.Roots, opts.Logger = ca.URL, ca.Roots(t), s.log.logger()
	if opts.Dir == "" {
		opts.Dir = t.TempDir()
	}
	opts.backoff = []time.Duration{200 * time.Millisecond, time.Second}
	var err error
	if s.Manager, err = New(opts); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		if t.Failed() {
			t.Logf("log:\n%s", strings.Join(s.log.lines(""), "\n"))
		}
	})
	return s
}

func (s *site) open(t *testing.T) {
	t.Helper()
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
}

func (s *site) start(t *testing.T) {
	t.Helper()
	s.open(t)
	s.Start()
}

// listen has the Manager serve on ports.
func (s *site) listen(t *testing.T, p ports) *site {
	t.Helper()
	app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "application") })
	s.http, s.tls = p.http.Addr().String(), p.tls.Addr().String()
	quiet := stdlog.New(io.Discard, "", 0)
	plain := &http.Server{Handler: s.Handler(app), ErrorLog: quiet}
	secure := &http.Server{Handler: app, ErrorLog: quiet}
	go func() { _ = plain.Serve(p.http) }()
	config := &tls.Config{GetCertificate: s.GetCertificate, NextProtos: []string{"http/1.1", ALPN}}
	go func() { _ = secure.Serve(tls.NewListener(p.tls, config)) }()
	t.Cleanup(func() { _ = plain.Close(); _ = secure.Close() })
	return s
}

// peer connects as a client that believes the authority, and returns the certificate.
func (s *site) peer(t *testing.T, name string) (*x509.Certificate, error) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.ca.IssuerPEM(t))
	conn, err := tls.Dial("tcp", s.tls, &tls.Config{ServerName: name, RootCAs: roots})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0], nil
}

// has waits until a client gets a certificate that it believes.
func (s *site) has(t *testing.T, name string) (cert *x509.Certificate) {
	t.Helper()
	harness.Eventually(t, "a certificate for "+name, func() bool {
		var err error
		cert, err = s.peer(t, name)
		return err == nil
	})
	return cert
}

func TestIssue(t *testing.T) {
	for _, tt := range [][2]string{
		{HTTP01, "example.test"}, {TLSALPN01, "Example.Test"}, {HTTP01, "127.0.0.1"}, {TLSALPN01, "127.0.0.1"},
	} {
		t.Run(tt[0]+" "+tt[1], func(t *testing.T) {
			p, o := newPorts(t)
			o.BadNonces = 30
			ca := pebble.Start(t, o)
			s := join(t, ca, Options{Names: tt[1:], Challenges: tt[:1]}).listen(t, p)
			s.start(t)
			s.has(t, tt[1])
			if !s.Has("") {
				t.Error("a client that names nobody is not served")
			}
			if lines := s.log.lines("certificate obtained"); len(lines) != 1 || !strings.Contains(lines[0], "Pebble") {
				t.Errorf("lines %v", lines)
			}
			if all := s.log.lines("acme: "); len(all) > 0 {
				t.Errorf("certmagic speaks: %v", all)
			}
		})
	}
}

// Nobody but the addresses that were asked for listens for challenges, and none is looked for.
func TestPortsOfOthersAreLeftAlone(t *testing.T) {
	p, o := newPorts(t)
	s := join(t, pebble.Start(t, o), Options{Names: []string{"example.test"}}).listen(t, p)
	for _, port := range []string{":80", ":443"} {
		l, err := net.Listen("tcp", port)
		if err != nil {
			t.Logf("not looked at: %v", err)
			continue // without the right to, certmagic has it neither, and fails
		}
		defer l.Close()
		go func() {
			if conn, err := l.Accept(); err == nil {
				t.Errorf("%s was asked for challenges", port)
				_ = conn.Close()
			}
		}()
	}
	s.start(t)
	s.has(t, "example.test")
}

func TestIssueByDNS(t *testing.T) {
	p, o := newPorts(t)
	o.DNS = pebble.StartDNS(t)
	s := join(t, pebble.Start(t, o), Options{Names: []string{"*.example.test"}, DNS: o.DNS}).listen(t, p)
	s.start(t)
	s.has(t, "a.example.test")
	if _, err := s.peer(t, "a.b.example.test"); err == nil {
		t.Error("a pattern is for one label")
	}
}

// Everything below the challenges' path that is not a token of ours is the application's.
func TestOthersTokens(t *testing.T) {
	p, o := newPorts(t)
	s := join(t, pebble.Start(t, o), Options{Names: []string{"example.test"}}).listen(t, p)
	s.open(t)
	for _, path := range []string{"/", challengePath, challengePath + "x", challengePath + "../../x"} {
		response, err := http.Get("http://" + s.http + path)
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := io.ReadAll(response.Body); string(text) != "application" {
			t.Errorf("%s: %s", path, text)
		}
		_ = response.Body.Close()
	}
}

// An authority may ask any of the processes that share a directory.
func TestAnotherProcessAnswers(t *testing.T) {
	for _, challenge := range []string{HTTP01, TLSALPN01} {
		t.Run(challenge, func(t *testing.T) {
			p, o := newPorts(t)
			ca, dir := pebble.Start(t, o), t.TempDir()
			opts := Options{Names: []string{"example.test"}, Dir: dir, Challenges: []string{challenge}}
			answers := join(t, ca, opts).listen(t, p)
			answers.open(t) // but not started: it orders nothing
			join(t, ca, opts).start(t)
			harness.Eventually(t, "the certificate of the other", func() bool {
				for _, k := range answers.kept {
					return k.load(context.Background()) == nil
				}
				return false
			})
			answers.has(t, "example.test")
		})
	}
}

func TestTwoProcessesOrderOnce(t *testing.T) {
	p, o := newPorts(t)
	ca, dir := pebble.Start(t, o), t.TempDir()
	one := join(t, ca, Options{Names: []string{"example.test"}, Dir: dir}).listen(t, p)
	other := join(t, ca, Options{Names: []string{"example.test"}, Dir: dir})
	one.start(t)
	other.start(t)
	first := one.has(t, "example.test")
	harness.Eventually(t, "the other has it", func() bool {
		leaf, err := shake(other.Manager, "example.test")
		return err == nil && leaf.Equal(first)
	})
	if n := ca.Orders(); n != 1 {
		t.Errorf("%d orders", n)
	}
}

func TestRefusedAndUnreachable(t *testing.T) {
	p, o := newPorts(t)
	o.Blocked = []string{"blocked.test"}
	ca := pebble.Start(t, o)
	s := join(t, ca, Options{Names: []string{"blocked.test", "example.test"}}).listen(t, p)
	s.start(t)
	s.has(t, "example.test")
	harness.Eventually(t, "the refusal", func() bool {
		return len(s.log.lines("(rejectedIdentifier)")) > 1 // it is tried again
	})
	line := s.log.lines("name=blocked.test")[0]
	for _, part := range []string{"level=ERROR", "tried_again_in=", "policy"} {
		if !strings.Contains(line, part) {
			t.Errorf("the line lacks %q: %s", part, line)
		}
	}
	if cert, err := s.peer(t, "blocked.test"); err == nil {
		t.Errorf("a client got a certificate of %s", cert.Issuer)
	}

	// Nobody listens where the authority looks.
	away := pebble.Start(t, pebble.Options{HTTPPort: 1, TLSPort: 1})
	lost := join(t, away, Options{Names: []string{"example.test"}, Challenges: []string{HTTP01}})
	lost.start(t)
	harness.Eventually(t, "the failure", func() bool { return len(lost.log.lines("(connection)")) > 1 })
}

func TestAuthorityGoesAndComesBack(t *testing.T) {
	p, o := newPorts(t)
	ca := pebble.Start(t, o)
	ca.Stop()
	s := join(t, ca, Options{Names: []string{"example.test"}}).listen(t, p)
	s.start(t)
	harness.Eventually(t, "two failures", func() bool { return len(s.log.lines("connection refused")) > 1 })
	ca.Restart(t)
	s.has(t, "example.test")

	// It has forgotten the account, and the certificate.
	ca.Stop()
	ca.Restart(t)
	s.forceRenewal(t)
	s.has(t, "example.test")
}

// forceRenewal has the stored certificate be due, as if its authority had said so.
func (s *site) forceRenewal(t *testing.T) {
	t.Helper()
	s.rewrite(t, `"_selectedTime": *"[^"]*"`, `"_selectedTime": "2020-01-01T00:00:00Z"`)
	s.Look()
}

// rewrite changes what the directory says about the one certificate.
func (s *site) rewrite(t *testing.T, pattern, by string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.opts.Dir, "certificates", "*", "*", "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	changed := regexp.MustCompile(pattern).ReplaceAll(text, []byte(by))
	if string(changed) == string(text) {
		t.Fatalf("%s has no %s: %s", files[0], pattern, text)
	}
	if err := os.WriteFile(files[0], changed, 0o600); err != nil {
		t.Fatal(err)
	}
}

// While it is renewed, each handshake gets the old one or the new one.
func TestRenewWhileServing(t *testing.T) {
	p, o := newPorts(t)
	ca := pebble.Start(t, o)
	s := join(t, ca, Options{Names: []string{"example.test"}}).listen(t, p)
	s.start(t)
	old := s.has(t, "example.test")
	var clients sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := s.peer(t, "example.test"); err != nil {
					t.Errorf("while it is renewed: %v", err)
					return
				}
			}
		})
	}
	s.forceRenewal(t)
	harness.Eventually(t, "the new one", func() bool {
		cert, err := s.peer(t, "example.test")
		return err == nil && !cert.Equal(old)
	})
	close(stop)
	clients.Wait()
	if n := ca.Orders(); n != 2 || len(s.log.lines("certificate renewed")) != 1 {
		t.Errorf("%d orders, lines %v", n, s.log.lines("certificate"))
	}
}

// An authority says by its renewal information (ARI) that a certificate is revoked: it is
// replaced as soon as that is asked for again.
func TestRevoked(t *testing.T) {
	p, o := newPorts(t)
	ca := pebble.Start(t, o)
	s := join(t, ca, Options{Names: []string{"example.test"}}).listen(t, p)
	s.start(t)
	old := s.has(t, "example.test")
	s.revoke(t, old)
	s.rewrite(t, `"_retryAfter": *"[^"]*"`, `"_retryAfter": "2020-01-01T00:00:00Z"`)
	s.Look()
	harness.Eventually(t, "a new certificate", func() bool {
		cert, err := s.peer(t, "example.test")
		return err == nil && !cert.Equal(old)
	})
}

// revoke tells the authority, and changes nothing in the directory.
func (s *site) revoke(t *testing.T, cert *x509.Certificate) {
	t.Helper()
	var pair certmagic.CertificateResource
	for pattern, text := range map[string]*[]byte{"*.crt": &pair.CertificatePEM, "*.key": &pair.PrivateKeyPEM} {
		files, _ := filepath.Glob(filepath.Join(s.opts.Dir, "certificates", "*", "*", pattern))
		var err error
		if *text, err = os.ReadFile(files[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.acme.Revoke(context.Background(), pair, 0); err != nil {
		t.Fatal(err)
	}
	s.ca.Hurry(t, cert) // what pebble itself says of a revoked one, a window of a second, acmez takes for none
}

func TestOnDemand(t *testing.T) {
	p, o := newPorts(t)
	ca := pebble.Start(t, o)
	s := join(t, ca, Options{OnDemand: []string{"*.example.test"}}).listen(t, p)
	s.start(t)
	if _, err := s.peer(t, "www.example.test"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"example.test", "a.b.example.test", "other.test", "evil-example.test", "www.example.test.evil.test"} {
		if _, err := s.peer(t, name); err == nil {
			t.Errorf("%s got a certificate", name)
		}
	}
	if _, err := s.peer(t, "WWW.example.test"); err != nil {
		t.Error(err)
	}
	if n := ca.Orders(); n != 1 {
		t.Errorf("%d orders", n)
	}
}
