package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"highball/e2e/harness"
)

const flaskSendsFiles = `
from flask import Flask, request, send_file
app = Flask(__name__)
@app.get("/url")
def url():
    return "ok"
@app.get("/download")
def download():
    return send_file(request.args["path"], mimetype="text/plain", conditional=True)
`

// The bytes of a file that a framework answers with are read by no worker: it hands the
// descriptor to the front.
func TestFileResponsesOfFrameworks(t *testing.T) {
	const size = 32 << 20
	sent := filepath.Join(t.TempDir(), "sent.txt")
	if err := os.WriteFile(sent, []byte(strings.Repeat("0123456789abcdef", size/16)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, start := range map[string]func(t *testing.T) *harness.Server{
		"Django": func(t *testing.T) *harness.Server {
			return newShop(t).serve(t, nil, "--workers", "1", "--access-log", "-")
		},
		"Flask": func(t *testing.T) *harness.Server {
			python := venv(t, "flask")
			t.Parallel()
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "app.py"), flaskSendsFiles)
			return harness.Start(t, harness.Options{Dir: dir, Python: python, App: "app.py", Args: []string{"--workers", "1", "--access-log", "-"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			s.Get(t, "/url").WantStatus(t, 200)
			e := s.Wait(t, func(e harness.Entry) bool { return e.Text("target") == "/url" })
			pid := e.Text("worker_pid")
			target := "/download?path=" + sent
			for _, c := range []struct {
				what   string
				ask    harness.Exchange
				status int
				length int
				most   int64 // that the worker may have read
			}{
				{"whole", harness.Ask("GET", target), 200, size, 1 << 20},
				{"HEAD", harness.Ask("HEAD", target), 200, 0, 1 << 20},
				{"a part", harness.Ask("GET", target, "Range: bytes=16-31"), 0, 0, 1 << 20},
			} {
				before := bytesRead(t, pid)
				r := s.Speak(wire(t, "h1")).Do(t, c.ask)
				switch {
				case c.status == 0 && name == "Flask": // Django's answers no ranges
					r.Want(t, 206, "0123456789abcdef")
				case c.status == 0:
					want(t, "the whole", len(r.Body), size)
				case r.Status != c.status || len(r.Body) != c.length || r.Get("Content-Length") != strconv.Itoa(size):
					t.Errorf("%s: got %s with %d bytes", c.what, r.Line, len(r.Body))
				}
				if read := bytesRead(t, pid) - before; read > c.most {
					t.Errorf("%s: the worker has read %d bytes", c.what, read)
				}
			}
		})
	}
}

// bytesRead is what a process has read so far, files and pipes alike.
func bytesRead(t *testing.T, pid string) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/" + pid + "/io")
	if err != nil {
		t.Skipf("the system does not say what a process reads: %v", err)
	}
	var n int64
	if _, err := fmt.Sscanf(string(text), "rchar: %d", &n); err != nil {
		t.Fatal(err)
	}
	return n
}
