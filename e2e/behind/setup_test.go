package behind

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"highball/e2e/harness"
	"highball/e2e/peer"
	"highball/internal/certs/certstest"
)

// setup is a file of deploy/, by one of the lines of Highball in its comment.
type setup struct {
	name    string
	file    string // in deploy/; its directory is the program
	line    int    // which line of Highball
	unix    string // what the file has for a Unix socket, where TCP is tried
	tcp     string // what its comment says is for TCP
	prefix  string
	taken   bool // the prefix is off the path that Highball sees
	uwsgi   bool
	passing bool // TLS is Highball's own, and the plain address does not exist
}

// setups are all that are tried, each case with each.
func setups() []setup {
	const unix = "unix:/run/mysite/"
	return []setup{
		{name: "nginx/http/unix", file: "nginx/http.conf"},
		{name: "nginx/http/tcp", file: "nginx/http.conf", line: 1, unix: unix + "http.sock", tcp: "127.0.0.1:8000"},
		{name: "nginx/uwsgi/unix", file: "nginx/uwsgi.conf", uwsgi: true},
		{name: "nginx/uwsgi/tcp", file: "nginx/uwsgi.conf", line: 1, unix: unix + "uwsgi.sock", tcp: "127.0.0.1:3031", uwsgi: true},
		{name: "nginx/prefix/http", file: "nginx/prefix.conf", prefix: "/app"},
		{name: "nginx/prefix/uwsgi", file: "nginx/prefix.conf", line: 1, prefix: "/shop", uwsgi: true},
		{name: "apache/http/unix", file: "apache/http.conf"},
		{name: "apache/http/tcp", file: "apache/http.conf", line: 1, unix: unix + "http.sock|http://mysite/", tcp: "http://127.0.0.1:8000/"},
		{name: "apache/uwsgi/unix", file: "apache/uwsgi.conf", uwsgi: true},
		{name: "apache/uwsgi/tcp", file: "apache/uwsgi.conf", line: 1, unix: unix + "uwsgi.sock|uwsgi://mysite/", tcp: "uwsgi://127.0.0.1:3032/", uwsgi: true},
		{name: "apache/prefix/http", file: "apache/prefix.conf", prefix: "/app"},
		{name: "apache/prefix/uwsgi", file: "apache/prefix.conf", line: 1, prefix: "/shop", uwsgi: true},
		{name: "haproxy/http/unix", file: "haproxy/http.cfg"},
		{name: "haproxy/http/tcp", file: "haproxy/http.cfg", line: 1, unix: "unix@/run/mysite/http.sock", tcp: "127.0.0.1:8000"},
		{name: "haproxy/prefix/http", file: "haproxy/prefix.cfg", prefix: "/app", taken: true},
		{name: "haproxy/proxy/unix", file: "haproxy/proxy-protocol.cfg", passing: true},
		{name: "haproxy/proxy/tcp", file: "haproxy/proxy-protocol.cfg", line: 1, unix: "unix@/run/mysite/https.sock", tcp: "127.0.0.1:8443", passing: true},
	}
}

// program is nginx, Apache or HAProxy.
func (u setup) program() peer.Program { return peer.Programs()[filepath.Dir(u.file)] }

func (u setup) text(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), "deploy", u.file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// place is where a set-up's files and addresses are.
type place struct {
	setup
	dir           string // open to all, since proxies are users of their own
	plain, secure string // where the proxy listens, in the place of ports 80 and 443
	upstream      upstream
	ca            *certstest.Issuer
}

// upstream are what is in the place of the TCP addresses of Highball's lines.
type upstream struct{ http, uwsgi, proxy string }

