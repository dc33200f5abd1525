package uwsgi

import (
	"maps"
	"net"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// forged are variables of a packet that must not be believed, nor be seen, whoever
// sends them; names and values in turn.
func forged() (all [][]string) {
	for _, name := range []string{
		"wsgi.url_scheme", "wsgi.input", "wsgi.errors", "wsgi.multithread", "wsgi.file_wrapper", "WSGI.url_scheme", "Wsgi.Input", "wsgi.",
		"highball.request_id", "highball.queue_time", "highball.peer_addr", "highball.early_data", "HIGHBALL.peer_addr",
		"UWSGI_FILE", "UWSGI_SCRIPT", "UWSGI_MODULE", "UWSGI_CALLABLE", "UWSGI_CHDIR", "UWSGI_PYHOME", "UWSGI_HOME", "UWSGI_SETENV", "UWSGI_APPID", "UWSGI_POSTFILE", "UWSGI_TOUCH_RELOAD",
		"uwsgi_file", "uwsgi.version", "SERVER_SOFTWARE", "RAW_URI", "PATH",
		"HTTP_PROXY", "HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE", "HTTP_TRANSFER_ENCODING", "HTTP_EXPECT", "HTTP_content_length", "HTTP_content_type", "HTTP_Transfer_Encoding",
		"HTTP_CONTENT-LENGTH", "HTTP_host", "http_host", "http_x_a", "HTTP_x_a", "HTTP_X-A", "HTTP_", "Http_X_A",
		"REMOTE_ADDR\x00", "REMOTE_ADDR\x00X", "REMOTE_ADDR=", "REMOTE_ADDR=1.2.3.4", " REMOTE_ADDR", "REMOTE_ADDR ", "REMOTE_ADDR\t", "REMOTE_ADDR\r\n", "HTTPS\x00", "HTTPS=on", "HTTPS ",
		"HTTP_X_A\x00", "HTTP_X_A ", "HTTP_X_A=2", "SCRIPT_NAME\xc2\xa0", "\xefHTTPS", "=", " ", "\x00", "a b",
		"HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_PREFIX", "HTTP_X_FORWARDED_SSL", "HTTP_X_FORWARDED_USER", "HTTP_X_FORWARDED",
		"HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_CF_CONNECTING_IP", "HTTP_TRUE_CLIENT_IP", "HTTP_X_SCHEME", "HTTP_X_SCRIPT_NAME", "HTTP_FRONT_END_HTTPS",
		"HTTP_x_forwarded_for", "HTTP_X-Forwarded-For", "http_x_forwarded_for", "HTTP_X_Forwarded_For",
	} {
		for _, value := range []string{"1.2.3.4", "https", "/evil", ""} {
			all = append(all, []string{name, value}, []string{name, value, name, value})
		}
	}
	return append(all,
		[]string{"HTTP_X_FORWARDED_FOR", "1.2.3.4", "HTTP_X_FORWARDED_FOR", "127.0.0.1"},
		[]string{"HTTP_X_FORWARDED_FOR", "1.2.3.4, 127.0.0.1", "HTTP_FORWARDED", "for=1.2.3.4;proto=https", "HTTP_X_FORWARDED_PROTO", "https"},
		[]string{"REMOTE_ADDR", "1.2.3.4", "REMOTE_ADDR", "192.0.2.7"}, // the last counts
		[]string{"HTTPS", "on", "HTTPS", ""}, []string{"HTTP_HOST", "evil.test", "HTTP_HOST", "test.example"}, []string{"SCRIPT_NAME", "/evil", "SCRIPT_NAME", ""},
		[]string{"CONTENT_LENGTH", ""}, []string{"CONTENT_TYPE", ""}, []string{"EMPTY", ""},
	)
}

// said is environ without what differs from request to request.
func said(t *testing.T, body string) environ {
	t.Helper()
	e := environOf(t, body)
	maps.DeleteFunc(e, func(name, value string) bool {
		return name == "highball.request_id" || name == "highball.queue_time" || strings.HasPrefix(value, "<")
	})
	return e
}

// What no proxy has to say changes nothing: environ is that of the packet without it,
// from peers that are trusted too, and whatever kind of socket it is.
func TestForgedVariablesChangeNothing(t *testing.T) {
	t.Parallel()
	s := start(t, "environ/wsgi.py")
	known := start(t, "environ/wsgi.py", "--trusted-proxies", "127.0.0.1", "--trusted-proxies", "unix")
	for name, to := range map[string]struct{ network, address string }{
		"tcp": {"tcp", s.tcp}, "unix": {"unix", s.socket}, "trusted": {"tcp", known.tcp}, "unix, trusted": {"unix", known.socket},
	} {
		ask := func(variables ...string) *harness.Response {
			return harness.Dial(t, to.network, to.address).Send(get("/a?q", append([]string{"HTTP_X_A", "1"}, variables...)...)).Response("GET")
		}
		plain := said(t, ask().Body)
		if plain["REMOTE_ADDR"] != "192.0.2.7" || plain["HTTP_X_A"] != "1" || plain["wsgi.url_scheme"] != "http" || plain["HTTP_HOST"] != "test.example" {
			t.Fatalf("%s: %q", name, plain)
		}
		for _, variables := range forged() {
			r := ask(variables...)
			if r.Status != 200 {
				t.Errorf("%s: %q: %d %s", name, variables, r.Status, r.Body)
			} else if got := said(t, r.Body); !maps.Equal(got, plain) {
				t.Errorf("%s: %q: environ is %q, want %q", name, variables, got, plain)
			}
		}
	}
}

// Fields of a CDN in front of the proxy are believed, as REMOTE_ADDR is one of ours.
func TestFieldsOfATrustedRemoteAddr(t *testing.T) {
	t.Parallel()
	s := start(t, "environ/wsgi.py", "--trusted-proxies", "127.0.0.1", "--trusted-proxies", "192.0.2.0/24")
	for address, want := range map[string]string{"192.0.2.7": "1.2.3.4", "198.51.100.1": "198.51.100.1"} {
		r := harness.Dial(t, "tcp", s.tcp).Send(get("/", "REMOTE_ADDR", address, "HTTP_X_FORWARDED_FOR", "1.2.3.4")).Response("GET")
		if got := said(t, r.Body)["REMOTE_ADDR"]; got != want {
			t.Errorf("from %s: REMOTE_ADDR is %q, want %q", address, got, want)
		}
	}
}

// Whatever an untrusted peer sends, it gets nothing, and no application is called.
func TestPacketsOfUntrustedPeers(t *testing.T) {
	t.Parallel()
	s := start(t, "hello/wsgi.py", "--trusted-proxies", "127.0.0.1", "--access-log", "-", "--bind", "proxy+uwsgi://127.0.0.1:0")
	introduced := s.listens(t, "proxy+uwsgi://")
	dial := func(address, from string) *harness.Conn {
		d := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: harness.Patience}
		c, err := d.Dial("tcp", address)
		if err != nil {
			t.Skipf("needs the addresses of 127.0.0.0/8, which Linux has: %v", err)
		}
		return harness.Wrap(t, c)
	}
	packets := []string{
		get("/"), get("/") + get("/"), get("/", "REMOTE_ADDR", "127.0.0.1"), get("/", "SERVER_ADDR", "127.0.0.1"), packet(0), packet(30, "REQUEST_METHOD", "GET"), packet(5), "",
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n", get("/")[:20], "\x00", "PROXY TCP4 127.0.0.1 127.0.0.1 5 80\r\n" + get("/"), "PROXY UNKNOWN\r\n" + get("/"),
		get("/", "HTTP_X_FORWARDED_FOR", "127.0.0.1"), get("/", "HTTP_FORWARDED", "for=127.0.0.1"), get("/", "UWSGI_FILE", "/etc/passwd"),
	}
	for _, variables := range forged() {
		packets = append(packets, get("/", variables...))
	}
	for _, p := range packets {
		c := dial(s.tcp, "127.0.0.2")
		_, _ = c.Write([]byte(p)) // it may be closed already
		if rest := c.Rest(); rest != "" {
			t.Errorf("%q: got %q", p, rest)
		}
	}
	for header, from := range map[string]string{
		"PROXY TCP4 127.0.0.2 127.0.0.1 5 80\r\n": "127.0.0.1", "PROXY TCP6 ::1 ::1 5 80\r\n": "127.0.0.1", "PROXY TCP4 127.0.0.1 127.0.0.1 5 80\r\n": "127.0.0.2", "": "127.0.0.1",
	} {
		c := dial(introduced, from)
		_, _ = c.Write([]byte(header + get("/")))
		if rest := c.Rest(); rest != "" {
			t.Errorf("%q from %s: got %q", header, from, rest)
		}
	}
	if n := s.Count("a request was refused"); n == 0 {
		t.Error("the log says nothing of them")
	}
	// Who is trusted is served, so that the above proves something.
	dial(s.tcp, "127.0.0.1").Send(get("/")).Response("GET").WantStatus(t, 200)
	dial(introduced, "127.0.0.1").Send("PROXY TCP4 127.0.0.1 127.0.0.1 5 80\r\n", get("/")).Response("GET").WantStatus(t, 200)
	served := func(e harness.Entry) bool { return e.Text("status") == "200" }
	harness.Eventually(t, "both are in the access log", func() bool { return len(s.Find(served)) >= 2 })
	if n := len(s.Find(served)); n != 2 {
		t.Errorf("%d requests were served, want 2", n)
	}
}

