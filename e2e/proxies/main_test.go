// Package proxies tests the binary behind proxies: real ones, and those who pretend to
// be one.
package proxies

import (
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// server is one of whose addresses one is introduced by a proxy, and one is a Unix socket.
type server struct {
	*harness.Server
	introduced string // "127.0.0.1:54321"
	socket     string
}

func start(t *testing.T, app string, args ...string) server {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	flags := []string{"--workers", "1", "--bind", "unix:" + socket}
	proxied := strings.Contains(strings.Join(args, " "), "--trusted-proxies")
	if proxied {
		flags = append(flags, "--bind", "proxy+http://127.0.0.1:0")
	}
	s := server{Server: harness.Start(t, harness.Options{App: app, Python: harness.Newest(t).Path, Args: append(flags, args...)}), socket: socket}
	if proxied {
		const line = "listening on proxy+http://"
		e, err := s.Await(func(e harness.Entry) bool { return strings.HasPrefix(e.Message(), line) })
		if err != nil {
			t.Fatal(err)
		}
		s.introduced = strings.TrimPrefix(e.Message(), line)
	}
	return s
}

const environApp = "environ/wsgi.py"

// outside is the address of a client that is no proxy's.
const outside = "127.0.0.2"

// dialer connects from there.
func dialer(t *testing.T) *net.Dialer {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs the addresses of 127.0.0.0/8, which Linux has")
	}
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(outside)}, Timeout: harness.Patience}
}

// fromOutside is the environ of a request through a proxy on a port.
func fromOutside(t *testing.T, port, request string) environ {
	t.Helper()
	c, err := dialer(t).Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	r := harness.Wrap(t, c).Send(request).Response("GET")
	if r.Status != 200 {
		t.Fatalf("%q: %d %s", request, r.Status, r.Body)
	}
	return parseEnviron(t, string(r.Body))
}

// environ is what the application got, without what differs from request to request.
type environ map[string]string

func parseEnviron(t *testing.T, body string) environ {
	t.Helper()
	var e struct{ Values environ }
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		t.Fatalf("%v: %q", err, body)
	}
	maps.DeleteFunc(e.Values, func(name, value string) bool {
		return name == "highball.request_id" || name == "highball.queue_time" || strings.HasPrefix(value, "<")
	})
	return e.Values
}

// withoutPort has nothing left that differs from connection to connection.
func (e environ) withoutPort() environ {
	delete(e, "REMOTE_PORT")
	return e
}

// has fails the test unless the variables have these values; "" is for those that are
// not to be there.
func (e environ) has(t *testing.T, want environ) {
	t.Helper()
	for name, value := range want {
		if got, there := e[name]; got != value || there != (value != "") {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
}

// ask sends a request on a connection of its own.
func ask(t *testing.T, network, address, request string) *harness.Response {
	t.Helper()
	return harness.Dial(t, network, address).Send(request).Response("GET")
}

func environOf(t *testing.T, network, address string, parts ...string) environ {
	t.Helper()
	r := ask(t, network, address, strings.Join(parts, ""))
	if r.Status != 200 {
		t.Fatalf("%q: %d %s", parts, r.Status, r.Body)
	}
	return parseEnviron(t, string(r.Body))
}

// get is a request by a client of net/http.
func get(t *testing.T, client *http.Client, url string) (int, string) {
	t.Helper()
	r, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(body)
}

// freePort is a port of 127.0.0.1 on which nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// daemon runs a proxy until the test ends, and returns when it listens on the ports.
func daemon(t *testing.T, path string, args []string, ports ...string) {
	t.Helper()
	log := &strings.Builder{}
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s has written:\n%s", filepath.Base(path), log)
		}
	})
	for _, port := range ports {
		harness.Eventually(t, filepath.Base(path)+" listens on "+port, func() bool {
			c, err := net.Dial("tcp", "127.0.0.1:"+port)
			if err == nil {
				_ = c.Close()
			}
			return err == nil
		})
	}
}

// file writes a configuration, with words in braces replaced.
func file(t *testing.T, name, text string, words map[string]string) string {
	t.Helper()
	for word, value := range words {
		text = strings.ReplaceAll(text, "{"+word+"}", value)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