func newPlace(t *testing.T, u setup) *place {
	t.Helper()
	dir, err := os.MkdirTemp("", "behind-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p := &place{
		setup: u, dir: dir, ca: certstest.Root(t, "a root"),
		plain: peer.FreeAddress(t), secure: peer.FreeAddress(t),
		upstream: upstream{peer.FreeAddress(t), peer.FreeAddress(t), peer.FreeAddress(t)},
	}
	issued := p.ca.Issue(t, []string{"example.com"})
	certstest.Write(t, filepath.Join(dir, "example.com.pem"), issued.Cert)
	certstest.Write(t, filepath.Join(dir, "example.com.key"), issued.Key)
	certstest.Write(t, filepath.Join(dir, "example.com.both.pem"), issued.Cert, issued.Key)
	return p
}

// words are what is put in the place of a file's addresses and paths.
func (p *place) words(text string) string {
	port := func(address string) string { return address[strings.LastIndexByte(address, ':')+1:] }
	return strings.NewReplacer(
		"/etc/ssl/", p.dir+"/", "/run/mysite/", p.dir+"/",
		"127.0.0.1:8000", p.upstream.http, "127.0.0.1:3031", p.upstream.uwsgi, "127.0.0.1:3032", p.upstream.uwsgi, "127.0.0.1:8443", p.upstream.proxy,
		"listen 80;", "listen "+p.plain+";", "listen 443 ", "listen "+p.secure+" ",
		"<VirtualHost *:80>", "<VirtualHost *:"+port(p.plain)+">", "<VirtualHost *:443>", "<VirtualHost *:"+port(p.secure)+">",
		"bind :80\n", "bind "+p.plain+"\n", "bind :443", "bind "+p.secure,
	).Replace(text)
}

// site is the file, as it is but for addresses and paths.
func (p *place) site(t *testing.T) string {
	t.Helper()
	text := p.text(t)
	if p.unix != "" {
		if !strings.Contains(text, "CHANGE: for TCP") || !strings.Contains(text, p.tcp) {
			t.Fatalf("%s does not say that %s is for TCP", p.file, p.tcp)
		}
		text = regexp.MustCompile(`(?m)^([^#\n]*)`+regexp.QuoteMeta(p.unix)).ReplaceAllString(text, "${1}"+p.tcp)
	}
	return p.words(text)
}

// addresses are those on which the proxy listens.
func (p *place) addresses() []string {
	if p.passing {
		return []string{p.secure}
	}
	return []string{p.plain, p.secure}
}

var highballLine = regexp.MustCompile(`(?m)^#   highball run \S+ (.*)$`)

// flags are those of Highball that the file's comment gives for this set-up.
func (p *place) flags(t *testing.T) []string {
	t.Helper()
	lines := highballLine.FindAllStringSubmatch(p.text(t), -1)
	if len(lines) <= p.line {
		t.Fatalf("%s has %d lines of Highball", p.file, len(lines))
	}
	flags := strings.Fields(strings.ReplaceAll(p.words(lines[p.line][1]), "'", ""))
	for i := range flags {
		if before, _, found := strings.Cut(flags[i], "&group="); found && os.Geteuid() != 0 {
			flags[i] = before // nobody else can give a file to a group
		}
	}
	return flags
}

// site is a proxy and the Highball behind it.
type site struct {
	*place
	*harness.Server
	control string
}

func (p *place) start(t *testing.T, args ...string) *site {
	t.Helper()
	s := &site{place: p, control: filepath.Join(p.dir, "ctl")}
	s.Server = harness.Start(t, p.options(t, s.control, args...))
	p.serve(t)
	return s
}

// serve starts the proxy.
func (p *place) serve(t *testing.T) {
	t.Helper()
	dir := filepath.Join(p.dir, strings.ReplaceAll(p.name, "/", "-"))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p.program().Serve(t, dir, p.site(t), p.addresses()...)
}

func (p *place) options(t *testing.T, control string, args ...string) harness.Options {
	t.Helper()
	args = append([]string{"--workers", "1", "--threads", "8", "--control", control}, args...)
	return harness.Options{App: "all:application", Python: harness.Newest(t).Path, Args: append(p.flags(t), args...)}
}
