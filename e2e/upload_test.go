package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"highball"
	"highball/e2e/harness"
)

// uploaded is what e2e/apps/upload says of a body.
type uploaded struct {
	Kind, Length, Coding, Digest, Again string
	End, Size                           int64
	Inheritable, Writable               bool
}

func digest(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// text is a body of n bytes in which no two places look alike.
func text(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(strconv.Itoa(i))
	}
	return b.String()[:n]
}

// uploads starts a server for e2e/apps/upload with small borders.
func uploads(t *testing.T, p harness.Python, args ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Listening(harness.Options{
		App: "upload/wsgi.py", Python: p.Path,
		Args: append([]string{"--workers", "1", "--threads", "2", "--body-memory", "10k", "--spool-limit", "100k", "--spool-quota", "150k"}, args...),
	}))
}

// check fails unless the application got this body in this way.
func (u uploaded) check(t *testing.T, name, body, kind string) {
	t.Helper()
	want := uploaded{Kind: kind, Length: strconv.Itoa(len(body)), Digest: digest(body)}
	if kind != "stream" {
		want.End, want.Again = int64(len(body)), want.Digest
	}
	if kind == "file" {
		want.Size = int64(len(body))
	}
	if u != want {
		t.Errorf("%s of %d bytes: got %+v, want %+v", name, len(body), u, want)
	}
}

// What a body is to the application, at each border.
func TestWhereABodyWaits(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		s := uploads(t, p)
		for _, w := range wiresFor(t, p, nil) { // in turn: they share the quota
			t.Run(w.Name, func(t *testing.T) {
				checkWaiting(t, s.Speak(w))
				wantNoFiles(t, s)
			})
		}
	})
}

func checkWaiting(t *testing.T, s *harness.Client) {
	t.Helper()
	for size, kind := range map[int]string{
		1: "memory", 10<<10 - 1: "memory", 10 << 10: "memory",
		10<<10 + 1: "file", 100<<10 - 1: "file", 100 << 10: "file",
		100<<10 + 1: "stream", 300 << 10: "stream",
	} {
		body := text(size)
		c := s.Connect(t)
		ask := harness.Ask("POST", "/")
		for name, e := range map[string]harness.Exchange{
			"length": ask.With(body), "expect": harness.Ask("POST", "/", "Expect: 100-continue").With(body),
			"one piece": ask.InPieces(body), "pieces": ask.InPieces(body[:size/2], body[size/2:]),
		} {
			if strings.Contains(name, "piece") && !s.Can(harness.Framing) {
				continue
			}
			var got uploaded
			c.Do(e).JSON(t, &got)
			if e.Length < 0 && kind == "stream" { // of a length that nobody knows
				got.Length, got.Coding = got.Length+strconv.Itoa(size), strings.TrimPrefix(got.Coding, chunked(s))
			}
			got.check(t, name, body, kind)
		}
	}
}

func TestLargeUpload(t *testing.T) {
	if testing.Short() {
		t.Skip("moves 100 MiB")
	}
	t.Parallel()
	const size = 100 << 20
	s := harness.Start(t, harness.Options{App: "upload/wsgi.py", Python: harness.Newest(t).Path, Args: []string{"--workers", "1"}})
	piece := text(1 << 20)
	sum := sha256.New()
	for range size >> 20 {
		_, _ = io.WriteString(sum, piece)
	}
	for _, known := range []bool{true, false} {
		body := io.MultiReader(repeat(piece, size>>20)...)
		r, _ := http.NewRequestWithContext(t.Context(), "POST", s.URL("/"), body)
		if known {
			r.ContentLength = size
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		for _, part := range []string{`"kind": "file"`, hex.EncodeToString(sum.Sum(nil)), strconv.Itoa(size)} {
			if !strings.Contains(string(answer), part) {
				t.Errorf("known %v: got %s, without %s", known, answer, part)
			}
		}
	}
	wantNoFiles(t, s)
}

func repeat(piece string, times int) (readers []io.Reader) {
	for range times {
		readers = append(readers, strings.NewReader(piece))
	}
	return readers
}

func TestTooLargeBody(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		s := uploads(t, p, "--max-body", "50k", "--stream-request", "/streamed")
		const most = 50 << 10
		for _, path := range []string{"/", "/streamed"} {
			s.Do(t, harness.Post(path, text(most))).WantStatus(t, 200)
			s.Do(t, harness.PostChunked(path, text(most))).WantStatus(t, 200)
			for name, request := range map[string]string{
				"announced":            harness.Request("POST", path+"?tag=refused", fmt.Sprint("Content-Length: ", most+1)),
				"announced, expecting": harness.Request("POST", path+"?tag=refused", "Expect: 100-continue", fmt.Sprint("Content-Length: ", most+1)),
				"sent":                 harness.Post(path+"?tag=refused", text(3*most)),
			} {
				c := s.Dial(t).Send(request)
				r := c.Response("POST")
				if r.Status != 413 || len(r.Interim) > 0 || r.Get("Connection") != "close" {
					t.Errorf("%s%s: got %s, %d before it", name, path, r.Line, len(r.Interim))
				}
				c.ExpectEnd()
			}
			c := s.Dial(t).Send(harness.PostChunked(path, text(most), "x"), harness.Request("GET", "/?tag=refused"))
			c.Response("POST").WantStatus(t, 413)
			c.ExpectEnd()
		}
		s.Do(t, harness.Post("/?tag=last", "small")).WantStatus(t, 200)
		s.WaitText(t, "last called")
		want(t, "calls of the application", s.Count("refused called"), 0)
		wantNoFiles(t, s)
	})
}

