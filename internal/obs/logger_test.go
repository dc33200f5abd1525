package obs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"
)

func TestSlogText(t *testing.T) {
	var buf bytes.Buffer
	slogtest.Run(t,
		func(*testing.T) slog.Handler { buf.Reset(); return NewLogger(&buf, "text", slog.LevelInfo).Handler() },
		func(t *testing.T) map[string]any { return parseLine(t, buf.String()) })
}

func TestSlogJSON(t *testing.T) {
	var buf bytes.Buffer
	slogtest.Run(t,
		func(*testing.T) slog.Handler { buf.Reset(); return NewLogger(&buf, "json", slog.LevelInfo).Handler() },
		func(t *testing.T) map[string]any {
			var m map[string]any
			if err := json.Unmarshal(buf.Bytes(), &m); err != nil {
				t.Fatal(err)
			}
			return m
		})
}

var (
	lineShape = regexp.MustCompile(`^(?:(\d\d:\d\d:\d\d\.\d{3}) )?([A-Z]+) +(\S*)((?: \S+=(?:"(?:[^"\\]|\\.)*"|\S+))*)\n$`)
	attrShape = regexp.MustCompile(` (\S+?)=("(?:[^"\\]|\\.)*"|\S+)`)
)

// parseLine reads a line whose message is one word, as slogtest wants it.
func parseLine(t *testing.T, line string) map[string]any {
	t.Helper()
	f := lineShape.FindStringSubmatch(line)
	if f == nil {
		t.Fatalf("%q has not the shape of a record", line)
	}
	m := map[string]any{slog.LevelKey: f[2], slog.MessageKey: f[3]}
	if f[1] != "" {
		m[slog.TimeKey] = f[1]
	}
	for _, a := range attrShape.FindAllStringSubmatch(f[4], -1) {
		group := m
		keys := strings.Split(a[1], ".")
		for _, k := range keys[:len(keys)-1] {
			if group[k] == nil {
				group[k] = map[string]any{}
			}
			group = group[k].(map[string]any)
		}
		value := a[2]
		if unquoted, err := strconv.Unquote(value); err == nil {
			value = unquoted
		}
		group[keys[len(keys)-1]] = value
	}
	return m
}

