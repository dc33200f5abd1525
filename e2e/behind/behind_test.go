package behind

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// cases are tried with each set-up.
func cases() []struct {
	name string
	body func(t *testing.T, s *site)
} {
	return []struct {
		name string
		body func(t *testing.T, s *site)
	}{
		{"environ", environIsTheClients},
		{"forged", nothingForgedPasses},
		{"plain", plainIsRedirected},
		{"uploads", uploadsArriveWhole},
		{"pieces", piecesComeAsTheyAreMade},
		{"hints", hintsDoNoHarm},
		{"leaving", theClientsEndIsNoticed},
		{"connections", connectionsAreKept},
		{"refusals", refusalsPass},
		{"large", largeBodiesPass},
	}
}

func TestBehind(t *testing.T) {
	t.Parallel()
	for _, u := range setups() {
		t.Run(u.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, u)
			u.program().Check(t, p.dir, p.site(t), p.addresses()...)
			s := p.start(t)
			for _, c := range cases() {
				t.Run(c.name, func(t *testing.T) { c.body(t, s) })
			}
		})
	}
}

// environ asks the application for its environ.
func (s *site) environ(t *testing.T, client *http.Client, path string, fields ...string) map[string]string {
	t.Helper()
	request, err := http.NewRequest("GET", s.url("/environ"+path), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		request.Header.Add(name, value)
	}
	r, err := client.Do(request)
	var e struct{ Values map[string]string }
	if err := json.Unmarshal([]byte(read(t, r, err)), &e); err != nil {
		t.Fatal(err)
	}
	return e.Values
}

func environIsTheClients(t *testing.T, s *site) {
	for _, http2 := range []bool{false, true} {
		e := s.environ(t, s.client(t, http2), "/%C3%A9%20x/y?q=%41")
		want := map[string]string{
			"REMOTE_ADDR": outside, "wsgi.url_scheme": "https", "HTTPS": "on", "HTTP_HOST": "example.com",
			"SCRIPT_NAME": s.prefix + "/environ", "PATH_INFO": "/\u00c3\u00a9 x/y", "QUERY_STRING": "q=%41",
			"REQUEST_URI": s.prefix + "/environ/%C3%A9%20x/y?q=%41",
		}
		for name, value := range want {
			if name == "REQUEST_URI" && s.taken {
				value = strings.TrimPrefix(value, s.prefix)
			}
			if e[name] != value {
				t.Errorf("HTTP/2 %t: %s is %q, want %q", http2, name, e[name], value)
			}
		}
	}
}

// nothingForgedPasses: what a client says that is for a proxy to say does not occur in
// environ, under whatever name.
func nothingForgedPasses(t *testing.T, s *site) {
	client := s.client(t, false)
	for _, f := range []string{
		"X-Forwarded-For: 192.0.2.66", "X-Forwarded-For: 192.0.2.66, 127.0.0.1", "X-Forwarded-Proto: gopher", "X-Forwarded-Host: evil.test",
		"X-Forwarded-Port: 666", "X-Forwarded-Prefix: /evil", "X-Forwarded-Server: evil.test", "X-Forwarded-Ssl: off", "X-Real-IP: 192.0.2.66",
		"Forwarded: for=192.0.2.66;proto=gopher;host=evil.test", "X_Forwarded_For: 192.0.2.66", "True-Client-IP: 192.0.2.66", "Proxy: evil.test",
	} {
		e := s.environ(t, client, "/", f)
		if e["REMOTE_ADDR"] != outside || e["wsgi.url_scheme"] != "https" || e["HTTP_HOST"] != "example.com" || e["SCRIPT_NAME"] != s.prefix+"/environ" {
			t.Errorf("%s: %s %s://%s%s", f, e["REMOTE_ADDR"], e["wsgi.url_scheme"], e["HTTP_HOST"], e["SCRIPT_NAME"])
		}
		for name, value := range e {
			if strings.Contains(value, "192.0.2.66") || strings.Contains(value, "evil") || strings.Contains(value, "gopher") || value == "666" {
				t.Errorf("%s is in environ, as %s %q", f, name, value)
			}
		}
	}
}

func plainIsRedirected(t *testing.T, s *site) {
	if s.passing {
		t.Log("this front has no plain address")
		return
	}
	r, err := s.client(t, false).Get("http://example.com/a/b?c")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if got := r.Header.Get("Location"); r.StatusCode != http.StatusMovedPermanently || got != "https://example.com/a/b?c" {
		t.Errorf("%s, Location %q", r.Status, got)
	}
	if n := s.Count("a request was refused") + s.Count("a connection was refused"); n > 0 {
		t.Errorf("%d refusals", n)
	}
}
