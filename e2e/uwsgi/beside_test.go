package uwsgi

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"highball/e2e/harness"
	"highball/e2e/peer"
	"highball/internal/certs/certstest"
)

// Proxies whose application is on the address PASS, for both servers alike.
const (
	nginxBeside = `server { listen ADDRESS %s; %s
	location / { include /etc/nginx/uwsgi_params; uwsgi_pass PASS; }
	location /raw/ { include /etc/nginx/uwsgi_params; uwsgi_param PATH_INFO $request_uri; uwsgi_pass PASS; }
	location /30 { include /etc/nginx/uwsgi_params; uwsgi_param SCRIPT_NAME /30; uwsgi_modifier1 30; uwsgi_pass PASS; }
	location /app { include /etc/nginx/uwsgi_params; uwsgi_param SCRIPT_NAME /app; uwsgi_pass PASS; }
	location /more { include /etc/nginx/uwsgi_params; uwsgi_param SERVER_NAME more.test; uwsgi_param HTTP_HOST $http_host;
		uwsgi_param REMOTE_USER alice; uwsgi_param trac.env_path /x; uwsgi_param UWSGI_X y; uwsgi_param LINES "a
b"; uwsgi_pass PASS; }
	location /scheme { include /etc/nginx/uwsgi_params; uwsgi_param UWSGI_SCHEME https; uwsgi_pass PASS; }
	location /off { include /etc/nginx/uwsgi_params; uwsgi_param HTTPS off; uwsgi_param REQUEST_SCHEME https; uwsgi_pass PASS; }
	location /only { include /etc/nginx/uwsgi_params; uwsgi_param REQUEST_SCHEME https; uwsgi_pass PASS; }
}`
	apacheBeside = `AllowEncodedSlashes NoDecode
LoadModule env_module /usr/lib/apache2/modules/mod_env.so
SetEnv trac.env_path /x
%s
ProxyPass /app "uwsgi://PASS"
ProxyPass /slash/ "uwsgi://PASS/"
ProxyPass / "uwsgi://PASS/"`
)

// besides are the proxies' configurations, those with TLS among them.
func besides(t *testing.T) map[string]string {
	dir := t.TempDir()
	issued := certstest.Root(t, "a root").Issue(t, []string{"test.example"})
	cert, key := certstest.Write(t, filepath.Join(dir, "c.pem"), issued.Cert), certstest.Write(t, filepath.Join(dir, "k.pem"), issued.Key)
	return map[string]string{
		"nginx":        fmt.Sprintf(nginxBeside, "", ""),
		"nginx, https": fmt.Sprintf(nginxBeside, "ssl", "ssl_certificate "+cert+"; ssl_certificate_key "+key+";"),
		"Apache":       fmt.Sprintf(apacheBeside, ""),
		"Apache, https": fmt.Sprintf(apacheBeside, "LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\nSSLEngine on\nSSLOptions +StdEnvVars +ExportCertData\n"+
			"SSLCertificateFile "+cert+"\nSSLCertificateKeyFile "+key),
	}
}

// both are the environs of one request, of uWSGI's application and of ours.
type both struct{ theirs, ours environ }

// difference is a variable, or a pattern of them, that may differ, and how.
type difference struct {
	name string
	may  func(b both, name string) bool
}

func onlyOurs(b both, name string) bool   { _, have := b.theirs[name]; return !have }
func onlyTheirs(b both, name string) bool { _, have := b.ours[name]; return !have }

func object(b both, name string) bool {
	return strings.HasPrefix(b.theirs[name], "<") && strings.HasPrefix(b.ours[name], "<")
}

// differences are those that docs/OPERATIONS.md has in its table, and no others.
var differences = []difference{
	{"uwsgi.*", onlyTheirs},
	{"highball.*", onlyOurs},
	{"wsgi.input_terminated", onlyOurs},
	{"wsgi.early_hints", onlyOurs},
	{"wsgi.input", object},
	{"wsgi.errors", object},
	{"wsgi.file_wrapper", func(b both, name string) bool { return b.theirs[name] == "<built-in function uwsgi_sendfile>" }},
	{"RAW_URI", func(b both, name string) bool { return onlyOurs(b, name) && b.ours[name] == b.ours["REQUEST_URI"] }},
	{"SERVER_SOFTWARE", func(b both, name string) bool { return strings.HasPrefix(b.ours[name], "highball/") }},
	{"SCRIPT_NAME", func(b both, name string) bool {
		return b.theirs[name] == "" && b.ours[name] == "" || b.theirs[name] == b.ours[name]+"/"
	}},
	{"PATH_INFO", func(b both, name string) bool { return b.theirs[name] == "/30"+b.ours[name] }},
	{"SERVER_NAME", func(b both, name string) bool { return b.theirs[name] == "" && b.ours[name] != "" }},
	{"HTTPS", func(b both, name string) bool { return b.ours["wsgi.url_scheme"] == "https" == (b.ours[name] == "on") }},
	{"UWSGI_*", onlyTheirs},
	{"wsgi.url_scheme", func(b both, name string) bool {
		return b.ours[name] == b.theirs["REQUEST_SCHEME"] && b.theirs["HTTPS"] == ""
	}},
	{"PATH", onlyTheirs},
	{"REQUEST_URI", func(b both, name string) bool { return b.ours[name] == "/"+b.theirs[name] }},
	{"HTTP_CONTENT_LENGTH", onlyTheirs},
	{"HTTP_CONTENT_TYPE", onlyTheirs},
	{"HTTP_EXPECT", onlyTheirs},
	{"HTTP_TRANSFER_ENCODING", onlyTheirs},
	{"HTTP_PROXY", onlyTheirs},
	{"HTTP_FORWARDED", onlyTheirs},
	{"HTTP_X_FORWARDED_*", onlyTheirs},
	{"HTTP_*", func(b both, name string) bool {
		return strings.HasSuffix(b.ours[name], ","+b.theirs[name]) || strings.HasSuffix(b.ours[name], "; "+b.theirs[name])
	}},
	{"*", func(b both, name string) bool { return b.theirs[name] == "" && onlyTheirs(b, name) }},
}

