package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
	"highball/e2e/peer"
)

// proxies are what speaks the uwsgi protocol to an address.
func proxies(t *testing.T, body func(t *testing.T, p *peer.Peer)) {
	t.Helper()
	t.Parallel()
	dir, err := os.MkdirTemp("", "highball-uwsgi-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	_ = os.Chmod(dir, 0o755) // Apache's workers are not root
	socket := filepath.Join(dir, "s")
	s := harness.Start(t, harness.Options{
		App: "all:application", Args: []string{"--workers", "1", "--bind", "uwsgi://127.0.0.1:0", "--bind", "uwsgi://unix:" + socket},
	})
	e, err := s.Await(func(e harness.Entry) bool { return strings.HasPrefix(e.Message(), "listening on uwsgi://127") })
	if err != nil {
		t.Fatal(err)
	}
	tcp := strings.TrimPrefix(e.Message(), "listening on uwsgi://")
	_ = os.Chmod(socket, 0o666)
	nginx := "server { listen ADDRESS; location / { include /etc/nginx/uwsgi_params; uwsgi_buffering off; uwsgi_pass "
	for name, start := range map[string]func(t *testing.T) *peer.Peer{
		"nginx":           func(t *testing.T) *peer.Peer { return peer.Nginx(t, nginx+tcp+"; } }") },
		"nginx by Unix":   func(t *testing.T) *peer.Peer { return peer.Nginx(t, nginx+"unix:"+socket+"; } }") },
		"Apache":          func(t *testing.T) *peer.Peer { return peer.Apache(t, `ProxyPass / "uwsgi://`+tcp+`/"`) },
		"Apache, by Unix": func(t *testing.T) *peer.Peer { return peer.Apache(t, `ProxyPass / "unix:`+socket+`|uwsgi://app/"`) },
	} {
		t.Run(name, func(t *testing.T) { body(t, start(t)) })
	}
}

func TestUWSGIEnviron(t *testing.T) {
	proxies(t, func(t *testing.T, p *peer.Peer) {
		r, err := http.Get(p.URL("/environ/%C3%A9%20x?q=%41"))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		var e environ
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
			t.Fatal(err)
		}
		want(t, "SCRIPT_NAME", e.Values["SCRIPT_NAME"], "/environ")
		want(t, "PATH_INFO", bytesOf(t, e.Values["PATH_INFO"]), "/\xc3\xa9 x")
		want(t, "QUERY_STRING", e.Values["QUERY_STRING"], "q=%41")
		want(t, "REQUEST_URI", e.Values["REQUEST_URI"], "/environ/%C3%A9%20x?q=%41")
		want(t, "REMOTE_ADDR", e.Values["REMOTE_ADDR"], "127.0.0.1")
		want(t, "SERVER_PORT", e.Values["SERVER_PORT"], p.Address[strings.LastIndex(p.Address, ":")+1:])
	})
}

func TestUWSGIBodies(t *testing.T) {
	sent := bytes.Repeat([]byte("0123456789abcdef"), 64<<16)
	proxies(t, func(t *testing.T, p *peer.Peer) {
		r, err := http.Post(p.URL("/echo"), "application/octet-stream", bytes.NewReader(sent))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		got, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != http.StatusOK || !bytes.Equal(got, sent) {
			t.Errorf("%d: got %d bytes, %v; want %d", r.StatusCode, len(got), err, len(sent))
		}
	})
}