func TestConsole(t *testing.T) {
	const stack = "Traceback (most recent call last):\n  File \"a.py\", line 1\n\tx\nKeyError: 'k'\n"
	tests := []struct {
		name string
		log  func(*slog.Logger)
		want string
	}{
		{"plain", func(l *slog.Logger) { l.Info("ready", "addr", "127.0.0.1:8000", "n", 2) }, "INFO  ready addr=127.0.0.1:8000 n=2\n"},
		{"levels", func(l *slog.Logger) {
			l.Debug("d")
			l.Warn("w")
			l.Error("e")
			l.Log(t.Context(), slog.LevelError+1, "f")
		}, "DEBUG d\nWARN  w\nERROR e\nERROR+1 f\n"},
		{"quotes where needed", func(l *slog.Logger) { l.Info("m", "a", "", "b", "x y", "c", `"`, "d", "k=v", "e", "ü", "f", `C:\x`) }, `INFO  m a="" b="x y" c="\"" d="k=v" e=ü f=C:\x` + "\n"},
		{"quotes in keys", func(l *slog.Logger) { l.Info("m", "a b\n", 1) }, `INFO  m "a b\n"=1` + "\n"},
		{"kinds", func(l *slog.Logger) {
			l.Info("m", "d", 1500*time.Millisecond, "t", time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), "err", errors.New("bad luck"), "b", []byte("raw"), "ok", true, "nil", nil)
		}, "INFO  m d=1.5s t=2026-01-02T03:04:05.006Z err=\"bad luck\" b=raw ok=true nil=<nil>\n"},
		{"control characters", func(l *slog.Logger) {
			l.Info("a\x1b[2Jb\x00", "k", "x\x1b[31m", "r", "a\rb", "bad", "\xff", "bidi", "\u202e")
		},
			`INFO  a\x1b[2Jb\x00 k="x\x1b[31m" r="a\rb" bad="\xff" bidi="\u202e"` + "\n"},
		{"one line with an end", func(l *slog.Logger) { l.Info("said\n", "text", "hello\r\n") }, `INFO  said text="hello\r\n"` + "\n"},
		{"lines below", func(l *slog.Logger) { l.Error("failed", "traceback", stack, "pid", 7) },
			"ERROR failed pid=7\n  Traceback (most recent call last):\n    File \"a.py\", line 1\n  \tx\n  KeyError: 'k'\n"},
		{"lines escaped", func(l *slog.Logger) { l.Info("m", "k", "a\r\nb\x1b\r\n\rc\xff") }, "INFO  m\n  a\n  b\\x1b\n  \\rc\\xff\n"},
		{"several values with lines", func(l *slog.Logger) { l.With("a", "1\n2").Info("m", "b", "3\n4") }, "INFO  m\n  a:\n  1\n  2\n  b:\n  3\n  4\n"},
		{"message with lines", func(l *slog.Logger) { l.Info("one\r\ntwo\n\nthree\n", "k", "v") }, "INFO  one k=v\n  two\n  \n  three\n"},
		{"groups", func(l *slog.Logger) {
			l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("").Info("m", slog.Group("h", "c", 3))
		}, "INFO  m a=1 g.b=2 g.h.c=3\n"},
		{"siblings", func(l *slog.Logger) {
			parent := l.With("p", 1)
			left, right := parent.With("l", 2, "x", "1\n2"), parent.With("r", 3, "y", "3\n4")
			left.Info("m")
			right.Info("m")
		}, "INFO  m p=1 l=2\n  1\n  2\nINFO  m p=1 r=3\n  3\n  4\n"},
	}
	clock := regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d\.\d{3} `)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var buf bytes.Buffer
			tt.log(NewLogger(&buf, "text", slog.LevelDebug))
			if got := clock.ReplaceAllString(buf.String(), ""); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestLevel(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var buf bytes.Buffer
		l := NewLogger(&buf, format, slog.LevelWarn)
		l.Info("no")
		if buf.Len() != 0 {
			t.Errorf("%s: got %q below the level", format, buf.String())
		}
		l.Warn("yes")
		if !strings.Contains(buf.String(), "yes") {
			t.Errorf("%s: got %q at the level", format, buf.String())
		}
	}
}

func TestJSON(t *testing.T) {
	var buf bytes.Buffer
	r := slog.NewRecord(time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.FixedZone("", 7200)), slog.LevelInfo, "m", 0)
	r.AddAttrs(slog.Duration("d", 1500*time.Microsecond), slog.String("s", "a\nb"))
	if err := NewLogger(&buf, "json", slog.LevelInfo).Handler().Handle(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	const want = `{"time":"2026-01-02T03:04:05.123+02:00","level":"INFO","msg":"m","d":0.0015,"s":"a\nb"}` + "\n"
	if buf.String() != want {
		t.Errorf("got %s, want %s", buf.String(), want)
	}
}

// Whatever a client sends, only the first line of a record begins at the margin,
// and no control character but the tab gets out.
func FuzzConsole(f *testing.F) {
	f.Add("m", "k", "v\n15:04:05.000 INFO  forged", "a\r\nb")
	f.Add("\x1b[2J", "k\n", "\u0085\u2028", "\xff\n\x00")
	f.Fuzz(func(t *testing.T, message, key, v1, v2 string) {
		var buf bytes.Buffer
		NewLogger(&buf, "text", slog.LevelInfo).Info(message, key, v1, key, v2)
		lines := strings.Split(strings.TrimSuffix(buf.String(), "\n"), "\n")
		for i, line := range lines {
			if i > 0 && !strings.HasPrefix(line, "  ") {
				t.Errorf("line %d begins at the margin: %q", i, buf.String())
			}
			if line != string(appendEscaped(nil, line)) {
				t.Errorf("line %d has a character that should be escaped: %q", i, line)
			}
		}
	})
}

// writes keeps what each Write got.
type writes struct {
	mu   sync.Mutex
	each []string
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.each = append(w.each, string(p))
	return len(p), nil
}

func TestOneWrite(t *testing.T) {
	record := AccessRecord{Time: time.Now(), Method: "GET", Target: "/", Proto: "HTTP/1.1", RequestID: "id"}
	loggers := map[string]func(io.Writer) *slog.Logger{
		"text":        func(w io.Writer) *slog.Logger { return NewLogger(w, "text", slog.LevelInfo) },
		"json":        func(w io.Writer) *slog.Logger { return NewLogger(w, "json", slog.LevelInfo) },
		"access text": func(w io.Writer) *slog.Logger { return NewAccessLogger(w, "text") },
		"access json": func(w io.Writer) *slog.Logger { return NewAccessLogger(w, "json") },
	}
	for name, newLogger := range loggers {
		t.Run(name, func(t *testing.T) {
			const routines, records = 8, 50
			var w writes
			l := newLogger(&w)
			var wg sync.WaitGroup
			for range routines {
				wg.Go(func() {
					derived := l.With(KeyRequestID, "id")
					for range records {
						record.LogTo(t.Context(), derived)
					}
				})
			}
			wg.Wait()
			if len(w.each) != routines*records {
				t.Fatalf("got %d writes, want %d", len(w.each), routines*records)
			}
			for _, s := range w.each {
				if strings.Count(s, "\n") != 1 || !strings.HasSuffix(s, "\n") || !strings.Contains(s, "id") {
					t.Fatalf("got a write of %q, want one whole line", s)
				}
			}
		})
	}
}
