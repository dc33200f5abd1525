package main

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"
)

// slowPause is how long a slow client waits between two bytes that it sends, or two
// small reads.
const slowPause = time.Second

// slowKind is what slow clients do: they say an opening at once, and then the rest
// byte by byte; or read their answer slowly.
type slowKind struct {
	name    string
	opening string
	reads   bool
}

// slowKinds are the three. What is read is more than the system's buffers take.
func slowKinds() []slowKind {
	const host = "\r\nHost: bench.example\r\n"
	return []slowKind{
		{name: "send a head", opening: "GET /?0 HTTP/1.1" + host + "X-Slow: "},
		{name: "send a body", opening: "POST / HTTP/1.1" + host + "Content-Length: 1048576\r\n\r\n"},
		{name: "read 4 MiB", opening: "GET /?4194304 HTTP/1.1" + host + "\r\n", reads: true},
	}
}

// come has so many clients connect, again when they are cut, until they are told to
// leave. It returns when each has had the time to.
func (k slowKind) come(ctx context.Context, addr string, n int) (leave func()) {
	ctx, stop := context.WithCancel(ctx)
	var clients sync.WaitGroup
	for range n {
		clients.Go(func() {
			for ctx.Err() == nil {
				k.connection(ctx, addr)
				pause(ctx)
			}
		})
	}
	pause(ctx)
	return func() { stop(); clients.Wait() }
}

func pause(ctx context.Context) {
	select {
	case <-time.After(slowPause):
	case <-ctx.Done():
	}
}

// connection is one of a slow client's, to its end.
func (k slowKind) connection(ctx context.Context, addr string) {
	d := net.Dialer{Timeout: answerTimeout}
	if k.reads {
		d.Control = smallWindow
	}
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	_ = c.(*net.TCPConn).SetLinger(0) // no port is left in TIME_WAIT
	_, err = io.WriteString(c, k.opening)
	few := []byte(strings.Repeat("x", 16))
	for err == nil {
		pause(ctx)
		if k.reads {
			_, err = c.Read(few)
		} else {
			_, err = c.Write(few[:1])
		}
	}
}

// smallWindow has the system take little for a client that reads slowly.
func smallWindow(_, _ string, raw syscall.RawConn) (err error) {
	controlErr := raw.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
	if err == nil {
		err = controlErr
	}
	return err
}
