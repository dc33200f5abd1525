// Package manners tests what people know from gunicorn: the form of the access log,
// statsd, the pid file, the daemon, signals. Where gunicorn is installed it runs beside.
package manners

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// app answers with a field, and a body of a known length.
const app = `
def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/none":
        start_response("204 No Content", [])
        return []
    if path == "/broken":
        raise ValueError("broken on purpose")
    start_response("404 Not Found" if path == "/missing" else "200 OK", [("Content-Type", "text/plain"), ("X-Said", "by the application"), ("Content-Length", "5")])
    return [b"hello"]
`

// newApp writes it into a directory of its own.
func newApp(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "site_app.py"), app)
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}

// start runs Highball with app.
func start(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Options{
		App: "site_app:application", Dir: newApp(t), Python: harness.Newest(t).Path, Args: append([]string{"--workers", "1"}, args...),
	})
}

// gunicorn runs the real one with app, in its directory, and returns its address.
func gunicorn(t *testing.T, args ...string) (address string) {
	t.Helper()
	path := findGunicorn(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	_ = l.Close()
	cmd := exec.Command(path, append([]string{"site_app:application", "--bind", address, "--no-control-socket"}, args...)...)
	cmd.Dir = newApp(t)
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("gunicorn said:\n%s", log.String())
		}
	})
	harness.Eventually(t, "gunicorn answers", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return address
}

// findGunicorn skips the test where it is not installed.
func findGunicorn(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("gunicorn")
	if err != nil {
		t.Skip("gunicorn is not installed: requirements/test.txt has it")
	}
	return path
}

// ask sends a request of a client that is always the same.
func ask(t *testing.T, address, method, target string, fields map[string]string) int {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+address+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", "test/1")
	for name, value := range fields {
		r.Header.Set(name, value)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: harness.Patience}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

// lines waits until a file has so many.
func lines(t *testing.T, path string, n int) []string {
	t.Helper()
	harness.Eventually(t, fmt.Sprintf("%s has %d lines", path, n), func() bool { return strings.Count(read(path), "\n") >= n })
	return strings.Split(strings.TrimSuffix(read(path), "\n"), "\n")
}

// run runs the binary to its end.
func run(t *testing.T, args ...string) (output string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), harness.Binary(), args...)
	cmd.Env = harness.CleanEnviron()
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}
