package front

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every byte is counted, of connections that are open and of those that have ended.
func TestBytesAreCounted(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			s, addr := serving(t, network, answers)
			const n = 3
			sent, received := int64(0), int64(0)
			for range n {
				c := connect(t, addr)
				text := strings.Replace(request, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1)
				send(t, c, text)
				answer, err := io.ReadAll(c)
				if err != nil {
					t.Fatal(err)
				}
				_ = c.Close()
				sent, received = sent+int64(len(text)), received+int64(len(answer))
			}
			eventually(t, "they have ended", isOpen(s, 0))
			open := connect(t, addr)
			send(t, open, request)
			wantAnswer(t, "on one that stays open", open, false)
			one := received/n - int64(len("Connection: close\r\n"))
			eventually(t, "all is counted", func() bool { return s.Stats().Sent >= received+one })
			if got := s.Stats(); got.Received != sent+int64(len(request)) || got.Sent != received+one {
				t.Errorf("%+v, want %d and %d", got, sent+int64(len(request)), received+one)
			}
		})
	}
}

// So is what the kernel sends of a file.
func TestSendfileIsCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	const size = 1 << 20
	if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	s, addr := serving(t, "tcp", func(w http.ResponseWriter, _ *http.Request) {
		f, err := os.Open(path)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		w.Header().Set("Content-Length", "1048576")
		_, _ = io.Copy(w, io.LimitReader(f, size))
	})
	c := connect(t, addr)
	send(t, c, strings.Replace(request, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1))
	answer, err := io.ReadAll(c)
	if err != nil || len(answer) < size {
		t.Fatalf("%d bytes, %v", len(answer), err)
	}
	_ = c.Close()
	eventually(t, "it has ended", isOpen(s, 0))
	if got := s.Stats().Sent; got != int64(len(answer)) {
		t.Errorf("%d bytes are counted of %d", got, len(answer))
	}
}

// So is what leaves in one write with its head.
func TestLargeWritesAreCounted(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			s, addr := serving(t, network, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 100<<10)) })
			c := connect(t, addr)
			send(t, c, strings.Replace(request, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1))
			answer, err := io.ReadAll(c)
			if err != nil {
				t.Fatal(err)
			}
			_ = c.Close()
			eventually(t, "it has ended", isOpen(s, 0))
			if got := s.Stats().Sent; got != int64(len(answer)) {
				t.Errorf("%d bytes are counted of %d", got, len(answer))
			}
		})
	}
}

// What is no request is counted by its clause.
func TestRefusalsAreCounted(t *testing.T) {
	s, addr := serving(t, "tcp", answers)
	for range 3 {
		c := connect(t, addr)
		send(t, c, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
		_, _ = io.ReadAll(c)
	}
	if got := s.Stats().Refusals; got["RFC 9112 3.2"] != 3 || len(got) != 1 {
		t.Errorf("%v", got)
	}
}
