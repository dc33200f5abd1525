package highball

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProxySettings(t *testing.T) {
	for want, cfg := range map[string]Config{
		`trusted-proxies: "localhost" is no address and no network`: {TrustedProxies: []string{"localhost"}},
		"line 2":                            {TrustedProxies: []string{"@bad"}},
		"no such file":                      {TrustedProxies: []string{"@missing"}},
		`"x-real" is not known`:             {ProxyHeaders: []string{"x-real"}},
		"name the proxy in trusted-proxies": {Bind: []string{"proxy+http://127.0.0.1:0"}},
	} {
		cfg.Dir = t.TempDir()
		if err := os.WriteFile(filepath.Join(cfg.Dir, "bad"), []byte("192.0.2.1\nhello\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := New(cfg); err == nil || s != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want an error that says %q", err, want)
		}
	}
}

// A reload reads the lists, and leaves all as it is where one is broken.
func TestReloadReadsProxies(t *testing.T) {
	dir := t.TempDir()
	list := filepath.Join(dir, "list")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("192.0.2.1\n")
	app := "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [environ['REMOTE_ADDR'].encode()]\n"
	if err := os.WriteFile(filepath.Join(dir, "wsgi.py"), []byte(app), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Dir: dir, Workers: 1, Threads: 1, TrustedProxies: []string{"@list"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	client := func() string {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "192.0.2.1:5"
		r.Header.Set("X-Forwarded-For", "198.51.100.7")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Body.String()
	}
	for _, step := range []struct{ list, err, want string }{
		{"192.0.2.1\n", "", "198.51.100.7"},
		{"192.0.2.1\n192.0.2.\n", "line 2", "198.51.100.7"},
		{"192.0.2.2\n", "", "192.0.2.1"},
	} {
		write(step.list)
		if client(); s.Workers() != 1 {
			t.Fatal("it does not serve")
		}
		err := s.Reload(t.Context())
		if (err == nil) != (step.err == "") || err != nil && !strings.Contains(err.Error(), step.err) {
			t.Errorf("%q: %v", step.list, err)
		}
		if got := client(); got != step.want {
			t.Errorf("%q: the client is %q, want %q", step.list, got, step.want)
		}
	}
}

// Who may say to a uwsgi listener what is so: without a word of the operator, this
// machine; whoever has the socket's file, at any rate.
func TestWhoSpeaksForOthers(t *testing.T) {
	unix := &net.UnixAddr{Net: "unix", Name: "/run/x"}
	loopback, loopback6 := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, &net.TCPAddr{IP: net.IPv6loopback}
	far, near := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}, &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)}
	for _, test := range []struct {
		trusted  []string
		peers    []net.Addr
		believed bool
	}{
		{nil, []net.Addr{unix, loopback, loopback6}, true},
		{nil, []net.Addr{far, near}, false},
		{[]string{"10.0.0.0/8"}, []net.Addr{unix, near}, true},
		{[]string{"10.0.0.0/8"}, []net.Addr{loopback, loopback6, far}, false},
	} {
		s, err := New(Config{Dir: t.TempDir(), TrustedProxies: test.trusted})
		if err != nil {
			t.Fatal(err)
		}
		for _, peer := range test.peers {
			if got := s.speaksForOthers(peer); got != test.believed {
				t.Errorf("%v, trusted-proxies %v: got %v", peer, test.trusted, got)
			}
		}
	}
}
