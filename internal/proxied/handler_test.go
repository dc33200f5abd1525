package proxied

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"highball/internal/origin"
)

// asked is a request with these fields, each "Name: value".
func asked(remote string, fields ...string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr, r.Host = remote, "internal:8000"
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		r.Header[name] = append(r.Header[name], value)
	}
	return r
}

// outcome is what the next handler gets, or the status of a refusal.
type outcome struct {
	status         int
	clause, reason string
	r              *http.Request
	o              origin.Origin
	log            string
}

func handle(t *testing.T, trust *Trust, names string, r *http.Request) (out outcome) {
	t.Helper()
	fields, err := ParseFields(strings.Split(names, ","))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	h := New(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if out.r = r; origin.Of(r.Context()) != nil {
			out.o = *origin.Of(r.Context())
		}
	}), Options{
		Trust: trust, Fields: fields, FinalOnly: FinalOnly(strings.Split(names, ",")), Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Refused: func(_ context.Context, _ int, clause, reason string) { out.clause, out.reason = clause, reason },
	})
	w := httptest.NewRecorder()
	before := maps.Clone(r.Header)
	h.ServeHTTP(w, r)
	if !reflect.DeepEqual(before, r.Header) {
		t.Errorf("the request itself was changed: %v, was %v", r.Header, before)
	}
	out.status, out.log = w.Code, log.String()
	return out
}

// String is what an application would learn.
func (o outcome) String() string {
	if o.r == nil {
		return fmt.Sprint(o.status)
	}
	s := o.r.RemoteAddr + " " + o.r.Host
	for _, v := range []string{o.o.Scheme, o.o.Prefix, o.o.ServerName, o.o.ServerPort} {
		s += "|" + v
	}
	return s
}

const proxy = "10.0.0.1:999"