func (d difference) is(name string) bool {
	begin, many := strings.CutSuffix(d.name, "*")
	return name == d.name || many && strings.HasPrefix(name, begin)
}

// allowed is the difference that explains one, nil for none.
func allowed(b both, name string) *difference {
	for i, d := range differences {
		if d.is(name) && d.may(b, name) {
			return &differences[i]
		}
	}
	return nil
}

// documented are the names in the table.
func documented(t *testing.T) (names []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), "docs", "OPERATIONS.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| Variable | uWSGI | Highball |")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, row := range strings.Split(table, "\n") {
		first, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " |")
		for _, code := range regexp.MustCompile("`[^`]+`").FindAllString(first, -1) {
			names = append(names, strings.Trim(code, "`"))
		}
	}
	return names
}

// besideRequests are what a client may send.
func besideRequests() []string {
	var all []string
	for _, path := range []string{
		"/", "//", "///a", "/a//b", "/a%2Fb", "/a%2fb", "/%C3%A9", "/%c3%a9/", "/%FF", "/a%20b", "/a+b", "/a;x=1/b;y", "/a,b&c=d", "/a:b@c", "/~a", "/a/", "/a/b/",
		"/a/./b", "/a/../b", "/a/..", "/./", "/..a", "/%2e%2e/a", "/a%2e%2e", "/a%3Fb", "/a%23b", "/a%25b", "/a%2525b", "/?", "/?a", "/a?b=%41&c=%2F&d=é", "/a?b?c", "/a?%zz", "/a?b#",
		"/a?http://x/", "/(a)'!*$", "/a\"b", "/a|b", "/a\\b", "/a^b`c", "/a%00b", "/a%0Ab", "/%zz", "/%", "/\xc3\xa9", "/\xff", "/a%5Cb",
		"/app", "/app/", "/app/a", "/app/a/../b", "/app//a", "/apple", "/app?q", "/app/%2F", "/app/app/a", "/slash/", "/slash/a", "/slash", "/30", "/30/", "/30/a%20b", "/raw/a",
		"/more", "/scheme", "/off", "/only", "http://other.test/a?b", "http://other.test", "http://other.test?b", "HTTPS://other.test:444/", "*", "a",
		"/" + strings.Repeat("long/", 600), "/?" + strings.Repeat("q", 3000),
	} {
		all = append(all, harness.Request("GET", path))
	}
	for _, fields := range [][]string{
		{"X-A: 1"}, {"X-A: 1", "X-A: 2"}, {"X-A: 1", "x-a: 2", "X-a: 3"}, {"Cookie: a=1"}, {"Cookie: a=1; b=2", "Cookie: c=3"}, {"X-Empty:"}, {"X-A:   b  c  "}, {"X-Latin: \xe9"}, {"X-Utf8: \xc3\xa9"},
		{"X_A: 1"}, {"X.A: 1"}, {"X-Long: " + strings.Repeat("v", 4000)}, {"Proxy: http://evil.test"}, {"Connection: close"}, {"Connection: keep-alive, X-A", "X-A: 1"}, {"Authorization: Basic YTpi"},
		{"Content-Type: text/plain"}, {"Accept-Encoding: gzip"}, {"Range: bytes=0-1"}, {"If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"}, {"Upgrade: websocket", "Connection: Upgrade"},
		{"X-Forwarded-For: 1.2.3.4"}, {"X-Forwarded-Proto: https"}, {"Forwarded: for=1.2.3.4"}, {"HTTP_HOST: evil.test"}, {"REMOTE-ADDR: 1.2.3.4"}, {"Https: on"}, {"Script-Name: /evil"}, {"TE: trailers"}, {"Trailer: X-B"},
	} {
		all = append(all, harness.Request("GET", "/fields", fields...))
	}
	for _, host := range []string{"test.example:80", "TEST.example", "[::1]:80", "127.0.0.1", "xn--e1afmkfd.test", "a_b.test", "test.example.", "a b", "", "a/b"} {
		all = append(all, "GET /host HTTP/1.1\r\nHost: "+host+"\r\n\r\n")
	}
	return append(all,
		"GET /old HTTP/1.0\r\n\r\n", "GET /old HTTP/1.0\r\nHost: test.example\r\n\r\n", "GET /none HTTP/1.1\r\n\r\n", "GET /twice HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		harness.Post("/body", "a=b", "Content-Type: application/x-www-form-urlencoded"), harness.Post("/body", ""), harness.Post("/body", "x", "Content-Type: a/b", "Content-Type: c/d"),
		harness.Request("POST", "/body"), harness.PostChunked("/chunks", "abc", "def"), harness.Post("/expect", "abc", "Expect: 100-continue"),
		harness.Request("PUT", "/put", "Content-Length: 0"), harness.Request("DELETE", "/a"), harness.Request("OPTIONS", "/a"), harness.Request("PROPFIND", "/a"), harness.Request("PATCH", "/a"), harness.Request("FOO", "/a"),
	)
}

