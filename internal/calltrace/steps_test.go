package calltrace

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata")

const (
	head   = "HTTP/1.1 200 OK\r\nX-A: 2\r\nDate: today\r\nTransfer-Encoding: chunked\r\n\r\n"
	chunks = "1\r\na\r\n"
)

// recorded is a request through one middleware, with the events out of order.
func recorded(t *testing.T) *Recorder {
	t.Helper()
	r := New(&Request{Target: "/x?y", Host: "h:1", Fields: []string{"X-Shop: 1"}})
	r.Environ = map[string]string{"shop.name": "x"}
	sent, err := r.Request.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	r.start = 1_000_000
	r.entries = append(r.entries, entry{at: r.start, event: event{"event": "request"}, bytes: sent})
	at := r.start
	event := func(kind string, layer int64, fields map[string]any) {
		at += 10_000
		e := map[string]any{"event": kind, "time": at, "layer": layer, "name": "the application"}
		if layer == 1 {
			e["name"] = "mw:Mark"
		}
		for key, value := range fields {
			e[key] = value
		}
		r.Event(e)
	}
	event("environ", 1, map[string]any{"items": []any{
		[]any{"wsgi.version", "tuple", "(1, 0)"}, []any{"HTTP_X_SHOP", "str", "'1'"},
		[]any{"PATH_INFO", "str", "'/x'"}, []any{"shop.name", "str", "'x'"},
	}})
	event("call", 1, map[string]any{"object": "a Mark object", "kind": "Mark", "where": "mw.py:5"})
	event("call", 0, map[string]any{"object": "app", "kind": "function", "where": "app.py:1", "changes": []any{
		[]any{"added", "mark", "", "True"}, []any{"removed", "HTTP_X_SHOP", "'1'", ""},
	}})
	event("start_response", 0, map[string]any{"status": "200 OK", "where": "app.py:2 in app", "headers": []any{
		[]any{"X-A", "1"}, []any{"X-B", "1"},
	}})
	event("start_response", 1, map[string]any{"status": "200 OK", "where": "mw.py:7 in sr", "headers": []any{[]any{"X-A", "2"}}})
	event("return", 0, map[string]any{"kind": "generator", "blocks": int64(-1), "close": true})
	event("return", 1, map[string]any{"kind": "map", "blocks": int64(-1), "close": true})
	event("block", 0, map[string]any{"index": int64(1), "size": int64(1), "data": []byte("\xe9")})
	event("block", 1, map[string]any{"index": int64(1), "size": int64(1), "data": []byte("a")})
	at += 10_000
	arrived := at
	event("end", 0, map[string]any{"blocks": int64(1), "bytes": int64(1)})
	event("end", 1, map[string]any{"blocks": int64(1), "bytes": int64(1)})
	event("close", 1, map[string]any{"kind": "map"})
	r.entries = append(r.entries,
		entry{at: at + 1000, event: map[string]any{"event": "response"}, bytes: []byte("0\r\n\r\n")},
		entry{at: arrived, event: map[string]any{"event": "response"}, bytes: []byte(head + chunks)})
	return r
}

func TestPrint(t *testing.T) {
	d := Document{Application: "app:app", Request: "GET /x?y", Status: 200, Steps: recorded(t).Steps()}
	var got bytes.Buffer
	if err := d.Print(&got, Style{}); err != nil {
		t.Fatal(err)
	}
	compare(t, "testdata/trace.txt", got.Bytes())
	document, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "testdata/trace.json", append(document, '\n'))
}

func compare(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: have\n%s", path, got)
	}
}

func TestColor(t *testing.T) {
	d := Document{Steps: recorded(t).Steps()}
	var got bytes.Buffer
	if err := d.Print(&got, Style{Color: true}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(got.Bytes(), []byte("\x1b[2m# ")) {
		t.Error("the captions have no colour")
	}
}

// The last event of the outermost layer ends the wait; nothing else does.
func TestAwait(t *testing.T) {
	closes := map[string]any{"event": "return", "layer": int64(0), "blocks": int64(-1), "close": true}
	open := map[string]any{"event": "return", "layer": int64(0), "blocks": int64(-1), "close": false}
	list := map[string]any{"event": "return", "layer": int64(0), "blocks": int64(1), "close": false}
	end := map[string]any{"event": "end", "layer": int64(0)}
	tests := []struct {
		name   string
		events []map[string]any
		done   bool
	}{
		{"a list", []map[string]any{list}, true},
		{"a generator", []map[string]any{closes, end}, false},
		{"a generator that is closed", []map[string]any{closes, end, {"event": "close", "layer": int64(0)}}, true},
		{"an iterator without close", []map[string]any{open, end}, true},
		{"an exception", []map[string]any{{"event": "exception", "layer": int64(0), "phase": "call"}}, true},
		{"an exception in the body", []map[string]any{closes, {"event": "exception", "layer": int64(0), "phase": "iteration"}}, false},
		{"another layer", []map[string]any{{"event": "close", "layer": int64(1)}}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := New(&Request{})
			r.Event(map[string]any{"event": "environ", "layer": int64(0)})
			for _, e := range test.events {
				r.Event(e)
			}
			if r.isDone != test.done {
				t.Errorf("done: %v, want %v", r.isDone, test.done)
			}
		})
	}
}

func TestOwnAnswer(t *testing.T) {
	r := New(&Request{})
	r.Sent([]byte("GET / HTTP/1.1\r\n\r\n"))
	r.Received([]byte("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
	steps := r.Steps()
	if len(steps) != 2 || steps[1].Why != whyOwnAnswer {
		t.Errorf("%+v", steps[len(steps)-1])
	}
}

func TestHeadChanges(t *testing.T) {
	given := &Step{Status: "200 OK", Headers: [][2]string{{"Set-Cookie", "a"}, {"Set-Cookie", "b"}, {"X-A", "1"}}}
	passed := &Step{Status: "404 Not Found", Headers: [][2]string{{"Set-Cookie", "b"}, {"x-a", "2"}, {"X-New", "n"}}}
	want := []Change{
		{"changed", "status", "200 OK", "404 Not Found"}, {"removed", "Set-Cookie", "a", ""},
		{"changed", "X-A", "1", "2"}, {"added", "X-New", "", "n"},
	}
	if got := headChanges(given, passed); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestBytesRepr(t *testing.T) {
	for data, want := range map[string]string{
		"plain":         "b'plain'",
		"it's":          `b"it's"`,
		"'\"":           `b'\'"'`,
		"a\\\r\n\t\x00": `b'a\\\r\n\t\x00'`,
		"\u00e9\u007f":  `b'\xe9\x7f'`,
	} {
		if got := bytesRepr([]rune(data)); got != want {
			t.Errorf("%q: %s, want %s", data, got, want)
		}
	}
}

func TestPrintableHidesControls(t *testing.T) {
	const want = "é\uFFFD[31m\uFFFD"
	if got := printable("\u00c3\u00a9\x1b[31m\u009b"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
