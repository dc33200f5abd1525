package uwsgi

import (
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
	"highball/e2e/peer"
)

// A prefix that both the proxy and the server know of is there once, whichever of them
// takes it off the path.
func TestPrefixes(t *testing.T) {
	t.Parallel()
	s := start(t, "environ/wsgi.py", "--script-name", "/app")
	nginxWith := func(location string) way { return way{nginx(t, s.tcp, location), "nginx " + location} }
	for _, w := range []way{
		nginxWith(""), nginxWith("uwsgi_param SCRIPT_NAME /app;"), nginxWith("uwsgi_param SCRIPT_NAME /app; uwsgi_modifier1 30;"),
		nginxWith("uwsgi_param SCRIPT_NAME /app/; uwsgi_modifier1 30;"),
		{peer.Apache(t, `ProxyPass /app "uwsgi://`+s.tcp+`"`), "Apache, which takes it off"}, {peer.Apache(t, `ProxyPass / "uwsgi://`+s.tcp+`/"`), "Apache"},
	} {
		for path, want := range map[string]string{"/app/x": "/x", "/app": "", "/app/": "/", "/app/app/x": "/app/x", "/app/app": "/app", "/app//x": "/x", "/app/%41": "/A"} {
			r := w.do(t, harness.Request("GET", path))
			if r.Status != 200 {
				t.Errorf("%s: %s: %s %s", w.name, path, r.Line, r.Body)
				continue
			}
			e := environOf(t, r.Body)
			if e["PATH_INFO"] == "/" && want == "" && strings.Contains(w.name, "Apache,") { // which has it end in a slash
				want = "/"
			}
			if e["SCRIPT_NAME"] != "/app" || e["PATH_INFO"] != want {
				t.Errorf("%s: %s: got %q and %q, want %q", w.name, path, e["SCRIPT_NAME"], e["PATH_INFO"], want)
			}
		}
		if strings.HasPrefix(w.name, "nginx uwsgi_param") {
			continue // it says that the path is below
		}
		for _, path := range []string{"/x", "/apple", "/"} {
			if r := w.do(t, harness.Request("GET", path)); r.Status != 404 {
				t.Errorf("%s: %s: %s", w.name, path, r.Line)
			}
		}
	}
}

// nginx speaks uwsgi through a balancer, which tells of nginx by a PROXY header.
func TestBehindABalancer(t *testing.T) {
	t.Parallel()
	for trusted, want := range map[string]int{"127.0.0.1": 200, "127.0.0.3": 502} {
		s := start(t, "environ/wsgi.py", "--trusted-proxies", trusted, "--trusted-proxies", "127.0.0.2", "--bind", "proxy+uwsgi://127.0.0.1:0")
		const config = `defaults
 mode tcp
 timeout connect 5s
 timeout client 60s
 timeout server 60s
listen app
 bind ADDRESS
 server app PASS send-proxy-v2 source 127.0.0.2`
		balancer := peer.HAProxy(t, strings.Replace(config, "PASS", s.listens(t, "proxy+uwsgi://"), 1))
		w := way{nginx(t, balancer.Address, ""), "nginx"}
		r := w.do(t, harness.Request("GET", "/a?q"))
		if r.Status != want {
			t.Errorf("with %s trusted: %s", trusted, r.Line)
		}
		if r.Status != 200 {
			continue
		}
		e := environOf(t, r.Body)
		if e["highball.peer_addr"] != "127.0.0.2" || e["REMOTE_ADDR"] != "127.0.0.1" || e["PATH_INFO"] != "/a" || e["QUERY_STRING"] != "q" || e["HTTP_HOST"] != "test.example" {
			t.Errorf("got %q", e)
		}
	}
}

// nginx on a Unix socket has neither an address of its client nor a port of its own.
func TestBehindAProxyOnAUnixSocket(t *testing.T) {
	t.Parallel()
	s := start(t, "environ/wsgi.py")
	front := filepath.Join(t.TempDir(), "front")
	peer.Nginx(t, "server { listen ADDRESS; listen unix:"+front+"; location / { include /etc/nginx/uwsgi_params; uwsgi_pass "+s.tcp+"; } }")
	r := harness.Dial(t, "unix", front).Send(harness.Request("GET", "/")).Response("GET")
	if r.Status != 200 {
		t.Fatalf("%s %s", r.Line, r.Body)
	}
	e := environOf(t, r.Body)
	_, address := e["REMOTE_ADDR"]
	_, port := e["REMOTE_PORT"]
	if address || port || e["SERVER_NAME"] != "test.example" || e["SERVER_PORT"] != "80" {
		t.Errorf("got %q", e)
	}
}
