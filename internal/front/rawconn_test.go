package front

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// accepted is a connection as the server has it, and its client.
func accepted(t *testing.T, network string) (server, client net.Conn) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client = connect(t, l.Addr())
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if server, err = track(c, newServer(nil)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server, client
}

// plain is net's own connection within one of ours.
func plain(t *testing.T, c net.Conn) net.Conn {
	t.Helper()
	switch c := c.(type) {
	case *tcpConn:
		return c.TCPConn
	case *unixConn:
		return c.UnixConn
	}
	t.Fatalf("a %T goes past rawConn", c)
	return nil
}

// bothWays runs body for reads and for writes on a connection of each network.
func bothWays(t *testing.T, body func(t *testing.T, server, client net.Conn, op string, do func(net.Conn) (int, error))) {
	operations := map[string]func(net.Conn) (int, error){
		"read":  func(c net.Conn) (int, error) { return c.Read(make([]byte, 1)) },
		"write": func(c net.Conn) (int, error) { return c.Write(make([]byte, 1)) },
	}
	for _, network := range networks {
		for op, do := range operations {
			t.Run(network+" "+op, func(t *testing.T) {
				server, client := accepted(t, network)
				body(t, server, client, op, do)
			})
		}
	}
}

// wantOpError checks that got is what net gives, and is said of the same connection.
func wantOpError(t *testing.T, got error, op string, server net.Conn) *net.OpError {
	t.Helper()
	opError, ok := got.(*net.OpError)
	if !ok {
		t.Fatalf("%T: %v, want a *net.OpError", got, got)
	}
	if opError.Op != op || opError.Net != server.LocalAddr().Network() ||
		opError.Source != server.LocalAddr() || opError.Addr != server.RemoteAddr() {
		t.Errorf("the operation %q on %s, from %v to %v", opError.Op, opError.Net, opError.Source, opError.Addr)
	}
	return opError
}

// wantSame checks that what we say is, to the letter, what net says.
func wantSame(t *testing.T, got, want error) {
	t.Helper()
	if got.Error() != want.Error() {
		t.Errorf("the error is %q, net's is %q", got, want)
	}
}

func TestDeadlineOfAConnection(t *testing.T) {
	bothWays(t, func(t *testing.T, server, _ net.Conn, op string, do func(net.Conn) (int, error)) {
		if err := server.SetDeadline(time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		_, got := do(server)
		opError := wantOpError(t, got, op, server)
		if !opError.Timeout() || !errors.Is(got, os.ErrDeadlineExceeded) {
			t.Errorf("%v is no timeout", got)
		}
		_, want := do(plain(t, server))
		wantSame(t, got, want)
		_ = server.SetDeadline(time.Time{})
		if _, err := server.Write([]byte("later")); err != nil {
			t.Errorf("without the deadline: %v", err)
		}
	})
}

func TestUseOfAClosedConnection(t *testing.T) {
	bothWays(t, func(t *testing.T, server, _ net.Conn, op string, do func(net.Conn) (int, error)) {
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
		_, got := do(server)
		if opError := wantOpError(t, got, op, server); opError.Timeout() || !errors.Is(got, net.ErrClosed) {
			t.Errorf("%v is not net.ErrClosed", got)
		}
		_, want := do(plain(t, server))
		wantSame(t, got, want)
	})
}

// Close ends a Read that waits.
func TestCloseEndsARead(t *testing.T) {
	for _, network := range networks {
		server, client := accepted(t, network)
		send(t, client, "x")
		failed := make(chan error, 1)
		go func() {
			_, err := io.Copy(io.Discard, struct{ io.Reader }{server})
			failed <- err
		}()
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
		err := wait(t, "the end of Read", failed)
		wantOpError(t, err, "read", server)
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: %v, want net.ErrClosed", network, err)
		}
	}
}

// The end of what the client sends is io.EOF itself: callers compare.
func TestEndOfAConnection(t *testing.T) {
	for _, network := range networks {
		server, client := accepted(t, network)
		send(t, client, "last")
		if err := client.(socket).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 10)
		if n, err := server.Read(p); string(p[:n]) != "last" || err != nil {
			t.Errorf("%s: %q, %v", network, p[:n], err)
		}
		if _, err := server.Read(p); err != io.EOF {
			t.Errorf("%s: %v, want io.EOF", network, err)
		}
		if _, err := server.Write([]byte("answer")); err != nil {
			t.Errorf("%s: the other direction: %v", network, err)
		}
	}
}

// What the system refuses is told as net tells it.
func TestSystemErrorsOfAConnection(t *testing.T) {
	for _, network := range networks {
		server, client := accepted(t, network)
		if tcp, ok := client.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // close by RST
			_ = client.Close()
			_, err := server.Read(make([]byte, 1))
			wantSystemError(t, wantOpError(t, err, "read", server), syscall.ECONNRESET)
		}
		_ = client.Close()
		_, got := server.Write([]byte("x"))
		wantSystemError(t, wantOpError(t, got, "write", server), syscall.EPIPE)
		_, want := plain(t, server).Write([]byte("x"))
		wantSame(t, got, want)
	}
}

func wantSystemError(t *testing.T, opError *net.OpError, want syscall.Errno) {
	t.Helper()
	var system *os.SyscallError
	if !errors.As(opError, &system) || system.Err != want || system.Syscall != opError.Op || opError.Timeout() {
		t.Errorf("%v, want %v of %s", opError, want, opError.Op)
	}
}