func TestBelieved(t *testing.T) {
	const own = " internal:8000||||"
	for _, tt := range []struct {
		fields string // separated by "; "
		names  string
		want   string
	}{
		{"X-Forwarded-For: 192.0.2.1", "x-forwarded", "192.0.2.1" + own},
		{"X-Forwarded-For: 192.0.2.1:77", "x-forwarded", "192.0.2.1:77" + own},
		{"X-Forwarded-For: 2001:db8::1", "x-forwarded", "2001:db8::1" + own},
		{"X-Forwarded-For: [2001:DB8::1]", "x-forwarded", "2001:db8::1" + own},
		{"X-Forwarded-For: [2001:db8::1]:77", "x-forwarded", "[2001:db8::1]:77" + own},
		{"X-Forwarded-For: ::ffff:192.0.2.1", "x-forwarded", "192.0.2.1" + own},
		{"X-Forwarded-For: fe80::1%eth0", "x-forwarded", "fe80::1" + own},
		{"X-Forwarded-For: unknown", "x-forwarded", own},
		{"X-Forwarded-For: 198.51.100.66, 192.0.2.1", "x-forwarded", "192.0.2.1" + own},
		{"X-Forwarded-For: 198.51.100.66,, 192.0.2.1 , 10.0.0.2,\t10.9.9.9 ,", "x-forwarded", "192.0.2.1" + own},
		{"X-Forwarded-For: 198.51.100.66; X-Forwarded-For: 192.0.2.1; X-Forwarded-For: 10.0.0.2", "x-forwarded", "192.0.2.1" + own},
		{"X-Forwarded-For: <script>, 192.0.2.1", "x-forwarded", "192.0.2.1" + own}, // nobody looks there
		{"X-Forwarded-For: 127.0.0.1, 192.0.2.1", "x-forwarded", "192.0.2.1" + own},
		{"X-Forwarded-For: 192.0.2.1, unknown", "x-forwarded", own},
		{"X-Forwarded-For: 10.0.0.3, 10.0.0.2", "x-forwarded", "10.0.0.3" + own}, // the proxies' own
		{"X-Forwarded-For: ", "x-forwarded", proxy + own},
		{"X-Forwarded-Proto: https", "x-forwarded", proxy + " internal:8000|https|||"},
		{"X-Forwarded-Proto: HTTPS", "x-forwarded", proxy + " internal:8000|https|||"},
		{"X-Forwarded-Proto: http", "x-forwarded", proxy + " internal:8000|http|||"},
		{"X-Forwarded-Proto: https,https", "x-forwarded", proxy + " internal:8000|https|||"},
		{"X-Forwarded-For: 192.0.2.1, 10.0.0.2; X-Forwarded-Proto: https, http", "x-forwarded", "192.0.2.1 internal:8000|https|||"},
		{"X-Forwarded-For: 192.0.2.1, 10.0.0.2; X-Forwarded-Proto: https; X-Forwarded-Proto: http", "x-forwarded", "192.0.2.1 internal:8000|https|||"},
		{"X-Forwarded-For: 192.0.2.1, 10.0.0.2; X-Forwarded-Proto: https", "x-forwarded", "192.0.2.1 internal:8000|https|||"},
		{"X-Forwarded-Host: example.test", "x-forwarded", proxy + " example.test|||example.test|80"},
		{"X-Forwarded-Host: example.test; X-Forwarded-Proto: https", "x-forwarded", proxy + " example.test|https||example.test|443"},
		{"X-Forwarded-Host: example.test:8443; X-Forwarded-Proto: https; X-Forwarded-Port: 443", "x-forwarded", proxy + " example.test:8443|https||example.test|8443"},
		{"X-Forwarded-Host: example.test; X-Forwarded-Proto: https; X-Forwarded-Port: 443", "x-forwarded", proxy + " example.test|https||example.test|443"},
		{"X-Forwarded-Host: example.test; X-Forwarded-Proto: https; X-Forwarded-Port: 8443", "x-forwarded", proxy + " example.test:8443|https||example.test|8443"},
		{"X-Forwarded-Host: [2001:db8::2]; X-Forwarded-Port: 8080", "x-forwarded", proxy + " [2001:db8::2]:8080|||[2001:db8::2]|8080"},
		{"X-Forwarded-For: 192.0.2.1, 10.0.0.2; X-Forwarded-Host: example.test, inner.test", "x-forwarded", "192.0.2.1 example.test|||example.test|80"},
		{"X-Forwarded-Port: 8443", "x-forwarded", proxy + " internal:8000||||8000"},
		{"X-Forwarded-Prefix: /shop", "x-forwarded", proxy + " internal:8000||/shop||"},
		{"X-Forwarded-Prefix: /caf%C3%A9/", "x-forwarded", proxy + " internal:8000||/caf\xc3\xa9||"},
		{"X-Forwarded-Prefix: /", "x-forwarded", proxy + own},

		{"X-Forwarded-Ssl: on", "x-forwarded-ssl", proxy + " internal:8000|https|||"},
		{"X-Forwarded-Ssl: off; X-Forwarded-Proto: http", "x-forwarded,x-forwarded-ssl", proxy + " internal:8000|http|||"},
		{"X-Real-Ip: 192.0.2.1", "nginx", "192.0.2.1" + own},
		{"X-Real-Ip: 10.0.0.2; X-Forwarded-For: 192.0.2.1, 10.0.0.2", "nginx", "192.0.2.1" + own},
		{"Cf-Connecting-Ip: 2001:db8::1; X-Forwarded-Proto: https", "cloudflare", "2001:db8::1 internal:8000|https|||"},
		{"Cf-Connecting-Ip: 192.0.2.1; X-Forwarded-For: 192.0.2.1", "cloudflare,x-forwarded", "192.0.2.1" + own},

		{"Forwarded: for=192.0.2.1", "forwarded", "192.0.2.1" + own},
		{`Forwarded: For="[2001:db8:cafe::17]:4711"`, "forwarded", "[2001:db8:cafe::17]:4711" + own},
		{`Forwarded: for="192.0.2.1:77";by=10.0.0.1;proto=https;host=example.test;ext="a,b;c\"d"`, "forwarded", "192.0.2.1:77 example.test|https||example.test|443"},
		{`Forwarded: for="192.0.2.1:_port"`, "forwarded", "192.0.2.1" + own},
		{"Forwarded: for=198.51.100.66;proto=http;host=evil.test, for=192.0.2.1;proto=https", "forwarded", "192.0.2.1 internal:8000|https|||"},
		{"Forwarded: for=198.51.100.66; Forwarded: for=192.0.2.1;proto=https, for=10.0.0.2;proto=http", "forwarded", "192.0.2.1 internal:8000|https|||"},
		{"Forwarded: for=\"; Forwarded: for=192.0.2.1", "forwarded", "192.0.2.1" + own}, // another field than the proxy's
		{"Forwarded: for=unknown;proto=https", "forwarded", " internal:8000|https|||"},
		{"Forwarded: for=198.51.100.66, for=_hidden", "forwarded", own},
		{"Forwarded: proto=https", "forwarded", proxy + " internal:8000|https|||"},
		{"Forwarded: host=\"example.test:8080\"", "forwarded", proxy + " example.test:8080|||example.test|8080"},
		{"Forwarded: ", "forwarded", proxy + own},

		{"Forwarded: for=192.0.2.1;proto=https; X-Forwarded-For: 192.0.2.1; X-Forwarded-Proto: https", "forwarded,x-forwarded", "192.0.2.1 internal:8000|https|||"},
		{"Forwarded: host=example.test; X-Forwarded-For: 192.0.2.1", "forwarded,x-forwarded", "192.0.2.1 example.test|||example.test|80"},
		{"Forwarded: for=198.51.100.66; X-Forwarded-For: 192.0.2.1", "x-forwarded", "192.0.2.1" + own}, // not looked at
	} {
		got := handle(t, trusting(t, "10.0.0.0/8"), tt.names, asked(proxy, strings.Split(tt.fields, "; ")...))
		if got.String() != tt.want {
			t.Errorf("%s (%s):\ngot  %s %s\nwant %s", tt.fields, tt.names, got, got.reason, tt.want)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct{ fields, names, want string }{
		{"X-Forwarded-For: 192.0.2.1, x", "x-forwarded", "no address"},
		{"X-Forwarded-For: x, 10.0.0.2", "x-forwarded", "no address"},
		{"X-Forwarded-For: _hidden", "x-forwarded", "no address"},
		{"X-Forwarded-For: 192.0.2.1:x", "x-forwarded", "no address"},
		{"X-Forwarded-For: 192.0.2.1:65536", "x-forwarded", "no address"},
		{"X-Forwarded-For: 192.0.2.1:", "x-forwarded", "no address"},
		{"X-Forwarded-For: [192.0.2.1]", "x-forwarded", "no address"},
		{"X-Forwarded-For: [2001:db8::1", "x-forwarded", "no address"},
		{"X-Forwarded-For: [2001:db8::1]x", "x-forwarded", "no address"},
		{"X-Forwarded-For: 192.0.2.01", "x-forwarded", "no address"},
		{"X-Forwarded-For: fe80::1% x", "x-forwarded", "no address"},
		{"X-Forwarded-For: \"192.0.2.1\"", "x-forwarded", "no address"},
		{"X-Forwarded-For: 192.0.2.1 192.0.2.2", "x-forwarded", "no address"},
		{"X-Forwarded-Proto: https, http", "x-forwarded", "contradict"},
		{"X-Forwarded-Proto: https; X-Forwarded-Proto: http", "x-forwarded", "contradict"},
		{"X-Forwarded-For: 192.0.2.1; X-Forwarded-Proto: https,http", "x-forwarded", "contradict"},
		{"X-Forwarded-For: 192.0.2.1, 10.0.0.2; X-Forwarded-Proto: https,http,http", "x-forwarded", "contradict"},
		{"X-Forwarded-Proto: ftp", "x-forwarded", "neither http nor https"},
		{"X-Forwarded-Proto: wss", "x-forwarded", "neither http nor https"},
		{"X-Forwarded-Proto: https://", "x-forwarded", "neither http nor https"},
		{"X-Forwarded-Ssl: 1", "x-forwarded-ssl", "neither on nor off"},
		{"X-Forwarded-Ssl: on; X-Forwarded-Proto: http", "x-forwarded,x-forwarded-ssl", "contradict"},
		{"X-Forwarded-Host: a.test, b.test", "x-forwarded", "contradict"},
		{"X-Forwarded-Host: a b", "x-forwarded", "no host"},
		{"X-Forwarded-Host: user@a.test", "x-forwarded", "no host"},
		{"X-Forwarded-Host: a.test/path", "x-forwarded", "no host"},
		{"X-Forwarded-Host: a.test:99999", "x-forwarded", "no host"},
		{"X-Forwarded-Host: [::1", "x-forwarded", "no host"},
		{"X-Forwarded-Port: 0", "x-forwarded", "no port"},
		{"X-Forwarded-Port: 65536", "x-forwarded", "no port"},
		{"X-Forwarded-Port: +1", "x-forwarded", "no port"},
		{"X-Forwarded-Port: https", "x-forwarded", "no port"},
		{"X-Forwarded-Port: 443, 80", "x-forwarded", "contradict"},
		{"X-Forwarded-Prefix: shop", "x-forwarded", "no path"},
		{"X-Forwarded-Prefix: //evil.test", "x-forwarded", "no path"},
		{"X-Forwarded-Prefix: /%2fevil.test", "x-forwarded", "no path"},
		{"X-Forwarded-Prefix: /a/../b", "x-forwarded", "no path"},
		{"X-Forwarded-Prefix: /%2e%2e", "x-forwarded", "no path"},
		{"X-Forwarded-Prefix: /\\evil.test", "x-forwarded", "no path"},
		{"X-Forwarded-Prefix: /a?b", "x-forwarded", "no path"},
		{"X-Forwarded-Prefix: /a%0d%0a", "x-forwarded", "no path"},
		{"X-Forwarded-Prefix: /a%zz", "x-forwarded", "no path"},
		{"X-Real-Ip: x", "nginx", "no address"},
		{"X-Real-Ip: 192.0.2.1; X-Real-Ip: 192.0.2.2", "nginx", "contradict"},
		{"Cf-Connecting-Ip: 192.0.2.1:80", "cloudflare", "no address"},
		{"Cf-Connecting-Ip: 192.0.2.1; X-Forwarded-For: 192.0.2.2", "cloudflare,x-forwarded", "contradict"},
		{"Forwarded: for=192.0.2.1;for=192.0.2.2", "forwarded", "twice"},
		{"Forwarded: for=192.0.2.1 proto=https", "forwarded", "does not follow"},
		{"Forwarded: for", "forwarded", "name and"},
		{"Forwarded: =x", "forwarded", "name and"},
		{"Forwarded: for =192.0.2.1", "forwarded", "name and"},
		{"Forwarded: for=", "forwarded", "no value"},
		{"Forwarded: for=[2001:db8::1]", "forwarded", "no value"},
		{"Forwarded: for=2001:db8::1", "forwarded", "does not follow"},
		{"Forwarded: for=\"2001:db8::1\"", "forwarded", "no address"},
		{"Forwarded: for=\"[192.0.2.1]\"", "forwarded", "no address"},
		{"Forwarded: for=\"[2001:db8::1]x\"", "forwarded", "no address"},
		{"Forwarded: for=\"192.0.2.1:99999\"", "forwarded", "no address"},
		{"Forwarded: for=_", "forwarded", "no address"},
		{"Forwarded: for=example.test", "forwarded", "no address"},
		{"Forwarded: for=192.0.2.1;by=x", "forwarded", "by:"},
		{"Forwarded: for=\"192.0.2.1", "forwarded", "does not end"},
		{"Forwarded: for=1.2.3.4;x=\", for=192.0.2.1", "forwarded", "does not end"}, // the client's quote, and the proxy's element
		{"Forwarded: for=1.2.3.4;x=\", for=\"[2001:db8::1]\"", "forwarded", "does not follow"},
		{"Forwarded: proto=ftp", "forwarded", "neither http nor https"},
		{"Forwarded: host=\"a b\"", "forwarded", "no host"},
		{"Forwarded: for=192.0.2.1; X-Forwarded-For: 192.0.2.2", "forwarded,x-forwarded", "client"},
		{"Forwarded: proto=http; X-Forwarded-Proto: https", "forwarded,x-forwarded", "scheme"},
		{"Forwarded: host=a.test; X-Forwarded-Host: b.test", "forwarded,x-forwarded", "host"},
	} {
		got := handle(t, trusting(t, "10.0.0.0/8"), tt.names, asked(proxy, strings.Split(tt.fields, "; ")...))
		if got.r != nil || got.status != 400 || !strings.Contains(got.reason, tt.want) || got.clause == "" {
			t.Errorf("%s: got %s, %q (%s); want a refusal that says %q", tt.fields, got, got.reason, got.clause, tt.want)
		}
	}
}

// spellings are what nobody may say of himself.
func spellings() []string {
	return []string{
		"X-Forwarded-For: 1.2.3.4", "x-forwarded-for: 1.2.3.4", "X-FORWARDED-FOR: 1.2.3.4", "X-forwarded-For: 1.2.3.4", "X-Forwarded-For: ",
		"X-Forwarded-Proto: https", "X-Forwarded-Host: evil.test", "X-Forwarded-Port: 1", "X-Forwarded-Prefix: /evil",
		"X-Forwarded: for=1.2.3.4", "X-Forwarded-Ssl: on", "X-Forwarded-Scheme: https", "X-Forwarded-Protocol: https",
		"X-Forwarded-Server: evil", "X-Forwarded-User: root", "X-Forwarded-Client-Cert: Hash=1", "X-Forwarded-Anything: 1",
		"Forwarded: for=1.2.3.4", "forwarded: for=1.2.3.4", "FORWARDED: \"",
		"X-Real-Ip: 1.2.3.4", "X-Client-Ip: 1.2.3.4", "X-Cluster-Client-Ip: 1.2.3.4", "True-Client-Ip: 1.2.3.4", "Cf-Connecting-Ip: 1.2.3.4",
		"CF-Connecting-IP: 1.2.3.4", "Cf-Connecting-Ipv6: ::1", "Cf-Visitor: {}", "Fastly-Client-Ip: 1.2.3.4", "X-Envoy-External-Address: 1.2.3.4",
		"X-Original-Forwarded-For: 1.2.3.4", "X-Original-Host: evil.test", "X-Original-Proto: https", "X-Scheme: https", "X-Url-Scheme: https",
		"Client-Ip: 1.2.3.4", "Forwarded-For: 1.2.3.4", "Proxy-Client-Ip: 1.2.3.4", "Wl-Proxy-Client-Ip: 1.2.3.4", "X-Proxyuser-Ip: 1.2.3.4", "X-Remote-Ip: 1.2.3.4",
		"X-Remote-Addr: 1.2.3.4", "X-Originating-Ip: 1.2.3.4", "X-Azure-Clientip: 1.2.3.4", "Fastly-Ssl: 1", "Client-Cert: :AA==:", "client-cert-chain: :AA==:",
		"X-Original-Url: /evil", "X-Original-Uri: /evil", "X-Rewrite-Url: /evil",
		"Front-End-Https: on", "X-Script-Name: /evil", "X-Forwarded-By: 1.2.3.4", "X-Forwarded-Path: /", "X-Forwarded-Uri: /",
	}
}

// What an untrusted peer says is not there: the request is that of one who says nothing.
func TestForged(t *testing.T) {
	plain := []string{"User-Agent: x", "X-Requested-With: y", "Cookie: z", "Content-Type: a/b", "X-Forward: 1", "Te: trailers"}
	for _, remote := range []string{"127.0.0.1:5", "192.0.2.9:5", "[::1]:5", "@", ""} {
		want := handle(t, trusting(t, "10.0.0.1"), "x-forwarded", asked(remote, plain...))
		for _, field := range spellings() {
			for _, names := range []string{"x-forwarded", "forwarded", "cloudflare", "nginx"} {
				got := handle(t, trusting(t, "10.0.0.1"), names, asked(remote, append(plain[:len(plain):len(plain)], field, field)...))
				if got.String() != want.String() || !reflect.DeepEqual(got.r.Header, want.r.Header) {
					t.Errorf("%s from %q: got %s %v", field, remote, got, got.r.Header)
				}
			}
		}
	}
}

// A trusted proxy may pass on what a client says: what is not looked at is not there,
// either. What is only told, such as who has logged in, is its own word.
func TestFieldsThatAreLeft(t *testing.T) {
	for _, field := range spellings() {
		name, _, _ := strings.Cut(field, ": ")
		got := handle(t, trusting(t, "10.0.0.1"), "x-forwarded-for", asked(proxy, "X-Forwarded-For: 192.0.2.1", field, "Accept: */*"))
		_, there := got.r.Header[name]
		isTold := slices.Contains([]string{
			"X-Forwarded-User", "X-Forwarded-Client-Cert", "X-Forwarded-Anything", "Client-Cert", "client-cert-chain", "X-Original-Url", "X-Original-Uri", "X-Rewrite-Url",
		}, name)
		if want := isTold || name == "X-Forwarded-For"; there != want || len(got.r.Header["Accept"]) != 1 {
			t.Errorf("%s: there: %v; %v", field, there, got.r.Header)
		}
	}
}

// The application reads what was believed, once and in one form.
func TestFieldsAreRewritten(t *testing.T) {
	for _, tt := range []struct{ fields, names, want string }{
		{"X-Forwarded-For: 198.51.100.66, [2001:db8::1]:5, 10.0.0.2; X-Forwarded-Proto: HTTPS, https, https", "x-forwarded", "X-Forwarded-For: 2001:db8::1; X-Forwarded-Proto: https"},
		{"X-Forwarded-For: 198.51.100.66; X-Forwarded-For: 192.0.2.1; X-Forwarded-Host: a.test,a.test", "x-forwarded", "X-Forwarded-For: 192.0.2.1; X-Forwarded-Host: a.test"},
		{"X-Forwarded-Host: a.test; X-Forwarded-Port: 8443", "x-forwarded", "X-Forwarded-Host: a.test:8443; X-Forwarded-Port: 8443"},
		{"X-Forwarded-For: unknown; X-Forwarded-Port: ", "x-forwarded", ""},
		{"X-Forwarded-For: 192.0.2.1; X-Real-Ip: 1.2.3.4", "nginx", "X-Forwarded-For: 192.0.2.1; X-Real-Ip: 192.0.2.1"},
		{"X-Forwarded-Prefix: /a, /a", "x-forwarded", "X-Forwarded-Prefix: /a"},
		{"Forwarded: for=198.51.100.66, for=192.0.2.1;proto=https , for=10.0.0.2", "forwarded", "Forwarded: for=192.0.2.1;proto=https"},
	} {
		got := handle(t, trusting(t, "10.0.0.0/8"), tt.names, asked(proxy, strings.Split(tt.fields, "; ")...))
		var lines []string
		if got.r != nil {
			for _, name := range slices.Sorted(maps.Keys(got.r.Header)) {
				for _, value := range got.r.Header[name] {
					lines = append(lines, name+": "+value)
				}
			}
		}
		if text := strings.Join(lines, "; "); text != tt.want {
			t.Errorf("%s: got %s, want %s; %s", tt.fields, text, tt.want, got.reason)
		}
	}
}

func TestPeers(t *testing.T) {
	unix := context.WithValue(t.Context(), http.LocalAddrContextKey, &net.UnixAddr{Name: "/run/a"})
	const field = "X-Forwarded-For: 192.0.2.1"
	for _, tt := range []struct {
		name, entry string
		r           *http.Request
		want        string // highball.peer_addr; "": not believed
	}{
		{"v4", "10.0.0.1", asked("10.0.0.1:5", field), "10.0.0.1"},
		{"mapped", "10.0.0.1", asked("[::ffff:10.0.0.1]:5", field), "10.0.0.1"},
		{"v6", "2001:db8::/32", asked("[2001:db8::1]:5", field), "2001:db8::1"},
		{"zone", "fe80::/10", asked("[fe80::1%eth0]:5", field), "fe80::1%eth0"},
		{"bare", "10.0.0.1", asked("10.0.0.1", field), "10.0.0.1"},
		{"unix", "unix", asked("@", field).WithContext(unix), "unix"},
		{"unix without a name", "unix", asked("", field).WithContext(unix), "unix"},
		{"unix, not trusted", "10.0.0.1", asked("@", field).WithContext(unix), ""},
		{"no address and not unix", "*", asked("@", field), ""},
		{"named by a packet", "unix", asked("10.0.0.1:5", field).WithContext(unix), ""},
	} {
		got := handle(t, trusting(t, tt.entry), "x-forwarded", tt.r)
		peer := ""
		for _, v := range got.o.Variables {
			peer += v.Value
		}
		if peer != tt.want || (got.r.RemoteAddr == "192.0.2.1") != (tt.want != "") {
			t.Errorf("%s: got %q, client %q", tt.name, peer, got.r.RemoteAddr)
		}
	}
}

// What the connection is known for stays, and the peer that opened it is the first.
func TestOriginOfTheConnection(t *testing.T) {
	own := &origin.Origin{Scheme: "https", ServerName: "a.test", ServerPort: "1", Variables: []origin.Variable{{Name: "highball.peer_addr", Value: "10.9.9.9"}}}
	r := asked(proxy, "X-Forwarded-For: 192.0.2.1")
	got := handle(t, trusting(t, "10.0.0.1"), "x-forwarded", r.WithContext(origin.With(r.Context(), own)))
	if got.String() != "192.0.2.1 internal:8000|https||a.test|1" || !reflect.DeepEqual(got.o.Variables, own.Variables) {
		t.Errorf("got %s %v", got, got.o.Variables)
	}
}

// Of a connection that a trusted proxy does not know the client of, the fields are that
// client's.
func TestNobodyVouches(t *testing.T) {
	for _, field := range spellings() {
		r := asked(proxy, field)
		got := handle(t, trusting(t, "10.0.0.1"), "x-forwarded", r.WithContext(origin.With(r.Context(), &origin.Origin{Unvouched: true})))
		if got.r == nil || got.r.RemoteAddr != proxy || len(got.r.Header) > 0 || got.log != "" {
			t.Errorf("%s: got %s %v; %s", field, got, got.reason, got.log)
		}
	}
}

// An operator whose proxy is not believed is told, once; strangers fill no log.
func TestRemark(t *testing.T) {
	var log bytes.Buffer
	h := New(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), Options{Trust: trusting(t), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	ask := func(remote string) { h.ServeHTTP(nil, asked(remote, "X-Forwarded-For: 192.0.2.1")) }
	ask("192.0.2.9:5")
	if log.Len() > 0 {
		t.Errorf("of a stranger: %s", &log)
	}
	for range 3 {
		ask("127.0.0.1:5")
	}
	const want = "X-Forwarded-For from 127.0.0.1 was not believed; if it is your proxy: --trusted-proxies 127.0.0.1"
	if strings.Count(log.String(), want) != 1 {
		t.Errorf("the log: %s", &log)
	}
}

// A request without such fields costs nothing.
func TestAllocationsWithoutFields(t *testing.T) {
	h := New(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), Options{Trust: trusting(t, "10.0.0.0/8")})
	r := asked(proxy, "User-Agent: x", "X-Requested-With: y", "Cookie: z", "Content-Type: a/b", "Content-Length: 1")
	if n := testing.AllocsPerRun(100, func() { h.ServeHTTP(nil, r) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// What one proxy is usually told by: its cost is that of a copy of the request.
func TestAllocationsBehindAProxy(t *testing.T) {
	h, r := behindNginx(t)
	if n := testing.AllocsPerRun(100, func() { h.ServeHTTP(nil, r) }); n > 6 {
		t.Errorf("%v allocations", n)
	}
}

func behindNginx(t testing.TB) (*Handler, *http.Request) {
	trust, err := NewTrust([]string{"10.0.0.0/8"}, "")
	if err != nil {
		t.Fatal(err)
	}
	h := New(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), Options{Trust: trust, Fields: Fields{ForwardedFor: true, ForwardedProto: true, RealIP: true}})
	return h, asked(proxy, "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "User-Agent: x", "Cookie: z", "Accept: */*", "Accept-Language: en", "Accept-Encoding: gzip")
}

func BenchmarkBehindAProxy(b *testing.B) {
	h, r := behindNginx(b)
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(nil, r)
	}
}

func BenchmarkAlone(b *testing.B) {
	h, r := behindNginx(b)
	delete(r.Header, "X-Forwarded-For")
	delete(r.Header, "X-Forwarded-Proto")
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(nil, r)
	}
}

// nginx cannot pass on early hints, and nobody else is kept from them.
func TestFinalOnly(t *testing.T) {
	trust := trusting(t, "127.0.0.1")
	for names, want := range map[string]bool{"nginx": true, "x-forwarded-prefix,Nginx": true, "x-forwarded": false, "x-forwarded-for,x-forwarded-proto": false} {
		for remote, believed := range map[string]bool{"127.0.0.1:5": true, "192.0.2.1:5": false} {
			got := handle(t, trust, names, asked(remote, "X-Forwarded-For: 192.0.2.7")).o.FinalOnly
			if got != (want && believed) {
				t.Errorf("%s from %s: %t", names, remote, got)
			}
		}
	}
}
