// Package uwsgi tests the listener of the uwsgi protocol: behind real nginx and Apache,
// beside real uWSGI, and by packets of its own making.
package uwsgi

import (
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
	"highball/e2e/peer"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// server is one that speaks uwsgi on two sockets.
type server struct {
	*harness.Server
	tcp, socket string
}

// start runs an application on them, and on HTTP.
func start(t *testing.T, app string, args ...string) server {
	t.Helper()
	return startWith(t, harness.Options{App: app, Args: args})
}

func startWith(t *testing.T, o harness.Options) server {
	t.Helper()
	dir, err := os.MkdirTemp("", "highball-uwsgi-") // short, and open to Apache's workers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	o.Python = harness.Newest(t).Path
	o.Args = append([]string{"--workers", "1", "--bind", "uwsgi://127.0.0.1:0", "--bind", "uwsgi://unix:" + socket + "?mode=666"}, o.Args...)
	s := server{Server: harness.Start(t, o), socket: socket}
	s.tcp = s.listens(t, "uwsgi://127")
	return s
}

// listens is an address that the log tells of.
func (s *server) listens(t *testing.T, begin string) string {
	t.Helper()
	e := s.Wait(t, func(e harness.Entry) bool { return strings.HasPrefix(e.Message(), "listening on "+begin) })
	_, address, _ := strings.Cut(e.Message(), "uwsgi://")
	return address
}

// A way is a proxy, and the kind of socket between it and us.
type way struct {
	*peer.Peer
	name string
}

func (w way) isNginx() bool { return strings.HasPrefix(w.name, "nginx") }

// nginx passes all paths on, with what else its location is to have.
func nginx(t *testing.T, pass, location string) *peer.Peer {
	t.Helper()
	return peer.Nginx(t, "server { listen ADDRESS; location / { include /etc/nginx/uwsgi_params; "+location+" uwsgi_pass "+pass+"; } }")
}

// ways runs a test through each proxy, by TCP and by Unix sockets.
func (s server) ways(t *testing.T, location string, body func(t *testing.T, w way)) {
	t.Helper()
	for name, start := range map[string]func(t *testing.T) *peer.Peer{
		"nginx":         func(t *testing.T) *peer.Peer { return nginx(t, s.tcp, location) },
		"nginx by Unix": func(t *testing.T) *peer.Peer { return nginx(t, "unix:"+s.socket, location) },
		"Apache": func(t *testing.T) *peer.Peer {
			return peer.Apache(t, `ProxyPass / "uwsgi://`+s.tcp+`/" flushpackets=on`)
		},
		"Apache, by Unix": func(t *testing.T) *peer.Peer {
			return peer.Apache(t, `ProxyPass / "unix:`+s.socket+`|uwsgi://app/" flushpackets=on`)
		},
	} {
		t.Run(name, func(t *testing.T) { body(t, way{start(t), name}) })
	}
}

// dial connects to the proxy.
func (w way) dial(t *testing.T) *harness.Conn {
	t.Helper()
	return harness.Dial(t, "tcp", w.Address)
}

// do sends a request on a connection of its own.
func (w way) do(t *testing.T, request string) *harness.Response {
	t.Helper()
	method, _, _ := strings.Cut(request, " ")
	return w.dial(t).Send(request).Response(method)
}

// packet writes the packet of names and values in turn.
func packet(modifier1 byte, texts ...string) string {
	var body string
	for _, s := range texts {
		body += string(binary.LittleEndian.AppendUint16(nil, uint16(len(s)))) + s
	}
	return string(append(binary.LittleEndian.AppendUint16([]byte{modifier1}, uint16(len(body))), 0)) + body
}

// get is the packet of a request for a path.
func get(path string, more ...string) string {
	path, query, _ := strings.Cut(path, "?")
	return packet(0, append([]string{
		"REQUEST_METHOD", "GET", "REQUEST_URI", path + "?" + query, "PATH_INFO", path, "QUERY_STRING", query, "SERVER_PROTOCOL", "HTTP/1.1",
		"HTTP_HOST", "test.example", "SERVER_NAME", "test.example", "SERVER_PORT", "80", "REMOTE_ADDR", "192.0.2.7", "REMOTE_PORT", "7",
	}, more...)...)
}

// environ is what the application got, as environ/wsgi.py tells it.
type environ map[string]string

func environOf(t *testing.T, body string) environ {
	t.Helper()
	var e struct{ Values environ }
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		t.Fatalf("%v: %q", err, body)
	}
	return e.Values
}

// secure has TLS begin on a connection.
func secure(t *testing.T, c *harness.Conn) *harness.Conn {
	t.Helper()
	return harness.Wrap(t, tls.Client(c.Conn, &tls.Config{InsecureSkipVerify: true})) //nolint:gosec // it is the test's own proxy
}
