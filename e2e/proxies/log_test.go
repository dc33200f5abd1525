package proxies

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// The access log is of clients, not of the proxy, whichever way it tells.
func TestAccessLogHasTheClient(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "access")
	s := start(t, environApp, "--trusted-proxies", "127.0.0.1", "--trusted-proxies", "unix", "--access-log", path)
	environOf(t, "tcp", s.Address, harness.Request("GET", "/", "X-Forwarded-For: 192.0.2.1"))
	environOf(t, "tcp", s.introduced, "PROXY TCP4 192.0.2.2 198.51.100.1 5 80\r\n", harness.Request("GET", "/"))
	environOf(t, "unix", s.socket, harness.Request("GET", "/", "X-Forwarded-For: 2001:db8::3"))
	harness.Eventually(t, "there are three lines", func() bool {
		log, _ := os.ReadFile(path)
		return strings.Count(string(log), "\n") == 3
	})
	log, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, client := range []string{`"192.0.2.1"`, `"192.0.2.2`, `"2001:db8::3"`} {
		if strings.Count(string(log), client) != 1 {
			t.Errorf("%s is not there once:\n%s", client, log)
		}
	}
	if strings.Contains(string(log), "127.0.0.1") {
		t.Errorf("the proxy is there:\n%s", log)
	}
}

// A CDN's own fields are believed behind a balancer that introduces it, a client's not.
func TestFieldsBehindAnIntroduction(t *testing.T) {
	t.Parallel()
	s := start(t, environApp, "--trusted-proxies", "127.0.0.1", "--trusted-proxies", "203.0.113.0/24")
	fields := harness.Request("GET", "/", "X-Forwarded-For: 198.51.100.66, 192.0.2.1", "X-Forwarded-Proto: https")
	environOf(t, "tcp", s.introduced, "PROXY TCP4 203.0.113.7 198.51.100.1 5 80\r\n", fields).has(t, environ{
		"REMOTE_ADDR": "192.0.2.1", "wsgi.url_scheme": "https", "highball.peer_addr": "127.0.0.1", "SERVER_NAME": "198.51.100.1", "REMOTE_PORT": "",
	})
	environOf(t, "tcp", s.introduced, "PROXY TCP4 192.0.2.9 198.51.100.1 5 80\r\n", fields).has(t, environ{
		"REMOTE_ADDR": "192.0.2.9", "REMOTE_PORT": "5", "wsgi.url_scheme": "http", "HTTP_X_FORWARDED_FOR": "", "highball.peer_addr": "127.0.0.1",
	})
}
