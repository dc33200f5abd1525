package uwsgi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// uploaded is what e2e/apps/upload says of a body.
type uploaded struct{ Kind, Length, Coding, Digest string }

const megabyte = 1 << 20

// large is how many megabytes a large body has: 1 GiB with HIGHBALL_TEST_LONG=1.
func large() int {
	switch {
	case os.Getenv("HIGHBALL_TEST_LONG") != "":
		return 1024
	case testing.Short():
		return 4
	}
	return 64
}

// send uploads that many megabytes, in chunks or with their length.
func (w way) send(t *testing.T, path string, megabytes int, chunked bool) (status int, got uploaded, digest string) {
	t.Helper()
	sum := sha256.New()
	pieces := make([]io.Reader, megabytes)
	for i := range pieces {
		piece := strings.Repeat(fmt.Sprintf("%015d\n", i), megabyte/16)
		_, _ = io.WriteString(sum, piece)
		pieces[i] = strings.NewReader(piece)
	}
	r, err := http.NewRequestWithContext(t.Context(), "POST", w.URL(path), io.MultiReader(pieces...))
	if err != nil {
		t.Fatal(err)
	}
	if r.ContentLength = int64(megabytes) * megabyte; chunked {
		r.ContentLength = -1
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == 200 {
		if err := json.NewDecoder(answer.Body).Decode(&got); err != nil {
			t.Fatal(err)
		}
	}
	return answer.StatusCode, got, hex.EncodeToString(sum.Sum(nil))
}

// Large bodies reach the application whole: as a file, or as they come where the path
// streams.
func TestUploads(t *testing.T) {
	t.Parallel()
	megabytes := large()
	s := start(t, "upload/wsgi.py", "--stream-request", "/streamed")
	s.ways(t, "client_max_body_size 0; uwsgi_request_buffering off;", func(t *testing.T, w way) {
		for path, kind := range map[string]string{"/": "file", "/streamed": "stream"} {
			status, got, digest := w.send(t, path, megabytes, false)
			if want := (uploaded{Kind: kind, Length: fmt.Sprint(megabytes * megabyte), Digest: digest}); status != 200 || got != want {
				t.Errorf("%s: %d, got %+v, want %+v", path, status, got, want)
			}
		}
	})
}

// So do large responses their clients: as they are made, and of a file.
func TestDownloads(t *testing.T) {
	t.Parallel()
	s := start(t, "all:application")
	size := large() * megabyte
	want := sha256.New()
	for n := range size / 16 {
		_, _ = fmt.Fprintf(want, "%15d\n", n)
	}
	s.ways(t, "uwsgi_read_timeout 600s; "+unbuffered, func(t *testing.T, w way) { // making a file of 1 GiB takes a minute
		for _, path := range []string{"/large", "/large/file"} {
			r, err := http.Get(w.URL(fmt.Sprintf("%s?blocks=%d", path, size>>16)))
			if err != nil {
				t.Fatal(err)
			}
			got := sha256.New()
			n, err := io.Copy(got, r.Body)
			_ = r.Body.Close()
			if err != nil || r.StatusCode != 200 || n != int64(size) || !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
				t.Errorf("%s: %d, %d bytes of %d, %v", path, r.StatusCode, n, size, err)
			}
		}
	})
}

// The protocol has no chunks: nginx waits for all of such a body, whatever its settings,
// and sends it with its length; Apache refuses all of them.
func TestUploadsInChunks(t *testing.T) {
	t.Parallel()
	s := start(t, "upload/wsgi.py")
	for _, location := range []string{"", "uwsgi_request_buffering off;"} {
		s.ways(t, location, func(t *testing.T, w way) {
			status, got, digest := w.send(t, "/", 2, true)
			if want := (uploaded{Kind: "file", Length: fmt.Sprint(2 * megabyte), Digest: digest}); w.isNginx() && (status != 200 || got != want) {
				t.Errorf("%q: %d, got %+v, want %+v", location, status, got, want)
			}
			small := w.do(t, harness.PostChunked("/", "a", "bc"))
			if w.isNginx() && (small.Status != 200 || !strings.Contains(small.Body, `"length": "3"`)) {
				t.Errorf("a small one: %s %s", small.Line, small.Body)
			}
			if !w.isNginx() && (status != http.StatusLengthRequired || small.Status != http.StatusLengthRequired) {
				t.Errorf("%d and %s, got %+v", status, small.Line, got)
			}
		})
	}
}

// A client that waits for 100 is told by the proxy, and the application has the body.
func TestExpect(t *testing.T) {
	t.Parallel()
	s := start(t, "all:application", "--stream-request", "/streamed")
	s.ways(t, unbuffered, func(t *testing.T, w way) {
		for _, path := range []string{"/echo", "/streamed/echo"} {
			c := w.dial(t).Send(harness.Request("POST", path, "Expect: 100-continue", "Content-Length: 5"))
			if r := c.Head(); r.Status != 100 {
				t.Fatalf("%s: got %s", path, r.Line)
			}
			c.Send("12345").Response("POST").Want(t, 200, "12345")
		}
	})
}

// What comes back is what was sent; where the path streams, both at once, more than all
// buffers hold.
func TestEcho(t *testing.T) {
	t.Parallel()
	s := start(t, "all:application", "--stream-request", "/streamed")
	body := strings.Repeat("0123456789abcdef", 8*megabyte/16)
	s.ways(t, "client_max_body_size 0; "+unbuffered, func(t *testing.T, w way) {
		r, err := http.Post(w.URL("/echo"), "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil || r.StatusCode != 200 || string(got) != body {
			t.Errorf("%d, %d bytes, %v", r.StatusCode, len(got), err)
		}
	})
	for network, address := range map[string]string{"tcp": s.tcp, "unix": s.socket} {
		c := harness.Dial(t, network, address)
		sent := make(chan error, 1)
		go func() {
			_, err := io.WriteString(c.Conn, get("/streamed/echo", "REQUEST_METHOD", "POST", "CONTENT_LENGTH", fmt.Sprint(len(body)))+body)
			sent <- err
		}()
		if r := c.Response("POST"); r.Status != 200 || r.Body != body {
			t.Errorf("%s: %s, %d bytes", network, r.Line, len(r.Body))
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
	}
}

// A body of which the peer sends less than it has said.
func TestBodiesThatEndEarly(t *testing.T) {
	t.Parallel()
	s := start(t, "upload/wsgi.py", "--stream-request", "/streamed", "--max-body", "1k")
	post := func(path, length, body string) *harness.Conn {
		return harness.Dial(t, "tcp", s.tcp).Send(get(path, "REQUEST_METHOD", "POST", "CONTENT_LENGTH", length), body)
	}
	post("/", "5", "12345").Response("POST").WantStatus(t, 200)
	post("/", "5", "1234567").Response("POST").WantStatus(t, 200) // what is beyond is not read
	post("/", "5", "123").CloseWrite().Response("POST").WantStatus(t, 400)
	post("/", "5000", "123").Response("POST").WantStatus(t, 413)
	post("/", "9223372036854775807", "123").Response("POST").WantStatus(t, 413)
	for _, length := range []string{"-1", "5x", "0x5", "9223372036854775808", " 5", "5,5", "+5", "1e3"} {
		post("/", length, "12345").Response("POST").WantStatus(t, 400)
	}
}
