package static

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

// modified is when the files of the tests were written.
var modified = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// tree is a directory with these files.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	of := fstest.MapFS{}
	for name, text := range files {
		of[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	if err := os.CopyFS(dir, of); err != nil {
		t.Fatal(err)
	}
	for name := range files {
		if err := os.Chtimes(filepath.Join(dir, name), modified, modified); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// site serves mounts before an application that answers 404 with its own page.
func site(t *testing.T, options Options, mounts ...Mount) *Files {
	t.Helper()
	options.Paths = func(r *http.Request) (path, whole, info string) {
		return r.URL.Path, "/behind" + r.URL.Path, strings.TrimPrefix(r.URL.Path, "/app")
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	f := New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "the application's page", http.StatusNotFound)
	}), options)
	f.Set(mounts)
	return f
}

func get(f http.Handler, method, path string, fields ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://test/", nil)
	r.URL.Path = path
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

func wantBody(t *testing.T, got *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if got.Code != status || got.Body.String() != body {
		t.Errorf("got %d %.200q, want %d %q", got.Code, got.Body, status, body)
	}
}

const appPage = "the application's page\n"

func TestFilesAreServed(t *testing.T) {
	dir := tree(t, map[string]string{"css/a.css": "a{}", "b.unknown": "?", "sp ace.txt": "s", "ü.txt": "u", ".well-known/x": "w"})
	f := site(t, Options{}, Mount{URL: "/static", Dir: dir})
	got := get(f, "GET", "/static/css/a.css")
	wantBody(t, got, 200, "a{}")
	for name, want := range map[string]string{
		"Content-Type": "text/css; charset=utf-8", "Content-Length": "3", "Last-Modified": "Mon, 06 May 2024 07:08:09 GMT",
		"Accept-Ranges": "bytes", "Cache-Control": "", "Vary": "", "Content-Encoding": "",
	} {
		if got := got.Header().Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	head := get(f, "HEAD", "/static/css/a.css")
	wantBody(t, head, 200, "")
	if head.Header().Get("Content-Length") != "3" || head.Header().Get("Etag") != got.Header().Get("Etag") {
		t.Errorf("HEAD differs: %v", head.Header())
	}
	wantBody(t, get(f, "GET", "/static/sp ace.txt"), 200, "s")
	wantBody(t, get(f, "GET", "/static/ü.txt"), 200, "u")
	wantBody(t, get(f, "GET", "/static/.well-known/x"), 200, "w")
	if got := get(f, "GET", "/static/b.unknown").Header().Get("Content-Type"); got != "application/octet-stream" {
		t.Errorf("a name that says nothing: %q", got)
	}
}

func TestConditionsAndRanges(t *testing.T) {
	f := site(t, Options{}, Mount{URL: "/s", Dir: tree(t, map[string]string{"a.txt": "0123456789"})})
	tag := get(f, "GET", "/s/a.txt").Header().Get("Etag")
	if len(tag) < 8 || strings.HasPrefix(tag, "W/") {
		t.Fatalf("no strong tag: %q", tag)
	}
	for _, c := range []struct {
		fields string
		status int
		body   string
	}{
		{"If-None-Match: " + tag, 304, ""},
		{`If-None-Match: "other"`, 200, "0123456789"},
		{"If-Modified-Since: Mon, 06 May 2024 07:08:09 GMT", 304, ""},
		{"If-Modified-Since: Mon, 06 May 2024 07:08:08 GMT", 200, "0123456789"},
		{`If-Match: "other"`, 412, ""},
		{"Range: bytes=2-4", 206, "234"},
		{"Range: bytes=-3", 206, "789"},
		{"Range: bytes=100-", 416, "invalid range: failed to overlap\n"},
		{`Range: bytes=2-4|If-Range: "other"`, 200, "0123456789"},
		{"Range: bytes=2-4|If-Range: " + tag, 206, "234"},
	} {
		wantBody(t, get(f, "GET", "/s/a.txt", strings.Split(c.fields, "|")...), c.status, c.body)
	}
	if got := get(f, "GET", "/s/a.txt", "Range: bytes=0-0,3-4"); got.Code != 206 || !strings.HasPrefix(got.Header().Get("Content-Type"), "multipart/byteranges") {
		t.Errorf("two ranges: got %d %v", got.Code, got.Header())
	}
}

// Each part costs a head of its own, however short it is.
func TestTooManyRanges(t *testing.T) {
	text := strings.Repeat("x", 20_000)
	f := site(t, Options{}, Mount{URL: "/s", Dir: tree(t, map[string]string{"a.txt": text})})
	for n, status := range map[int]int{2: 206, mostRanges: 206, mostRanges + 1: 200, 8000: 200} {
		got := get(f, "GET", "/s/a.txt", "Range: bytes="+strings.Repeat("1-1,", n-1)+"2-2")
		if got.Code != status || status == 200 && got.Body.String() != text {
			t.Errorf("%d ranges: got %d with %d bytes", n, got.Code, got.Body.Len())
		}
	}
}

func TestOtherMethods(t *testing.T) {
	f := site(t, Options{}, Mount{URL: "/s", Dir: tree(t, map[string]string{"a.txt": "a"})})
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"} {
		if got := get(f, method, "/s/a.txt"); got.Code != 405 || got.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: got %d %v", method, got.Code, got.Header())
		}
		wantBody(t, get(f, method, "/s/missing.txt"), 404, appPage)
	}
}

