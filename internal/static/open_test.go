package static

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCompressedSiblings(t *testing.T) {
	dir := tree(t, map[string]string{
		"a.css": "plain", "a.css.br": "BR", "a.css.gz": "GZIP", "a.css.zst": "ZSTD", "b.js": "plain", "b.js.gz": "old", "c.png": "png", "c.png.gz": "no", "d.css": "d",
	})
	old := modified.Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "b.js.gz"), old, old); err != nil {
		t.Fatal(err)
	}
	f := site(t, Options{}, Mount{URL: "/s", Dir: dir})
	for _, c := range []struct{ path, accept, body, coding, vary string }{
		{"/s/a.css", "", "plain", "", "Accept-Encoding"},
		{"/s/a.css", "gzip, deflate, br, zstd", "BR", "br", "Accept-Encoding"},
		{"/s/a.css", "gzip, zstd", "ZSTD", "zstd", "Accept-Encoding"},
		{"/s/a.css", "GZIP;q=0.5", "GZIP", "gzip", "Accept-Encoding"},
		{"/s/a.css", "x-gzip", "GZIP", "gzip", "Accept-Encoding"},
		{"/s/a.css", "*", "BR", "br", "Accept-Encoding"},
		{"/s/a.css", "br;q=0, *;q=1", "ZSTD", "zstd", "Accept-Encoding"},
		{"/s/a.css", "*;q=0, gzip;q=0.001", "GZIP", "gzip", "Accept-Encoding"},
		{"/s/a.css", "br; q=0.000, gzip ; q = 1", "GZIP", "gzip", "Accept-Encoding"},
		{"/s/a.css", "br;q=x", "plain", "", "Accept-Encoding"},
		{"/s/a.css", "identity, deflate", "plain", "", "Accept-Encoding"},
		{"/s/b.js", "gzip", "plain", "", ""}, // the sibling is older: forgotten
		{"/s/c.png", "gzip", "png", "", ""},
		{"/s/d.css", "gzip", "d", "", ""},
	} {
		got := get(f, "GET", c.path, "Accept-Encoding: "+c.accept)
		wantBody(t, got, 200, c.body)
		h := got.Header()
		if h.Get("Content-Encoding") != c.coding || h.Get("Vary") != c.vary || h.Get("Content-Length") != itoa(len(c.body)) {
			t.Errorf("%s of %q: got %v", c.path, c.accept, h)
		}
		if !strings.HasPrefix(h.Get("Content-Type"), "text/") && c.path != "/s/c.png" {
			t.Errorf("%s: the type is %q", c.path, h.Get("Content-Type"))
		}
	}
}

func itoa(n int) string { return string(rune('0' + n)) }

// Each coding has a tag of its own: a range of one is none of another.
func TestTagsOfCodings(t *testing.T) {
	f := site(t, Options{}, Mount{URL: "/s", Dir: tree(t, map[string]string{"a.css": "01234", "a.css.gz": "abcde"})})
	plain := get(f, "GET", "/s/a.css").Header().Get("Etag")
	coded := get(f, "GET", "/s/a.css", "Accept-Encoding: gzip").Header().Get("Etag")
	if plain == coded || coded == "" {
		t.Errorf("tags %q and %q", plain, coded)
	}
	wantBody(t, get(f, "GET", "/s/a.css", "Accept-Encoding: gzip", "Range: bytes=1-2", "If-Range: "+plain), 200, "abcde")
	part := get(f, "GET", "/s/a.css", "Accept-Encoding: gzip", "Range: bytes=1-2", "If-Range: "+coded)
	wantBody(t, part, 206, "bc")
	if part.Header().Get("Content-Length") != "2" {
		t.Errorf("the part: %v", part.Header())
	}
	wantBody(t, get(f, "GET", "/s/a.css", "Accept-Encoding: gzip", "If-None-Match: "+coded), 304, "")
	refused := get(f, "GET", "/s/a.css", "Accept-Encoding: gzip", `If-Match: "x"`)
	if refused.Code != 412 || refused.Header().Get("Content-Length") != "" || refused.Header().Get("Content-Encoding") != "" {
		t.Errorf("got %d %v", refused.Code, refused.Header())
	}
}

