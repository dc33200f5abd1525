package h2

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// h2specVersion is the one that the Makefile installs.
const h2specVersion = "h2spec-v2.2.1"

// h2specCases is how many it has: of generic, http2 and hpack.
const h2specCases = 145

// The conformance suite of others, whole: over TLS and in clear text, several times,
// since some of its cases depend on who is quicker.
func TestH2spec(t *testing.T) {
	program, err := filepath.Abs(filepath.Join("..", "..", ".tools", h2specVersion, "h2spec"))
	if _, missing := os.Stat(program); err != nil || missing != nil {
		t.Skip("h2spec is not installed: make test-go does that")
	}
	times := 2
	if os.Getenv("HIGHBALL_TEST_LONG") != "" {
		times = 10
	}
	for name, secure := range map[string]*tls.Config{"clear": nil, "tls": serverTLS(t)} {
		t.Run(name, func(t *testing.T) {
			port := listening(t, &Server{Handler: http.HandlerFunc(hello)}, secure)
			for range times {
				runH2spec(t, program, port, secure != nil)
			}
		})
	}
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello, world")) }

// runH2spec wants all cases to pass, and none to be left out.
func runH2spec(t *testing.T, program string, port int, secure bool) {
	t.Helper()
	args := []string{"-h", "127.0.0.1", "-p", strconv.Itoa(port), "-o", "5"}
	if secure {
		args = append(args, "-t", "-k")
	}
	said, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	counts := regexp.MustCompile(`(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed`).FindStringSubmatch(string(said))
	if err != nil || counts == nil || counts[2] != strconv.Itoa(h2specCases) {
		t.Fatalf("%v: %v\n%s", counts, err, said)
	}
	t.Log(counts[0])
}

// serverTLS is a configuration that negotiates HTTP/2, with a certificate of httptest's.
func serverTLS(t *testing.T) *tls.Config {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	config := s.TLS.Clone()
	config.NextProtos = []string{"h2"}
	return config
}

// listening serves connections of a port until the test ends.
func listening(t *testing.T, s *Server, secure *tls.Config) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if secure != nil {
				nc = tls.Server(nc, secure)
			}
			go func() {
				if secure, ok := nc.(*tls.Conn); ok && secure.HandshakeContext(t.Context()) != nil {
					_ = nc.Close()
					return
				}
				s.ServeConn(context.Background(), nc, nil)
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}
