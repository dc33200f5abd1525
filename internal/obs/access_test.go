package obs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unsafe"
)

func sample() AccessRecord {
	return AccessRecord{
		Time:       time.Date(2000, 10, 10, 13, 55, 36, 0, time.FixedZone("", -7*3600)),
		RequestID:  "r-1",
		RemoteAddr: "203.0.113.9:4711",
		Method:     "GET",
		Target:     "/a?b=c",
		Proto:      "HTTP/1.1",
		Status:     200,
		Bytes:      2326,
		Duration:   1234567 * time.Nanosecond,
		QueueTime:  100 * time.Microsecond,
		AppTime:    time.Millisecond,
		Referer:    "http://example.com/",
		UserAgent:  `Mozilla "5"`,
		Host:       "example.com",
		WorkerPID:  42,
	}
}

func logged(t *testing.T, format string, r AccessRecord) string {
	t.Helper()
	var buf bytes.Buffer
	r.LogTo(t.Context(), NewAccessLogger(&buf, format))
	return buf.String()
}

// The name of one of several applications is last, and only then.
func TestAccessOfSeveralApplications(t *testing.T) {
	r := sample()
	alone := strings.TrimSuffix(logged(t, "text", r), "\n")
	r.App = "shop of b"
	if got, want := logged(t, "text", r), alone+" shop\\x20of\\x20b\n"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := logged(t, FormatJSON, r); !strings.Contains(got, `"app":"shop of b"`) {
		t.Error(got)
	}
}