// What is no name of a file below the directory is the application's to answer.
func TestNothingElseIsServed(t *testing.T) {
	dir := tree(t, map[string]string{"in/a.txt": "a", "in/.git/config": "secret", "in/.env": "secret", "in/d/.x/y": "secret", "secret.txt": "secret"})
	in := filepath.Join(dir, "in")
	for link, target := range map[string]string{
		"out": "../secret.txt", "absolute": filepath.Join(dir, "secret.txt"), "up": "..", "loop": "loop", "inside": "a.txt", "dev": "/dev/zero",
	} {
		if err := os.Symlink(target, filepath.Join(in, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(in, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := site(t, Options{}, Mount{URL: "/s", Dir: in})
	wantBody(t, get(f, "GET", "/s/inside"), 200, "a") // a link that ends inside
	for _, name := range []string{
		"../secret.txt", "in/../../secret.txt", "..", ".", "", "./a.txt", "/a.txt", "//a.txt", "a.txt/", "a.txt/x", "d/", "d",
		"..\\secret.txt", "a.txt\x00", "a.txt\x00.png", "\x00", "\xff\xfe", "%2e%2e/secret.txt", "..;/secret.txt", "... /secret.txt",
		".git/config", ".env", "d/.x/y", "out", "absolute", "up/secret.txt", "loop", "pipe", "dev", "missing",
		strings.Repeat("x", 300), strings.Repeat("x/", 3000) + "x", strings.Repeat("../", 100) + "etc/passwd",
		"/etc/passwd", filepath.Join(dir, "secret.txt"), "C:\\x", "a.txt:stream", "con", ".well-known/../../secret.txt", ".well-known/.env",
	} {
		wantBody(t, get(f, "GET", "/s/"+name), 404, appPage)
	}
	for _, path := range []string{"/s", "/sa.txt", "/S/a.txt", "/", "", "*", "s/a.txt"} {
		wantBody(t, get(f, "GET", path), 404, appPage)
	}
}

func TestUnreadableFilesAreToldOf(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := tree(t, map[string]string{"a.txt": "a"})
	_ = os.Chmod(filepath.Join(dir, "a.txt"), 0)
	var log strings.Builder
	f := site(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, Mount{URL: "/s", Dir: dir})
	for range 3 {
		wantBody(t, get(f, "GET", "/s/a.txt"), 404, appPage)
	}
	if strings.Count(log.String(), "a file is not served") != 1 {
		t.Errorf("the log says %s", log.String())
	}
}

func TestLinksThatLeadOutAreToldOf(t *testing.T) {
	dir := t.TempDir()
	_ = os.Symlink("/etc/passwd", filepath.Join(dir, "a.txt"))
	var log strings.Builder
	f := site(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, Mount{URL: "/s", Dir: dir})
	wantBody(t, get(f, "GET", "/s/a.txt"), 404, appPage)
	if !strings.Contains(log.String(), "a link leads out of its directory") || !strings.Contains(log.String(), "name=a.txt") {
		t.Errorf("the log says %s", log.String())
	}
}

func TestIndexOfADirectory(t *testing.T) {
	dir := tree(t, map[string]string{"index.html": "top", "d/index.html": "below", "empty/x": "", "a:b/index.html": "odd"})
	f := site(t, Options{Index: "index.html"}, Mount{URL: "/s", Dir: dir})
	wantBody(t, get(f, "GET", "/s/"), 200, "top")
	wantBody(t, get(f, "GET", "/s/d/"), 200, "below")
	for _, path := range []string{"/s/empty/", "/s/empty", "/s//", "/s/../", "/s/d//", "/s/.git/", "/s"} {
		wantBody(t, get(f, "GET", path), 404, appPage)
	}
	for path, want := range map[string]string{"/s/d": "./d/", "/s/a:b": "./a:b/"} {
		if got := get(f, "GET", path); got.Code != 301 || got.Header().Get("Location") != want {
			t.Errorf("%s: got %d %v", path, got.Code, got.Header())
		}
	}
}

func TestPathsOfMounts(t *testing.T) {
	one := tree(t, map[string]string{"a.txt": "1", "b.txt": "1b"})
	two := tree(t, map[string]string{"a.txt": "2", "c.txt": "2c"})
	f := site(t, Options{},
		Mount{URL: "/s", Dir: one}, Mount{URL: "/s", Dir: two}, Mount{URL: "/s/deep", Dir: two}, Mount{URL: "/icon", Dir: one, File: "b.txt"},
		Mount{URL: "/behind/x", Dir: one}, Mount{URL: "/rel", Relative: true, Dir: one}, Mount{Dir: two})
	for path, want := range map[string]string{
		"/s/a.txt": "1", "/s/c.txt": "2c", "/s/deep/a.txt": "2", "/icon": "1b", "/x/a.txt": "1",
		"/app/rel/a.txt": "1", "/rel/a.txt": "1", "/a.txt": "2",
	} {
		wantBody(t, get(f, "GET", path), 200, want)
	}
	wantBody(t, get(f, "GET", "/icon/"), 404, appPage)
	wantBody(t, get(f, "GET", "/s/deep/b.txt"), 404, appPage)
	f.Set(nil)
	wantBody(t, get(f, "GET", "/s/a.txt"), 404, appPage)
}

func TestWhatMayBeKept(t *testing.T) {
	dir := tree(t, map[string]string{"a.css": "a", "a.0123456789ab.css": "h", "LICENSE.0123456789ab": "l", "a.0123456789AB.css": "n"})
	f := site(t, Options{MaxAge: time.Minute}, Mount{URL: "/s", Dir: dir}, Mount{URL: "/h", Dir: dir, Hashed: true}, Mount{URL: "/dev", Dir: dir, Cache: "no-cache"})
	for path, want := range map[string]string{
		"/s/a.css": "public, max-age=60", "/s/a.0123456789ab.css": "public, max-age=60", "/h/a.css": "public, max-age=60",
		"/h/a.0123456789ab.css": forever, "/h/LICENSE.0123456789ab": forever, "/h/a.0123456789AB.css": "public, max-age=60", "/dev/a.css": "no-cache",
	} {
		if got := get(f, "GET", path).Header().Get("Cache-Control"); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// shrinking is a response during which its file becomes shorter.
type shrinking struct {
	*httptest.ResponseRecorder
	path string
}

func (w shrinking) ReadFrom(src io.Reader) (int64, error) {
	_ = os.Truncate(w.path, 100)
	return io.Copy(struct{ io.Writer }{w.ResponseRecorder}, src)
}

func TestAFileThatBecomesShorterIsCut(t *testing.T) {
	dir := tree(t, map[string]string{"a.txt": strings.Repeat("x", 100_000)})
	var answers []Answer
	f := site(t, Options{Done: func(_ *http.Request, a Answer) { answers = append(answers, a) }}, Mount{URL: "/s", Dir: dir})
	w := shrinking{httptest.NewRecorder(), filepath.Join(dir, "a.txt")}
	defer func() {
		if r := recover(); r != http.ErrAbortHandler {
			t.Errorf("the response was taken for whole: %v", r)
		}
		if len(answers) != 1 || answers[0].Bytes != 100 || answers[0].Failure == "" {
			t.Errorf("got %+v", answers)
		}
	}()
	f.ServeHTTP(w, httptest.NewRequest("GET", "/s/a.txt", nil))
}

func TestEachAnswerIsToldOf(t *testing.T) {
	var answers []Answer
	f := site(t, Options{Done: func(_ *http.Request, a Answer) { answers = append(answers, a) }},
		Mount{URL: "/s", Dir: tree(t, map[string]string{"a.txt": "12345"})})
	tag := get(f, "GET", "/s/a.txt").Header().Get("Etag")
	get(f, "HEAD", "/s/a.txt")
	get(f, "GET", "/s/a.txt", "If-None-Match: "+tag)
	get(f, "GET", "/s/a.txt", "Range: bytes=1-2")
	get(f, "POST", "/s/a.txt")
	get(f, "GET", "/s/missing")
	var got []string
	for _, a := range answers {
		got = append(got, http.StatusText(a.Status)+strings.Repeat(".", int(a.Bytes)))
	}
	if s := strings.Join(got, " "); s != "OK..... OK Not Modified Partial Content.. Method Not Allowed..................." {
		t.Errorf("got %s", s)
	}
}

// Where nothing is served the handler costs nothing.
func TestNothingIsAllocatedForOthers(t *testing.T) {
	f := New(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), Options{
		Paths: func(r *http.Request) (path, whole, info string) { return r.URL.Path, r.URL.Path, r.URL.Path },
	})
	r, w := httptest.NewRequest("GET", "/page", nil), httptest.NewRecorder()
	for _, mounts := range [][]Mount{nil, {{URL: "/static", Dir: t.TempDir()}}} {
		f.Set(mounts)
		if n := testing.AllocsPerRun(100, func() { f.ServeHTTP(w, r) }); n != 0 {
			t.Errorf("with %d mounts: %v allocations", len(mounts), n)
		}
	}
}