// A body whose worker dies is read from its beginning by the next.
func TestSpooledBodyIsServedAgain(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		s := uploads(t, p, "--workers", "2", "--retry-idempotent")
		body := text(90_000)
		for name, request := range map[string]string{
			"length": strings.Replace(harness.Post("/?die=DIR/length", body), "POST", "PUT", 1), "chunked": strings.Replace(harness.PostChunked("/?die=DIR/chunked", body), "POST", "PUT", 1),
		} {
			var got uploaded
			s.Do(t, strings.Replace(request, "DIR", t.TempDir(), 1)).JSON(t, &got)
			got.check(t, name, body, "file")
		}
		s.Do(t, harness.Post("/?die="+filepath.Join(t.TempDir(), "post"), body)).WantStatus(t, 502)
		wantNoFiles(t, s)
	})
}

// The same in a net/http server that is not ours.
func TestUploadsInTheLibrary(t *testing.T) {
	p := harness.Newest(t)
	t.Parallel()
	server := httptest.NewServer(library(t, p, "upload", func(c *highball.Config) {
		c.BodyMemory, c.SpoolLimit, c.MaxBody, c.StreamRequest = 10<<10, 100<<10, 200<<10, []string{"/streamed/"}
		c.BodyTimeout = time.Second
	}))
	t.Cleanup(server.Close)
	post := func(path, body string, known bool) (int, string) {
		t.Helper()
		r, _ := http.NewRequestWithContext(t.Context(), "POST", server.URL+path, strings.NewReader(body))
		if !known {
			r.ContentLength = -1
		}
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		answer, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(answer)
	}
	for _, known := range []bool{true, false} {
		for _, c := range []struct {
			path, kind string
			size       int
		}{
			{"/", "memory", 100}, {"/", "file", 50_000}, {"/", "stream", 150_000}, {"/streamed", "stream", 100}, {"/streamed/x", "stream", 100},
		} {
			body := text(c.size)
			status, answer := post(c.path, body, known)
			if status != 200 || !strings.Contains(answer, `"`+c.kind+`"`) || !strings.Contains(answer, digest(body)) {
				t.Errorf("%+v: %d %s", c, status, answer)
			}
		}
		if status, _ := post("/", text(300_000), known); status != 413 {
			t.Errorf("too large: %d", status)
		}
	}
	for _, path := range []string{"/", "/streamed"} {
		for _, parts := range beginnings(path, text(50_000)) {
			c := harness.Dial(t, "tcp", server.Listener.Addr().String()).Send(parts[0])
			c.Response("POST").WantStatus(t, 408)
			c.ExpectEnd()
		}
	}
}

// spooled are the files in the server's directory for them, which have no names, and
// their size together.
func spooled(t *testing.T, s *harness.Server) (files int, size int64) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", s.PID)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Skipf("the open files of a process cannot be seen here: %v", err)
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		target, _ := os.Readlink(name)
		info, err := os.Stat(name)
		if strings.Contains(target, "highball-scratch-") && strings.HasSuffix(target, " (deleted)") && err == nil {
			files, size = files+1, size+info.Size()
		}
	}
	return files, size
}

func wantNoFiles(t *testing.T, s *harness.Server) {
	t.Helper()
	harness.Eventually(t, "no body is kept any more", func() bool { files, _ := spooled(t, s); return files == 0 })
}
