package gateway

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"highball/internal/wire"
)

func fileOf(t *testing.T, content string) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFiles(t *testing.T) {
	length := func(n int) []Field { return []Field{{"Content-Length", strconv.Itoa(n)}} }
	for name, c := range map[string]struct {
		offset, count int64
		fields        []Field
		body          string
		aborted       bool
	}{
		"whole":                     {0, 10, length(10), "0123456789", false},
		"from an offset":            {3, 7, length(7), "3456789", false},
		"a part":                    {3, 2, length(2), "34", false},
		"empty":                     {10, 0, length(0), "", false},
		"cut since":                 {0, 20, length(20), "0123456789", true},
		"shorter than its length":   {0, 10, length(12), "0123456789", true},
		"longer than its length":    {0, 10, length(4), "0123", false},
		"from behind its end":       {50, 5, length(5), "", true},
		"from far behind its end":   {1 << 62, 1 << 62, nil, "", true},
		"without a length, cut":     {5, 10, nil, "56789", true},
		"without a length, in full": {5, 5, nil, "56789", false},
	} {
		g := newRig(func(w *fakeWorker) {
			w.sendFile(fileOf(t, "0123456789"), c.offset, c.count, "200 OK", c.fields...)
			w.done()
		})
		w, aborted := g.do(get("/"))
		if w.Code != 200 || w.Body.String() != c.body || aborted != c.aborted {
			t.Errorf("%s: %d %q, aborted %v", name, w.Code, w.Body, aborted)
		}
		g.checkFreed(t)
	}
}

// The application's own offset stays where it was, and the front keeps no
// descriptor.
func TestFileOffsetIsTheApplications(t *testing.T) {
	f := fileOf(t, "0123456789")
	mine, err := os.Open(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	g := newRig(func(w *fakeWorker) {
		w.sendFile(f, 4, 6, "200 OK")
		w.done()
	})
	before := openFiles(t)
	if w, _ := g.do(get("/")); w.Body.String() != "456789" {
		t.Errorf("%q", w.Body)
	}
	if _, err := f.Seek(0, io.SeekCurrent); err == nil {
		t.Error("the descriptor is still open")
	}
	if after := openFiles(t); after != before-1 {
		t.Errorf("%d descriptors of the file, then %d", before, after)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc")
	}
	return len(entries)
}

func TestFilesRefused(t *testing.T) {
	for name, c := range map[string]struct {
		offset, count int64
		status        string
		code, killed  int
	}{
		"bad head":       {0, 5, "200", 500, 0},
		"offset below 0": {-1, 5, "200 OK", 502, 1},
		"count below 0":  {0, -5, "200 OK", 502, 1},
	} {
		g := newRig(func(w *fakeWorker) {
			w.call.begun.Store(true)
			w.sendFile(fileOf(t, "0123456789"), c.offset, c.count, c.status)
			w.done()
		})
		w, aborted := g.do(get("/"))
		killed, _ := g.slots[0].counts()
		if w.Code != c.code || aborted || killed != c.killed || g.slots[0].misuse() != "" {
			t.Errorf("%s: %d %q, aborted %v, killed %d, %s", name, w.Code, w.Body, aborted, killed, g.slots[0].misuse())
		}
	}
}

// A file for a client that has left is closed, sent or not.
func TestFileForNobody(t *testing.T) {
	f := fileOf(t, "0123456789")
	g := newRig(func(w *fakeWorker) {
		w.respond(0, "200 OK", "a")
		w.block(0, "more than fits")
		<-w.call.left
		w.sendFile(f, 0, 10, "200 OK")
		w.done()
	})
	if !g.doOn(&plainRecorder{limit: 5}, get("/")) {
		t.Error("not cut")
	}
	if f.Close() == nil {
		t.Error("the file was not closed")
	}
	g.checkFreed(t)
}

// A client that leaves in the middle is no fault of the file's.
func TestClientLeavesAFile(t *testing.T) {
	for name, fields := range map[string][]Field{"with a length": {{"Content-Length", "10"}}, "without": nil} {
		g := newRig(func(w *fakeWorker) {
			w.sendFile(fileOf(t, "0123456789"), 0, 10, "200 OK", fields...)
			w.done()
		})
		if !g.doOn(&plainRecorder{limit: 5}, get("/")) {
			t.Errorf("%s: not cut", name)
		}
		if log := g.log.String(); strings.Contains(log, "level=ERROR") || g.done[0].Failure != "the client left" {
			t.Errorf("%s: %q, log:\n%s", name, g.done[0].Failure, log)
		}
		g.checkFreed(t)
	}
}

// A worker that goes on after the end of its response is out of step.
func TestFramesAfterTheEnd(t *testing.T) {
	g := newRig(func(w *fakeWorker) {
		w.respond(wire.FlagEnd, "200 OK", "whole")
		w.block(0, "late")
	})
	if w, aborted := g.do(get("/")); w.Body.String() != "whole" || aborted {
		t.Errorf("%q, aborted %v", w.Body, aborted)
	}
	g.Wait()
	if killed, _ := g.slots[0].counts(); killed != 1 || g.slots[0].misuse() != "" {
		t.Errorf("killed %d times, %s", killed, g.slots[0].misuse())
	}
}

// That this process may open no more files is no fault of the worker's.
func TestFileThatCannotBeOpened(t *testing.T) {
	g := newRig(func(w *fakeWorker) {
		w.sendFile(nil, 0, 10, "200 OK")
		w.done()
	})
	w, aborted := g.do(get("/"))
	if aborted || w.Code != 503 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("%d, aborted %v, %v", w.Code, aborted, w.Header())
	}
	if log := g.log.String(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "too many open files") || !strings.Contains(log, "LimitNOFILE") {
		t.Errorf("log:\n%s", log)
	}
	g.checkFreed(t)
}
