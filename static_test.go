package highball

import (
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"highball/internal/worker"
)

// What a new generation reports holds when its reload has succeeded, not before, and what
// an old one does no more.
func TestStaticFilesFollowTheReload(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"old", "new"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, "a.txt"), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := New(Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	reports := func(name string) worker.Ready {
		return worker.Ready{PID: 1, Static: []worker.Static{{URL: "/s/", Dir: filepath.Join(dir, name)}}}
	}
	wantServed := func(when, name string) {
		t.Helper()
		w := httptest.NewRecorder()
		s.static.files.ServeHTTP(w, httptest.NewRequest("GET", "/s/a.txt", nil))
		if body, _ := io.ReadAll(w.Result().Body); strings.TrimSpace(string(body)) != name {
			t.Errorf("%s: got %q, want %q", when, body, name)
		}
	}
	first, second, third := &generation{s: s}, &generation{s: s}, &generation{s: s}
	s.static.begin(first)
	s.static.report(first, reports("old"))
	s.static.announce()
	wantServed("at the start", "old")

	s.static.hold()
	s.static.begin(second)
	s.static.report(second, reports("new"))
	wantServed("during the reload", "old")
	s.static.release(false)
	wantServed("when it has failed", "old")

	s.static.hold()
	s.static.begin(third)
	s.static.report(third, reports("new"))
	s.static.report(first, reports("old")) // one that was made anew meanwhile
	s.static.release(true)
	wantServed("when it has succeeded", "new")
	s.static.report(first, reports("old"))
	wantServed("later", "new")
}
