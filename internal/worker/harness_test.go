package worker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"highball/internal/wire"
)

// patience is how long a test waits for what should take milliseconds.
const patience = 20 * time.Second

// python is the real path of python3: a pyenv shim would be a shell's process.
var python = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("python3", "-c", "import sys; print(sys.executable, end='')").Output()
	return string(out), err
})

// record is one line of the log, as "LEVEL message key=value".
type records struct {
	mu    sync.Mutex
	lines []string
	news  chan struct{}
}

func newRecords() *records { return &records{news: make(chan struct{}, 1)} }

func (r *records) Enabled(context.Context, slog.Level) bool { return true }
func (r *records) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *records) WithGroup(string) slog.Handler            { return r }

func (r *records) Handle(_ context.Context, rec slog.Record) error {
	var b strings.Builder
	b.WriteString(rec.Level.String() + " " + rec.Message)
	rec.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
		return true
	})
	r.mu.Lock()
	r.lines = append(r.lines, b.String())
	r.mu.Unlock()
	select {
	case r.news <- struct{}{}:
	default:
	}
	return nil
}

func (r *records) all() []string { r.mu.Lock(); defer r.mu.Unlock(); return slices.Clone(r.lines) }

// await returns the first line that has all parts, once it is there.
func (r *records) await(t *testing.T, parts ...string) string {
	t.Helper()
	late := time.After(patience)
	for {
		for _, line := range r.all() {
			if !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(line, p) }) {
				return line
			}
		}
		select {
		case <-r.news:
		case <-late:
			t.Fatalf("no line with %q in the log:\n%s", parts, strings.Join(r.all(), "\n"))
		}
	}
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("it did not come to pass: %s", what)
		}
	}
}

// bench is a factory with its application in a directory of its own.
type bench struct {
	*Factory
	t    *testing.T
	logs *records
	dir  string
}

// newBench serves app, the source of app.py, with app:app. It checks at the
// test's end that nothing is left.
func newBench(t *testing.T, app string, change ...func(*Options)) *bench {
	t.Helper()
	interpreter, err := python()
	if err != nil {
		t.Skipf("no python3: %v", err)
	}
	b := &bench{t: t, logs: newRecords(), dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(b.dir, "app.py"), []byte(app), 0o644); err != nil {
		t.Fatal(err)
	}
	opts := Options{
		Interpreter: interpreter, Dir: b.dir, Env: os.Environ(), App: "app:app", Threads: 1, Version: "test",
		StartTimeout: patience, Logger: slog.New(b.logs),
		CheckVersion: func(v string) error { return errors.New("too old: " + v) },
	}
	for _, f := range change {
		f(&opts)
	}
	b.Factory = NewFactory(opts)
	t.Cleanup(b.Close)
	return b
}

// start makes a worker that is killed at the test's end, if it lives still.
func (b *bench) start() *Worker {
	b.t.Helper()
	w, _, err := b.Start(b.t.Context())
	if err != nil {
		b.t.Fatalf("Start: %v", err)
	}
	b.t.Cleanup(func() {
		w.Kill("the test is over")
		<-w.Exited()
		w.CloseSlots()
	})
	return w
}

func (b *bench) startError() error {
	b.t.Helper()
	w, _, err := b.Start(b.t.Context())
	if err == nil {
		w.Kill("it should not have started")
		b.t.Fatal("Start succeeded")
	}
	return err
}

const okApp = `
def app(environ, start_response):
    start_response("200 OK", [])
    return [environ["PATH_INFO"].encode()]
`

// environFor begins a Request frame for GET path: all of it but the body.
func environFor(path string) []byte {
	b := make([]byte, wire.HeaderSize)
	b = wire.OpenDict(wire.AppendTuple(b, 2))
	for key, value := range map[string]string{
		"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": "",
		"SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "highball.request_id": "id-" + path,
	} {
		b = wire.AppendItem(b, key, value)
	}
	return wire.CloseDict(b)
}

// frameFor is a whole Request frame for GET path.
func frameFor(path string) []byte { return wire.AppendBytes(environFor(path), nil) }