// Each request's environ, behind the same proxy, is uWSGI's but for the documented
// differences; and each of those is there.
func TestEnvironBesideUWSGI(t *testing.T) {
	t.Parallel()
	application := filepath.Join(harness.Apps(), "environ", "wsgi.py")
	theirs := peer.UWSGI(t, application)
	ours := start(t, application, "--threads", "1")
	names := documented(t)
	var known []string
	for _, d := range differences {
		known = append(known, d.name)
	}
	if slices.Sort(names); !slices.Equal(names, slices.Sorted(slices.Values(known))) {
		t.Fatalf("docs/OPERATIONS.md has %q in its table, want %q", names, known)
	}
	seen, compared := map[*difference]bool{}, 0
	for name, config := range besides(t) {
		run := peer.Nginx
		if strings.HasPrefix(name, "Apache") {
			run = peer.Apache
		}
		one, two := way{run(t, strings.ReplaceAll(config, "PASS", theirs.Address)), name}, way{run(t, strings.ReplaceAll(config, "PASS", ours.tcp)), name}
		for _, request := range besideRequests() {
			a, b := one.ask(t, request), two.ask(t, request)
			if strings.Contains(request, "#") && a.Status == 200 && b.Status == 400 { // RFC 9112 3.2: no target has it
				continue
			}
			if a.Status != b.Status {
				t.Errorf("%s: %.100q: status %d, and behind uWSGI %d", name, request, b.Status, a.Status)
				continue
			}
			if a.Status != 200 || !strings.HasPrefix(a.Body, "{") { // the proxy refuses it
				continue
			}
			compared++
			compare(t, fmt.Sprintf("%s: %.100q", name, request), both{one.environ(t, a.Body), two.environ(t, b.Body)}, seen)
		}
	}
	t.Logf("%d requests compared", compared)
	for i, d := range differences {
		if !seen[&differences[i]] {
			t.Errorf("%s is documented as a difference, and is none", d.name)
		}
	}
}

func compare(t *testing.T, what string, b both, seen map[*difference]bool) {
	t.Helper()
	for _, e := range []environ{b.theirs, b.ours} {
		for name := range e {
			value, have := b.theirs[name]
			if mine, too := b.ours[name]; have == too && mine == value {
				continue
			}
			if d := allowed(b, name); d != nil {
				seen[d] = true
				continue
			}
			t.Errorf("%s: %s is %q, uWSGI's %q", what, name, b.ours[name], b.theirs[name])
		}
	}
}

// ask sends a request on a connection of its own, by TLS where the proxy has it.
func (w way) ask(t *testing.T, request string) *harness.Response {
	t.Helper()
	c := w.dial(t)
	if strings.HasSuffix(w.name, "https") {
		c = secure(t, c)
	}
	return c.Send(request).Response("GET")
}

// environ is what an application has told, without what differs from connection to
// connection and from proxy to proxy.
func (w way) environ(t *testing.T, body string) environ {
	t.Helper()
	e := environOf(t, body)
	_, port, _ := net.SplitHostPort(w.Address)
	for name, value := range e {
		switch {
		case name == "REMOTE_PORT" && value != "", name == "DOCUMENT_ROOT", strings.HasPrefix(name, "SSL_SESSION_ID"), name == "UNIQUE_ID":
			e[name] = "varies"
		case name == "SERVER_PORT" && value == port:
			e[name] = "the port"
		case name == "SCRIPT_FILENAME": // where Apache connects to
			_, path, _ := strings.Cut(strings.TrimPrefix(value, "proxy:uwsgi://"), "/")
			e[name] = path
		}
	}
	return e
}
