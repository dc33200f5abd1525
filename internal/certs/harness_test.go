package certs

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"highball/internal/certs/certstest"
)

// record is a log that a test reads.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

// lines are those with a text.
func (r *record) lines(with string) (found []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for line := range strings.Lines(r.text.String()) {
		if strings.Contains(line, with) {
			found = append(found, line)
		}
	}
	return found
}

// has fails the test unless there are so many lines with a text.
func (r *record) has(t *testing.T, count int, with string) {
	t.Helper()
	if got := r.lines(with); len(got) != count {
		t.Errorf("%d lines with %q, want %d, in\n%s", len(got), with, count, r.text.String())
	}
}

// clock is a time that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Now()} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// files writes a pair into a directory.
func files(t *testing.T, dir, name string, issued certstest.Issued, behind ...[]byte) Pair {
	t.Helper()
	return Pair{
		certstest.Write(t, filepath.Join(dir, name+".pem"), append([][]byte{issued.Cert}, behind...)...),
		certstest.Write(t, filepath.Join(dir, name+".key"), issued.Key),
	}
}

func open(t *testing.T, o Options) (*Store, *record) {
	t.Helper()
	log := &record{}
	o.Logger = slog.New(slog.NewTextHandler(log, nil))
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s, log
}

// shake has a client shake hands with a server, and returns what the two have seen.
func shake(t *testing.T, server, client *tls.Config) (of, seen tls.ConnectionState, err error) {
	t.Helper()
	a, b := connected(t)
	defer a.Close()
	defer b.Close()
	_ = a.SetDeadline(time.Now().Add(10 * time.Second))
	_ = b.SetDeadline(time.Now().Add(10 * time.Second))
	s, c := tls.Server(a, server), tls.Client(b, client)
	failed := make(chan error, 1)
	go func() {
		err := s.Handshake()
		if err == nil {
			_, err = s.Write([]byte{1}) // behind the session ticket
		}
		if err != nil {
			_ = a.Close()
		}
		failed <- err
	}()
	_, clientErr := c.Read(make([]byte, 1))
	if clientErr != nil {
		_ = b.Close()
	}
	if err = <-failed; err == nil {
		err = clientErr
	}
	return s.ConnectionState(), c.ConnectionState(), err
}

func connected(t *testing.T) (accepted, dialed net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.2:0")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if dialed, err = net.Dial("tcp", l.Addr().String()); err == nil {
		accepted, err = l.Accept()
	}
	if err != nil {
		t.Fatal(err)
	}
	return accepted, dialed
}

// shown is the serial number of the certificate that a client gets for a name.
func shown(t *testing.T, s *Store, name string) string {
	t.Helper()
	_, seen, err := shake(t, s.Config("http/1.1"), &tls.Config{ServerName: name, InsecureSkipVerify: true})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return seen.PeerCertificates[0].SerialNumber.String()
}

func serial(t *testing.T, issued certstest.Issued) string {
	t.Helper()
	chain, err := parseCertificates(issued.Cert)
	if err != nil {
		t.Fatal(err)
	}
	return chain[0].SerialNumber.String()
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}
