package proxies

import (
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// forged are fields by which a client could say what is for a proxy to say.
func forged() (all [][]string) {
	for _, field := range []string{
		"X-Forwarded-For: 1.2.3.4", "x-forwarded-for: 1.2.3.4", "X-FORWARDED-FOR: 1.2.3.4", "x-FoRwArDeD-fOr: 1.2.3.4",
		"X-Forwarded-For: 1.2.3.4, 127.0.0.1", "X-Forwarded-For: 1.2.3.4,10.0.0.1 , 127.0.0.1", "X-Forwarded-For:", "X-Forwarded-For: unknown",
		"X_Forwarded_For: 1.2.3.4", "X_FORWARDED_FOR: 1.2.3.4", "X-Forwarded_For: 1.2.3.4", "HTTP_X_FORWARDED_FOR: 1.2.3.4", "X_Forwarded-Proto: https",
		"X-Forwarded-Proto: https", "x-forwarded-proto: https", "X-Forwarded-Proto: https, http", "X-Forwarded-Proto: gopher",
		"X-Forwarded-Host: evil.test", "X-Forwarded-Host: evil.test, evil.test", "X-Forwarded-Host: user@evil/",
		"X-Forwarded-Port: 443", "X-Forwarded-Port: 99999", "X-Forwarded-Prefix: /evil", "X-Forwarded-Prefix: //evil",
		"X-Forwarded-Ssl: on", "X-Forwarded-Scheme: https", "X-Forwarded-Protocol: ssl", "X-Forwarded-Server: evil.test", "X-Forwarded: for=1.2.3.4",
		"X-Forwarded-User: root", "X-Forwarded-Email: root@example.test", "X-Forwarded-Client-Cert: Hash=1", "X-Forwarded-Access-Token: x",
		"Forwarded: for=1.2.3.4;proto=https;host=evil.test", "forwarded: for=\"[::1]\"", "FORWARDED: for=_x", "Forwarded: \"",
		"X-Real-IP: 1.2.3.4", "X_Real_IP: 1.2.3.4", "X-Client-IP: 1.2.3.4", "X-Cluster-Client-IP: 1.2.3.4", "True-Client-IP: 1.2.3.4",
		"CF-Connecting-IP: 1.2.3.4", "CF-Connecting-IPv6: ::1", "CF-Visitor: {\"scheme\":\"https\"}", "Fastly-Client-IP: 1.2.3.4",
		"X-Envoy-External-Address: 1.2.3.4", "X-Original-Forwarded-For: 1.2.3.4", "X-Original-Host: evil.test", "X-Original-Proto: https",
		"Client-IP: 1.2.3.4", "Forwarded-For: 1.2.3.4", "Client-Cert: :AA==:", "X-Original-URL: /evil", "WL-Proxy-Client-IP: 1.2.3.4",
		"X-Scheme: https", "X-Url-Scheme: https", "Front-End-Https: on", "X-Script-Name: /evil", "REMOTE_ADDR: 1.2.3.4", "HTTPS_: on",
	} {
		all = append(all, []string{field}, []string{field, field})
	}
	return append(all,
		[]string{"X-Forwarded-For: 1.2.3.4", "x-forwarded-for: 127.0.0.1"},
		[]string{"X-Forwarded-For: 1.2.3.4", "X_Forwarded_For: 127.0.0.1", "Forwarded: for=1.2.3.4", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.test"},
		[]string{"Connection: X-Forwarded-For", "X-Forwarded-For: 1.2.3.4"},
	)
}

// What an untrusted peer says changes nothing: environ is that of a request which says
// nothing, over TCP and Unix sockets, and behind a header of the PROXY protocol that
// names somebody who is not trusted.
func TestForgedFieldsChangeNothing(t *testing.T) {
	t.Parallel()
	alone := start(t, environApp)
	behind := start(t, environApp, "--trusted-proxies", "127.0.0.1", "--proxy-headers", "x-forwarded", "--proxy-headers", "forwarded")
	other := start(t, environApp, "--trusted-proxies", "10.0.0.0/8", "--trusted-proxies", "2001:db8::/32")
	for name, to := range map[string]struct{ network, address, first string }{
		"tcp":             {"tcp", alone.Address, ""},
		"unix":            {"unix", alone.socket, ""},
		"others trusted":  {"tcp", other.Address, ""},
		"others, by unix": {"unix", other.socket, ""},
		"introduced":      {"tcp", behind.introduced, "PROXY TCP4 192.0.2.1 127.0.0.1 5 80\r\n"},
	} {
		plain := environOf(t, to.network, to.address, to.first, harness.Request("GET", "/?q", "Accept: */*")).withoutPort()
		connection := environOf(t, to.network, to.address, to.first, harness.Request("GET", "/?q", "Accept: */*", "Connection: X-Forwarded-For")).withoutPort()
		for _, fields := range forged() {
			want := plain
			if strings.HasPrefix(fields[0], "Connection") {
				want = connection
			}
			got := environOf(t, to.network, to.address, to.first, harness.Request("GET", "/?q", append([]string{"Accept: */*"}, fields...)...)).withoutPort()
			if !maps.Equal(got, want) {
				t.Errorf("%s: %q: environ is %v, want %v", name, fields, got, want)
			}
		}
	}
}

func TestForgedFieldsOverHTTP2(t *testing.T) {
	t.Parallel()
	s := start(t, environApp)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport, Timeout: harness.Patience}
	ask := func(fields ...string) environ {
		r, err := http.NewRequest("GET", s.URL("/"), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fields {
			name, value, _ := strings.Cut(f, ":")
			r.Header.Add(name, strings.TrimSpace(value))
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return parseEnviron(t, string(body)).withoutPort()
	}
	plain := ask()
	for _, fields := range forged() {
		if strings.HasPrefix(fields[0], "Connection") {
			continue // HTTP/2 has none
		}
		if got := ask(fields...); !maps.Equal(got, plain) {
			t.Errorf("%q: environ is %v, want %v", fields, got, plain)
		}
	}
}

// A header of the PROXY protocol is nothing to a listener that has none, nor to one that
// does not trust its peer: no application sees the request.
func TestForgedPROXYHeaders(t *testing.T) {
	t.Parallel()
	const signature = "\r\n\r\n\x00\r\nQUIT\n"
	headers := map[string]string{
		"v1":      "PROXY TCP4 1.2.3.4 127.0.0.1 5 80\r\n",
		"v1 v6":   "PROXY TCP6 ::1 ::1 5 80\r\n",
		"unknown": "PROXY UNKNOWN\r\n",
		"v2":      signature + "\x21\x11\x00\x0c\x01\x02\x03\x04\x7f\x00\x00\x01\x00\x05\x00\x50",
		"local":   signature + "\x20\x00\x00\x00",
	}
	s := start(t, environApp, "--trusted-proxies", "192.0.2.1")
	for name, header := range headers {
		request := harness.Request("GET", "/")
		if rest := harness.Dial(t, "tcp", s.introduced).Send(header, request).Rest(); rest != "" {
			t.Errorf("%s from a stranger: %q", name, rest)
		}
		for _, to := range [][2]string{{"tcp", s.Address}, {"unix", s.socket}} {
			c := harness.Dial(t, to[0], to[1]).Send(header, request)
			if rest := c.Rest(); rest != "" && !strings.HasPrefix(rest, "HTTP/1.1 400 ") && !strings.HasPrefix(rest, "HTTP/1.1 505 ") || strings.Contains(rest, "wsgi") {
				t.Errorf("%s to %s: %q", name, to[0], rest)
			}
		}
	}
	if _, err := s.Await(func(e harness.Entry) bool {
		return e.Message() == "a connection was refused" && strings.Contains(e.Text("reason"), "not among trusted-proxies") && e.Text("clause") == "PROXY protocol 2"
	}); err != nil {
		t.Error(err)
	}
	environOf(t, "tcp", s.Address, harness.Request("GET", "/")).has(t, environ{"REMOTE_ADDR": "127.0.0.1"})
}

// The operator whose proxy is not believed is told what to write.
func TestUntrustedProxyIsNamed(t *testing.T) {
	t.Parallel()
	s := start(t, environApp)
	environOf(t, "tcp", s.Address, harness.Request("GET", "/", "X-Forwarded-For: 192.0.2.1"))
	const want = "X-Forwarded-For from 127.0.0.1 was not believed; if it is your proxy: --trusted-proxies 127.0.0.1"
	if _, err := s.Await(func(e harness.Entry) bool { return e.Message() == want }); err != nil {
		t.Error(err)
	}
}

// What contradicts itself is answered before Python sees it, and has its line.
func TestContradictionsAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t, environApp, "--trusted-proxies", "127.0.0.1", "--proxy-headers", "x-forwarded", "--proxy-headers", "forwarded")
	for reason, fields := range map[string][]string{
		"neither http nor https":          {"X-Forwarded-Proto: gopher"},
		"contradict each other: the host": {"X-Forwarded-Host: a.test", "Forwarded: host=b.test"},
	} {
		r := ask(t, "tcp", s.Address, harness.Request("GET", "/", fields...))
		if r.Status != 400 || r.Get("Connection") != "close" {
			t.Errorf("%q: %d %q", fields, r.Status, r.Body)
		}
		if _, err := s.Await(func(e harness.Entry) bool {
			return e.Message() == "a request was refused" && strings.Contains(e.Text("reason"), reason)
		}); err != nil {
			t.Error(err)
		}
	}
}
