package front

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// securePair is a connection over TLS with its client.
func securePair(t *testing.T, network string) (*secureConn, *tls.Conn) {
	t.Helper()
	server, client := certified(t)
	nc, plain := accepted(t, network)
	c := tls.Client(plain, client)
	failed := make(chan error, 1)
	go func() { failed <- c.Handshake() }()
	own := trackedOf(nc)
	secure := own.server.secure(own, nc, Listening{TLS: server})
	if err := wait(t, "the handshake", failed); err != nil || secure == nil {
		t.Fatal(err)
	}
	return secure, c
}

// lender counts what it has lent.
type lender struct{ out atomic.Int64 }

func (l *lender) Get() []byte { l.out.Add(1); return make([]byte, 64) }
func (l *lender) Put([]byte)  { l.out.Add(-1) }

// A connection that waits holds no buffer; what TLS has read ahead is not waited for.
func TestTLSReadLate(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			server, client := securePair(t, network)
			b := &lender{}
			read := func() string {
				t.Helper()
				p, n, err := server.ReadLate(b)
				if err != nil {
					t.Fatal(err)
				}
				text := string(p[:n])
				b.Put(p)
				return text
			}
			first := bytes.Repeat([]byte("a"), 100)
			_, _ = client.Write(first)
			_, _ = client.Write([]byte("b"))
			_, _ = client.Write([]byte("c"))
			var got string
			for len(got) < 102 {
				got += read()
			}
			if got != string(first)+"bc" {
				t.Errorf("%q", got)
			}
			waits := make(chan string)
			go func() { waits <- read() }()
			eventually(t, "it waits in the kernel", func() bool { return isParked("ReadLate") })
			if b.out.Load() != 0 {
				t.Errorf("%d buffers are held while nothing comes", b.out.Load())
			}
			_, _ = client.Write([]byte("d"))
			if got := wait(t, "what comes", waits); got != "d" || b.out.Load() != 0 {
				t.Errorf("%q, %d buffers", got, b.out.Load())
			}
			_ = client.CloseWrite()
			if _, _, err := server.ReadLate(b); err != io.EOF || b.out.Load() != 0 {
				t.Errorf("at the end: %v, %d buffers", err, b.out.Load())
			}
		})
	}
}

// isParked says whether a goroutine waits for the network within a function.
func isParked(function string) bool {
	buf := make([]byte, 1<<20)
	for stack := range bytes.SplitSeq(buf[:runtime.Stack(buf, true)], []byte("\n\n")) {
		if bytes.Contains(stack, []byte("[IO wait")) && bytes.Contains(stack, []byte(function)) {
			return true
		}
	}
	return false
}

// counting counts the writes.
type counting struct {
	net.Conn
	writes int
}

func (c *counting) Write(p []byte) (int, error) {
	c.writes++
	return c.Conn.Write(p)
}

// What is written at a time leaves by one call of the system, in however many records.
func TestTLSWritesAtOnce(t *testing.T) {
	server, client := securePair(t, "tcp")
	below := &counting{Conn: server.wire.Conn}
	server.wire.Conn = below
	head, body := bytes.Repeat([]byte("h"), 300), bytes.Repeat([]byte("b"), 20<<10)
	received := make(chan []byte, 1)
	go func() {
		all := make([]byte, 2*(len(head)+len(body)))
		_, _ = io.ReadFull(client, all)
		received <- all
	}()
	if n, err := server.WriteTwo(head, body); n != len(head)+len(body) || err != nil || below.writes != 1 {
		t.Errorf("%d, %v, %d writes, want 1", n, err, below.writes)
	}
	if n, err := server.Write(append(head, body...)); n != len(head)+len(body) || err != nil || below.writes != 2 {
		t.Errorf("%d, %v, %d writes, want 2", n, err, below.writes)
	}
	want := bytes.Repeat(append(head, body...), 2)
	if got := wait(t, "what was written", received); !bytes.Equal(got, want) {
		t.Error("what came is something else")
	}
	_ = client.Close()
	_ = server.Close()
	if _, err := server.Write(body); err == nil {
		t.Error("a write to a connection that is closed")
	}
}

// A client of TLS that leaves says that it closes, which is data to the kernel: a request
// in the queue does not take it for a question.
func TestTLSClientLeavesTheQueue(t *testing.T) {
	began, left := make(chan struct{}), make(chan bool, 1)
	s := newServer(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		select {
		case <-WhileQueued(r.Context()).Done():
			left <- true
		case <-time.After(patience):
			left <- false
		}
	})
	_, dial := secured(t, "tcp", s, "http/1.1")
	c := dial()
	_, _ = io.WriteString(c, request)
	wait(t, "the handler", began)
	sent := time.Now()
	eventually(t, "a while has passed", func() bool { return time.Since(sent) > 5*halfCloseDelay*time.Millisecond })
	_ = c.Close()
	if !wait(t, "the handler's end", left) {
		t.Error("it waits on")
	}
}
