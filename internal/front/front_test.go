package front

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

const request = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"

var networks = []string{"tcp", "unix"}

// A client that sends a request and closes its own direction has not left: it
// gets its answer.
func TestHalfCloseIsNotLeaving(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			finish := make(chan struct{})
			_, addr := serving(t, network, func(w http.ResponseWriter, r *http.Request) {
				<-finish
				_, _ = fmt.Fprintf(w, "left: %v", r.Context().Err())
			})
			c := connect(t, addr)
			send(t, c, request)
			if err := c.(socket).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			close(finish)
			answer, err := io.ReadAll(c)
			if err != nil || !strings.HasSuffix(string(answer), "left: <nil>") {
				t.Errorf("%q, %v", answer, err)
			}
		})
	}
}

// One that resets the connection has left; so has, on a Unix socket, one that closes it.
func TestResetIsLeaving(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			ended, began := make(chan struct{}), make(chan struct{})
			_, addr := serving(t, network, func(_ http.ResponseWriter, r *http.Request) {
				close(began)
				<-r.Context().Done()
				<-WhileQueued(r.Context()).Done()
				close(ended)
			})
			c := connect(t, addr)
			send(t, c, request)
			wait(t, "the handler", began)
			if tcp, ok := c.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // close by RST
			}
			_ = c.Close()
			wait(t, "the end of both contexts", ended)
		})
	}
}

// HTTP/2 knows no half-close: who closes one direction of the connection has left.
func TestHalfCloseOfHTTP2IsLeaving(t *testing.T) {
	server, _ := accepted(t, "tcp")
	ctx := rememberConn(t.Context(), server)
	connOf(ctx).http2.Store(true)
	if WhileQueued(ctx) != ctx {
		t.Error("it has a context of its own for the queue")
	}
}

// A connection of others has nothing of ours.
func TestContextsOfOthers(t *testing.T) {
	if ClosesInOrder(t.Context()) || WhileQueued(t.Context()) != t.Context() {
		t.Error("taken for ours")
	}
}

// A response that is given while the client still sends arrives whole: the
// connection takes what comes, for a while, before it closes.
func TestUnreadRequest(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			answer := strings.Repeat("x", 300<<10)
			returned := make(chan struct{})
			_, addr := serving(t, network, func(w http.ResponseWriter, r *http.Request) {
				defer close(returned)
				_ = http.NewResponseController(w).EnableFullDuplex()
				_, _ = io.ReadFull(r.Body, make([]byte, 10))
				if !ClosesInOrder(r.Context()) {
					t.Error("the connection is none of ours")
				}
				w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
				_, _ = io.WriteString(w, answer)
			})
			c := connect(t, addr)
			if tcp, ok := c.(*net.TCPConn); ok { // some of the answer waits at the server
				_ = tcp.SetReadBuffer(16 << 10)
			}
			send(t, c, "POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 1000000000\r\n\r\n0123456789")
			response, err := http.ReadResponse(bufio.NewReaderSize(c, 16), nil)
			if err != nil {
				t.Fatal(err)
			}
			got := readUntil(response.Body, returned)
			// More than fits on the way: it passes when the server takes it, or has
			// closed; but less than it takes at most.
			_, _ = c.Write(make([]byte, 900<<10))
			rest, err := io.Copy(io.Discard, response.Body)
			if err != nil || got+rest != int64(len(answer)) {
				t.Errorf("%d bytes of %d, %v", got+rest, len(answer), err)
			}
		})
	}
}

// readUntil reads slowly, no more than it must for the server to get ahead.
func readUntil(r io.Reader, stop <-chan struct{}) (n int64) {
	for piece := make([]byte, 1<<10); ; {
		select {
		case <-stop:
			return n
		default:
		}
		k, err := r.Read(piece)
		n += int64(k)
		if err != nil {
			return n
		}
	}
}

// HTTP/2 in clear text, by prior knowledge; and HTTP/1.1 on the same listener.
func TestProtocols(t *testing.T) {
	_, addr := serving(t, "tcp", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	})
	for _, want := range []string{"HTTP/2.0", "HTTP/1.1"} {
		transport := &http.Transport{Protocols: new(http.Protocols)}
		transport.Protocols.SetHTTP1(want == "HTTP/1.1")
		transport.Protocols.SetUnencryptedHTTP2(want == "HTTP/2.0")
		client := http.Client{Transport: transport, Timeout: patience}
		response, err := client.Get("http://" + addr.String())
		if err != nil {
			t.Errorf("%s: %v", want, err)
			continue
		}
		got, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		transport.CloseIdleConnections()
		if string(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// Shutdown soon refuses new connections and waits for the request that runs.
func TestShutdownWaits(t *testing.T) {
	began, finish := make(chan struct{}), make(chan struct{})
	s, addr := serving(t, "tcp", func(w http.ResponseWriter, _ *http.Request) {
		close(began)
		<-finish
		_, _ = io.WriteString(w, "finished")
	})
	c := connect(t, addr)
	send(t, c, request)
	wait(t, "the handler", began)
	done := make(chan error, 1)
	ctx := patient(t)
	go func() { done <- s.Shutdown(ctx) }()
	for deadline := time.Now().Add(patience); ; { // until the listener is closed
		other, err := net.Dial("tcp", addr.String())
		if err != nil {
			break
		}
		_ = other.Close()
		if time.Now().After(deadline) {
			t.Fatal("new connections are still accepted")
		}
	}
	select {
	case err := <-done:
		t.Fatalf("Shutdown returned %v while a request ran", err)
	default:
	}
	close(finish)
	answer, err := io.ReadAll(c)
	if err != nil || !strings.HasSuffix(string(answer), "finished") {
		t.Errorf("%q, %v", answer, err)
	}
	if err := wait(t, "Shutdown", done); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

// A handler that aborts cuts the connection: no client takes the part for the whole.
func TestAbortCuts(t *testing.T) {
	_, addr := serving(t, "tcp", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "part")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	c := connect(t, addr)
	send(t, c, request)
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(response.Body); !errors.Is(err, io.ErrUnexpectedEOF) || string(got) != "part" {
		t.Errorf("%q, %v", got, err)
	}
}

// A head beyond the limit is refused, with the status that says so.
func TestLargeHead(t *testing.T) {
	_, addr := serving(t, "tcp", func(http.ResponseWriter, *http.Request) { t.Error("it was served") })
	c := connect(t, addr)
	send(t, c, "GET / HTTP/1.1\r\nHost: example.org\r\nX: "+strings.Repeat("x", maxHead+8<<10)+"\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Fatalf("%v, %v", response, err)
	}
	_ = response.Body.Close()
}