func TestAccessText(t *testing.T) {
	tests := []struct {
		name   string
		change func(*AccessRecord)
		want   string
	}{
		{"full", func(*AccessRecord) {}, `203.0.113.9 - - [10/Oct/2000:13:55:36 -0700] "GET /a?b=c HTTP/1.1" 200 2326 "http://example.com/" "Mozilla \"5\"" 0.001235 0.000100 r-1`},
		{"empty", func(r *AccessRecord) { *r = AccessRecord{} }, `- - - [-] "-" - - "-" "-" 0.000000 0.000000 -`},
		{"no body", func(r *AccessRecord) { r.Status, r.Bytes, r.Referer = 304, 0, "" }, `203.0.113.9 - - [10/Oct/2000:13:55:36 -0700] "GET /a?b=c HTTP/1.1" 304 - "-" "Mozilla \"5\"" 0.001235 0.000100 r-1`},
		{"IPv6", func(r *AccessRecord) { *r = AccessRecord{RemoteAddr: "[2001:db8::1]:80"} }, `2001:db8::1 - - [-] "-" - - "-" "-" 0.000000 0.000000 -`},
		{"bare IPv6", func(r *AccessRecord) { *r = AccessRecord{RemoteAddr: "2001:db8::1"} }, `2001:db8::1 - - [-] "-" - - "-" "-" 0.000000 0.000000 -`},
		{"bare IPv4", func(r *AccessRecord) { *r = AccessRecord{RemoteAddr: "192.0.2.1"} }, `192.0.2.1 - - [-] "-" - - "-" "-" 0.000000 0.000000 -`},
		{"escapes", func(r *AccessRecord) {
			*r = AccessRecord{Method: "G\"\nT", Target: "/\\\x00\x7f\xc3\xbc", Proto: "H\r", UserAgent: "a\x1b b"}
		}, `- - - [-] "G\"\x0aT /\\\x00\x7f\xc3\xbc H\x0d" - - "-" "a\x1b b" 0.000000 0.000000 -`},
		{"spaces outside of quotes", func(r *AccessRecord) { *r = AccessRecord{RemoteAddr: " a", RequestID: "x  y "} }, `\x20a - - [-] "-" - - "-" "-" 0.000000 0.000000 x\x20\x20y\x20`},
		{"long", func(r *AccessRecord) { *r = AccessRecord{Duration: 90 * time.Minute} }, `- - - [-] "-" - - "-" "-" 5400.000000 0.000000 -`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := sample()
			tt.change(&r)
			if got := logged(t, "text", r); got != tt.want+"\n" {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}

func TestAccessJSON(t *testing.T) {
	r := sample()
	r.Error = errors.New("worker died")
	var got map[string]any
	if err := json.Unmarshal([]byte(logged(t, "json", r)), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"time": "2000-10-10T13:55:36.000-07:00", "level": "INFO", "msg": "request",
		"request_id": "r-1", "remote_addr": "203.0.113.9:4711", "method": "GET", "target": "/a?b=c", "proto": "HTTP/1.1",
		"status": 200.0, "bytes": 2326.0, "duration": 0.001234567, "queue_time": 0.0001, "app_time": 0.001,
		"referer": "http://example.com/", "user_agent": `Mozilla "5"`, "host": "example.com", "worker_pid": 42.0, "error": "worker died",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if s := logged(t, "json", AccessRecord{}); strings.Contains(s, "error") || strings.Contains(s, "worker_pid") || strings.Count(s, "\n") != 1 {
		t.Errorf("got %q, want one line without the optional keys", s)
	}
}

func TestAccessDerived(t *testing.T) {
	var buf bytes.Buffer
	parent := NewAccessLogger(&buf, "text").With(KeyRemoteAddr, "a")
	left, right := parent.With(KeyRequestID, "l"), parent.WithGroup("g").With(KeyRequestID, "r")
	left.Info("", KeyStatus, 200)
	right.Info("", KeyStatus, "not a number")
	right.Debug("")
	got := regexp.MustCompile(`\[.*?\]`).ReplaceAllString(buf.String(), "[]")
	const want = "a - - [] \"-\" 200 - \"-\" \"-\" 0.000000 0.000000 l\na - - [] \"-\" - - \"-\" \"-\" 0.000000 0.000000 r\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

var clfShape = regexp.MustCompile(`^[!-~]+ - - \[[^\]]+\] "(?:[ !#-\[\]-~]|\\["\\]|\\x[0-9a-f]{2})*" \S+ \S+ ("(?:[ !#-\[\]-~]|\\["\\]|\\x[0-9a-f]{2})*" ){2}(?:\d+\.\d{6} ){2}[!-~]+\n$`)

// No text from a client makes a second line or moves the fields.
func FuzzAccessText(f *testing.F) {
	f.Add("a b", "GET", "/ \" 200", "ua\n", "id\\")
	f.Fuzz(func(t *testing.T, addr, method, target, agent, id string) {
		got := logged(t, "text", AccessRecord{RemoteAddr: addr, Method: method, Target: target, UserAgent: agent, RequestID: id})
		if !clfShape.MatchString(got) {
			t.Errorf("got %q", got)
		}
	})
}

func TestLogToNothing(t *testing.T) {
	r := sample()
	r.LogTo(t.Context(), nil)
	r.LogTo(t.Context(), slog.New(slog.DiscardHandler))
}

func TestOpenAccessLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	for _, line := range []string{"one\n", "two\n"} {
		w, err := OpenLog("access log", path)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, line)
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "one\ntwo\n" {
		t.Errorf("got %q, %v; want both lines", got, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&^0o640 != 0 || info.Mode().Perm()&0o600 != 0o600 {
		t.Errorf("got %v, %v; want at most 0640", info.Mode(), err)
	}
}

func TestOpenAccessLogStdout(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	stdout := os.Stdout
	os.Stdout = w
	defer func() { os.Stdout = stdout }()

	l, err := OpenLog("access log", "-")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	io.WriteString(l, "after Close")
	w.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != "after Close" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestOpenAccessLogErrors(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "no")
	_, err := OpenLog("access log", filepath.Join(missing, "access.log"))
	if err == nil || !strings.Contains(err.Error(), "directory "+missing+" does not exist: create it first") || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing directory: got %v", err)
	}
	for _, path := range []string{dir, ""} {
		if _, err := OpenLog("access log", path); err == nil || !strings.Contains(err.Error(), "choose a file") {
			t.Errorf("%q: got %v", path, err)
		}
	}
}

func BenchmarkAccess(b *testing.B) {
	loggers := []struct {
		name string
		l    *slog.Logger
	}{
		{"text", NewAccessLogger(io.Discard, "text")},
		{"json", NewAccessLogger(io.Discard, "json")},
		{"off", slog.New(slog.DiscardHandler)},
	}
	r := sample()
	for _, bm := range loggers {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.LogTo(b.Context(), bm.l)
			}
		})
	}
}

// A clone is the same, and does not change with the memory of the first.
func TestAccessRecordClone(t *testing.T) {
	memory := []byte("GET")
	r := sample()
	r.Method = unsafe.String(&memory[0], len(memory))
	c := r.Clone()
	if !reflect.DeepEqual(r, c) {
		t.Errorf("%+v of %+v", c, r)
	}
	copy(memory, "xxx")
	if c.Method != "GET" {
		t.Errorf("the clone's method has become %q", c.Method)
	}
}