// begin sends GET path to a slot, behind what is in its line.
func begin(t *testing.T, s *Slot, path string) *Call {
	t.Helper()
	c, err := s.Begin(frameFor(path), 0, nil)
	if err != nil {
		t.Fatalf("Begin: %v", err)
	}
	return c
}

// ask sends GET path to a slot and returns the answer's body.
func ask(t *testing.T, s *Slot, path string) string {
	t.Helper()
	return answer(t, begin(t, s, path))
}

// answer waits for the call's turn, ends it, and returns the answer's body.
func answer(t *testing.T, c *Call) string {
	t.Helper()
	if !c.Turn() {
		t.Fatal("the call was taken back")
	}
	defer c.End()
	body, err := read(c)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// read reads the whole answer to a call whose turn it is.
func read(c *Call) (string, error) { return converse(c, nil) }

// converse reads the whole answer to a call whose turn it is, and sends it the
// request's body, a piece for each that it asks for.
func converse(c *Call, body []byte) (answer string, err error) {
	for {
		h, err := c.Next(patience)
		if err != nil {
			return answer, fmt.Errorf("Next: %w", err)
		}
		if h.Type == wire.TypeBlock {
			data, err := io.ReadAll(c.Raw(h))
			if err != nil {
				return answer, err
			}
			answer += string(data)
		} else {
			payload, err := c.Payload(h, nil)
			if err != nil {
				return answer, err
			}
			if h.Type == wire.TypeRead {
				if body, err = sendPiece(c, payload, body); err != nil {
					return answer, err
				}
			}
			answer += bodyOf(h, payload)
		}
		switch {
		case h.Has(wire.FlagFree):
			return answer, nil
		case h.Has(wire.FlagEnd):
			return answer, c.AwaitDone(patience)
		}
	}
}

// sendPiece answers a Read frame with as much of the body as it asks for, and
// returns the rest.
func sendPiece(c *Call, payload, body []byte) ([]byte, error) {
	n := min(int(binary.LittleEndian.Uint32(payload)), len(body))
	var flags wire.Flags
	if n == len(body) {
		flags = wire.FlagEnd
	}
	return body[n:], c.SendBody(body[:n], flags)
}

func bodyOf(h wire.Header, payload []byte) string {
	d := wire.NewDecoder(payload)
	fields, _ := d.Any().([]any)
	switch {
	case h.Type == wire.TypeResponse && len(fields) == 3:
		data, _ := fields[2].([]byte)
		return string(data)
	case h.Type == wire.TypeError && len(fields) == 2:
		return "error: " + text(fields[1])
	}
	return ""
}

// alive says whether the process runs: a zombie does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

// freeze stops all threads of a process, and returns when they have stopped.
func freeze(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all threads have stopped", func() bool {
		stats, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		for _, path := range stats {
			stat, err := os.ReadFile(path)
			if _, rest, _ := strings.Cut(string(stat), ") "); err == nil && !strings.HasPrefix(rest, "T") {
				return false
			}
		}
		return len(stats) > 0
	})
}

// exists says whether the process has an entry, as a zombie at least.
func exists(pid int) bool {
	_, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	return err == nil
}

// descriptors counts this process's.
func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc/self/fd")
	}
	return len(entries)
}

// ourGoroutines are the stacks that run this package's code, tests aside.
func ourGoroutines() []string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var ours []string
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		testing := strings.Contains(stack, "testing.tRunner") || strings.Contains(stack, "worker.TestMain")
		if strings.Contains(stack, "internal/worker.") && !testing {
			ours = append(ours, stack)
		}
	}
	return ours
}

// isIn says whether a goroutine of this package is in a function.
func isIn(function string) bool {
	return slices.ContainsFunc(ourGoroutines(), func(stack string) bool { return strings.Contains(stack, function) })
}

func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if left := leftGoroutines(); len(left) > 0 {
			fmt.Fprintf(os.Stderr, "goroutines are left:\n%s\n", strings.Join(left, "\n\n"))
			code = 1
		}
	}
	os.Exit(code)
}

// leftGoroutines gives those that are ending a moment for it.
func leftGoroutines() []string {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(5 * time.Second)
	for {
		left := ourGoroutines()
		if len(left) == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-late:
			return left
		}
	}
}