// Fields by which a client tries to be a variable are fields, through real proxies.
func TestForgedFieldsThroughProxies(t *testing.T) {
	t.Parallel()
	s := start(t, "environ/wsgi.py")
	s.ways(t, "", func(t *testing.T, w way) {
		ask := func(fields ...string) environ {
			r := w.do(t, harness.Request("GET", "/a", fields...))
			if r.Status != 200 {
				t.Fatalf("%q: %d %s", fields, r.Status, r.Body)
			}
			e := said(t, r.Body)
			delete(e, "REMOTE_PORT")
			return e
		}
		plain := ask()
		for _, field := range []string{
			"REMOTE_ADDR: 1.2.3.4", "REMOTE-ADDR: 1.2.3.4", "Remote-Addr: 1.2.3.4", "HTTP_HOST: evil.test", "HTTP-HOST: evil.test", "HTTPS: on", "Script-Name: /evil", "SCRIPT_NAME: /evil",
			"UWSGI_FILE: x", "UWSGI-SCHEME: https", "wsgi.url_scheme: https", "highball.peer_addr: x", "X_Forwarded_For: 1.2.3.4", "X-Forwarded_For: 1.2.3.4",
			"Content_Length: 5", "Proxy: http://evil.test", "X-Forwarded-Prefix: /evil", "X-Forwarded-Proto: https", "Forwarded: for=1.2.3.4", "X-Real-IP: 1.2.3.4", "SSL_CLIENT_VERIFY: SUCCESS", "SSL-CLIENT-VERIFY: SUCCESS",
		} {
			name, _, _ := strings.Cut(field, ":")
			own := "HTTP_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) // an ordinary field's
			got := ask(field)
			if kept := strings.HasPrefix(own, "HTTP_X_") || own == "HTTP_FORWARDED" || own == "HTTP_PROXY"; kept && got[own] != "" {
				t.Errorf("%q: %s is %q", field, own, got[own])
			}
			if delete(got, own); !maps.Equal(got, plain) {
				t.Errorf("%q: environ is %q, want %q", field, got, plain)
			}
		}
	})
}
