package pages

import (
	"os"
	"path/filepath"
	"testing"

	"highball/e2e/harness"
)

// counting says how often it was asked, with all that has proxies compress and keep it.
const counting = `
n = 0
def app(environ, start_response):
    global n
    n += 1
    start_response("200 OK", [("Content-Type", "text/plain"), ("Cache-Control", "public, max-age=600"), ("ETag", '"1"')])
    return [b"%d " % n + b"a" * 5000]
`

// What a proxy in front does and Highball does not: once it does, the pages have to say so.
func TestWhatIsMissing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "counting.py"), []byte(counting), 0o600); err != nil {
		t.Fatal(err)
	}
	s := harness.Start(t, harness.Options{App: "counting:app", Dir: dir, Args: []string{"--workers", "1", "--threads", "1"}})
	for _, begins := range []string{"1 a", "2 a"} {
		res := s.Get(t, "/", "Accept-Encoding: gzip, br, zstd")
		res.WantStatus(t, 200)
		if res.Has("Content-Encoding") {
			t.Error("the response is compressed")
		}
		if res.Body[:3] != begins {
			t.Errorf("the response is %.3q, want %q: it was kept", res.Body, begins)
		}
	}
}
