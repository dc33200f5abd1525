package e2e

import (
	"context"
	"crypto/tls"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
	"highball/internal/certs/certstest"
)

// secure is a server of https, and who trusts it.
type secure struct {
	*harness.Server
	ca        *certstest.Issuer
	dir       string
	cert, key string // files
	caFile    string
}

// secureSite runs the binary with a certificate for names, a.test and 127.0.0.1 by default.
func secureSite(t *testing.T, app string, args ...string) *secure {
	t.Helper()
	s := newSite(t)
	args = append([]string{"--bind", "https://127.0.0.1:0", "--certfile", s.cert, "--keyfile", s.key}, args...)
	s.Server = harness.Start(t, harness.Options{App: app, Python: harness.Newest(t).Path, Args: args})
	return s
}

// newSite makes the files.
func newSite(t *testing.T) *secure {
	t.Helper()
	s := &secure{ca: certstest.Root(t, "a root"), dir: t.TempDir()}
	s.cert, s.key = s.write(t, "site", s.ca.Issue(t, []string{"a.test", "127.0.0.1"}))
	s.caFile = certstest.Write(t, filepath.Join(s.dir, "ca.pem"), s.ca.PEM)
	return s
}

func (s *secure) write(t *testing.T, name string, issued certstest.Issued) (cert, key string) {
	t.Helper()
	return certstest.Write(t, filepath.Join(s.dir, name+".pem"), issued.Cert), certstest.Write(t, filepath.Join(s.dir, name+".key"), issued.Key)
}

// trusting is a client's configuration.
func (s *secure) trusting(name string) *tls.Config {
	return &tls.Config{RootCAs: s.ca.Pool(), ServerName: name}
}

// client speaks HTTP/1.1 or HTTP/2.
func (s *secure) client(t *testing.T, http2 bool) *http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetHTTP2(http2)
	transport := &http.Transport{Protocols: protocols, TLSClientConfig: s.trusting("a.test")}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: harness.Patience, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// program runs a program of others, and returns what it prints. That it fails is no
// failure of the test.
func program(t *testing.T, input, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = harness.CleanEnviron()
	cmd.Stdin = strings.NewReader(input)
	out, _ := cmd.CombinedOutput()
	return string(out)
}

// has fails the test unless each of the texts is there.
func has(t *testing.T, what, got string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(got, text) {
			t.Errorf("%s: %q is not in\n%s", what, text, got)
		}
	}
}
