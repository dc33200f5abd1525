package h1

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// oneLine is a foreign form of a request: a method, a path and a length in a line.
func oneLine(src io.Reader, limits Limits) (*Foreign, error) {
	line := make([]byte, len("POST /path 0005"))
	if _, err := io.ReadFull(src, line); err != nil {
		return nil, err
	}
	parts := strings.Fields(string(line))
	f := &Foreign{
		Head:  &Head{Method: parts[0], Target: parts[1], Fields: []Field{{string([]byte("CONTENT-LENGTH")), parts[2]}}, Close: true},
		Proto: "HTTP/3.0", Path: "/decoded", Remote: "192.0.2.1:5",
		Context: func(ctx context.Context) context.Context { return ctx },
	}
	if refusal := f.Check(limits); refusal != nil {
		return nil, refusal
	}
	return f, nil
}

// sendsFiles counts what the kernel could have sent by itself.
type sendsFiles struct {
	*net.TCPConn
	files int
}

func (c *sendsFiles) ReadFrom(src io.Reader) (int64, error) {
	c.files++
	return c.TCPConn.ReadFrom(src)
}

// serveOneLine serves what a client sends on a connection, and returns all that it gets.
func serveOneLine(t *testing.T, handler http.HandlerFunc, sent string) (got string, files int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ended := make(chan int)
	go func() {
		c, err := l.Accept()
		if err != nil {
			close(ended)
			return
		}
		own := &sendsFiles{TCPConn: c.(*net.TCPConn)}
		(&Server{Handler: handler, Foreign: oneLine}).ServeConn(context.Background(), own)
		ended <- own.files
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, sent)
	text, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	return string(text), <-ended
}

func TestForeignRequest(t *testing.T) {
	got, _ := serveOneLine(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != "12345" || r.URL.Path != "/decoded" || r.RequestURI != "/path" || r.RemoteAddr != "192.0.2.1:5" || r.Proto != "HTTP/3.0" || r.ProtoAtLeast(1, 1) || r.Header.Get("Content-Length") != "0005" {
			t.Errorf("got %q, %v of %+v", body, err, r)
		}
		w.WriteHeader(http.StatusEarlyHints) // which the peer could not read
		_, _ = io.WriteString(w, "one")
		_ = http.NewResponseController(w).Flush()
		_, _ = io.WriteString(w, "two")
	}, "POST /path 0005"+"12345"+"GET  /next 0000")
	head, body, _ := strings.Cut(got, "\r\n\r\n")
	if body != "onetwo" || !strings.HasPrefix(head, "HTTP/1.1 200 OK\r\n") || !strings.Contains(head, "\r\nConnection: close") || strings.Contains(head, "Encoding") {
		t.Errorf("got %q", got)
	}
}

// A file goes out by the kernel's own means, as on connections of HTTP/1.
func TestForeignFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("of a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, files := serveOneLine(t, func(w http.ResponseWriter, _ *http.Request) {
		f, err := os.Open(path)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		w.Header().Set("Content-Length", strconv.Itoa(len("of a file")))
		_, _ = w.(io.ReaderFrom).ReadFrom(&io.LimitedReader{R: f, N: int64(len("of a file"))})
	}, "GET  /path 0000")
	if !strings.HasSuffix(got, "\r\n\r\nof a file") || files != 1 {
		t.Errorf("%d files, got %q", files, got)
	}
}

func TestForeignRefusals(t *testing.T) {
	for sent, want := range map[string]string{
		"POST /path 00x5":  "HTTP/1.1 400 Bad Request",
		"POST path/ 0005":  "HTTP/1.1 400 Bad Request",
		"POST /p%zz 0005":  "HTTP/1.1 400 Bad Request",
		"P/ST /path 0005":  "HTTP/1.1 400 Bad Request",
		"CONNECT / 00000 ": "HTTP/1.1 501 Not Implemented",
	} {
		got, _ := serveOneLine(t, func(http.ResponseWriter, *http.Request) { t.Errorf("%q was served", sent) }, sent)
		if !strings.HasPrefix(got, want) || !strings.Contains(got, "\r\nConnection: close\r\n") {
			t.Errorf("%q: got %q", sent, got)
		}
	}
}