// FuzzPaths looks for a path that gets at what is beside the directory, or hidden in it.
func FuzzPaths(f *testing.F) {
	dir := f.TempDir()
	for name, text := range map[string]string{"in/a.txt": "served", "in/d/b.txt": "served", "in/.env": "secret", "in/d/.git/x": "secret", "secret.txt": "secret"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			f.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			f.Fatal(err)
		}
	}
	for link, target := range map[string]string{"out": "..", "root": "/", "self": "."} {
		if err := os.Symlink(target, filepath.Join(dir, "in", link)); err != nil {
			f.Fatal(err)
		}
	}
	for _, seed := range []string{
		"/s/a.txt", "/s/d/b.txt", "/s/self/a.txt", "/s/self/.env", "/s/out/secret.txt", "/s/../secret.txt", "/s/d/../../secret.txt", "/s/.env", "/s//.env",
		"/s/.well-known/../.env", "/s/./.env", "/s/root" + dir + "/secret.txt", "/s/d/.git/x", "/s/out/in/.env", "/s/a.txt\x00/../../secret.txt",
	} {
		f.Add(seed)
	}
	files := New(http.NotFoundHandler(), Options{
		Paths: func(r *http.Request) (path, whole, info string) { return r.URL.Path, r.URL.Path, r.URL.Path }, Logger: slog.New(slog.DiscardHandler),
	})
	files.Set([]Mount{{URL: "/s", Dir: filepath.Join(dir, "in")}})
	f.Fuzz(func(t *testing.T, path string) {
		got := get(files, "GET", path)
		if body := got.Body.String(); got.Code == 200 && body != "served" {
			t.Errorf("%q: got %.100q", path, body)
		}
	})
}

// A deployment that puts another directory in the place of the first needs no reload.
func TestDirectoryIsReplaced(t *testing.T) {
	dir := t.TempDir()
	one, two := tree(t, map[string]string{"a.txt": "1"}), tree(t, map[string]string{"a.txt": "2"})
	current := filepath.Join(dir, "current")
	f := site(t, Options{}, Mount{URL: "/s", Dir: current})
	wantBody(t, get(f, "GET", "/s/a.txt"), 404, appPage)
	for i, target := range []string{one, two} {
		_ = os.Remove(current)
		if err := os.Symlink(target, current); err != nil {
			t.Fatal(err)
		}
		wantBody(t, get(f, "GET", "/s/a.txt"), 200, itoa(i+1))
	}
}

func TestParseMount(t *testing.T) {
	dir := tree(t, map[string]string{"assets/a.css": "", "app/app.py": ""})
	app := filepath.Join(dir, "app")
	for entry, want := range map[string]string{
		"/static=../assets": "/static/ assets", "/static/=" + dir + "/assets/": "/static/ assets", "/=../assets": "/ assets", "/a.css=../assets/a.css": "/a.css assets/a.css",
	} {
		m, err := ParseMount(entry, app)
		if err != nil {
			t.Errorf("%s: %v", entry, err)
			continue
		}
		place, _ := filepath.Rel(dir, m.Place())
		if got := m.Path() + " " + place; got != want {
			t.Errorf("%s: got %s, want %s", entry, got, want)
		}
	}
	for entry, want := range map[string]string{
		"": "write /URL=DIRECTORY", "/static": "write /URL=DIRECTORY", "/static=": "write /URL=DIRECTORY", "static=../assets": `did you mean "/static=../assets"?`,
		"/a/../b=../assets": "are not taken for", "/a//b=../assets": "are not taken for", "/static=../missing": "no such file or directory",
		"/=../assets/a.css": "neither a directory", "/dev=/dev/null": "neither a directory",
		"/static=.": "holds the application itself", "/static=..": "holds the application itself",
	} {
		if m, err := ParseMount(entry, app); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v, want an error with %q", entry, m, err, want)
		}
	}
}
