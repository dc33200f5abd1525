package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// loop asks over all connections from one thread, which sleeps only in epoll_wait:
// what the load takes of the processors, the servers do not have. Its system calls
// are raw: each that Go's scheduler knows of may cost it a second thread.
type loop struct {
	epoll   int
	asking  map[int32]*asking
	request []byte
	want    int64 // bytes of each body
	end     time.Time
	times   []time.Duration
}

// asking is one connection.
type asking struct {
	fd    int
	began time.Time
	buf   []byte // of the response, what has come
	limit int    // bytes of the whole response; 0: its head is not whole yet
}

// askFor has all clients ask until the end, and returns the time of each request.
func askFor(ctx context.Context, clients []*client, path string, want int64, end time.Time) ([]time.Duration, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	defer unix.Close(epoll)
	l := &loop{epoll: epoll, asking: map[int32]*asking{}, request: getRequest(path), want: want, end: end}
	for _, c := range clients {
		if err := l.add(c); err != nil {
			return nil, err
		}
	}
	err = errors.Join(l.run(), ctx.Err())
	return l.times, err
}

// add sends the first request of a connection. Its descriptor is a copy, so that
// the runtime's poller has no part in what follows.
func (l *loop) add(c *client) error {
	raw, err := c.Conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return err
	}
	var fd int
	if controlErr := raw.Control(func(original uintptr) { fd, err = unix.FcntlInt(original, unix.F_DUPFD_CLOEXEC, 0) }); controlErr != nil {
		err = controlErr
	}
	if err != nil {
		return err
	}
	a := &asking{fd: fd, buf: make([]byte, 0, 16<<10)}
	l.asking[int32(fd)] = a
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		return err
	}
	return l.ask(a)
}

// ask sends a request: far smaller than a socket's buffer, so that it goes whole.
func (l *loop) ask(a *asking) error {
	a.began, a.buf, a.limit = time.Now(), a.buf[:0], 0
	n, err := rawTransfer(unix.SYS_WRITE, a.fd, l.request)
	if err == nil && n < len(l.request) {
		err = io.ErrShortWrite
	}
	return err
}

func (l *loop) run() error {
	events := make([]unix.EpollEvent, 256)
	for len(l.asking) > 0 {
		n, err := rawWait(l.epoll, events)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		case n == 0:
			return fmt.Errorf("%d requests had no answer within %s", len(l.asking), answerTimeout)
		}
		for _, e := range events[:n] {
			if err := l.take(l.asking[e.Fd]); err != nil {
				return err
			}
		}
	}
	return nil
}

// take reads what has come of a response, and sends the next request after it.
func (l *loop) take(a *asking) error {
	n, err := rawTransfer(unix.SYS_READ, a.fd, a.buf[len(a.buf):cap(a.buf)])
	if err != nil || n == 0 {
		return fmt.Errorf("the server closed a connection: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	a.buf = a.buf[:len(a.buf)+n]
	if a.limit == 0 {
		if err := l.readHead(a); err != nil {
			return err
		}
	}
	if a.limit == 0 || len(a.buf) < a.limit {
		return nil
	}
	now := time.Now()
	l.times = append(l.times, now.Sub(a.began))
	if now.Before(l.end) {
		return l.ask(a)
	}
	delete(l.asking, int32(a.fd))
	return unix.Close(a.fd)
}

// readHead checks the head, once it is whole: status 200 and the Content-Length
// of the first answer.
func (l *loop) readHead(a *asking) error {
	end := bytes.Index(a.buf, []byte("\r\n\r\n"))
	if end < 0 {
		return nil
	}
	head := a.buf[:end+2]
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("answered %q", head)
	}
	_, rest, _ := bytes.Cut(head, []byte("\r\nContent-Length: "))
	value, _, _ := bytes.Cut(rest, []byte("\r\n"))
	length, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || length != l.want {
		return fmt.Errorf("a body of %q bytes, the first had %d", value, l.want)
	}
	a.limit = end + 4 + int(length)
	if a.limit > cap(a.buf) {
		a.buf = append(make([]byte, 0, a.limit), a.buf...)
	}
	return nil
}

func rawTransfer(trap uintptr, fd int, p []byte) (int, error) {
	n, _, errno := unix.RawSyscall(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// rawWait is epoll_pwait for answerTimeout at most.
func rawWait(epoll int, events []unix.EpollEvent) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epoll), uintptr(unsafe.Pointer(&events[0])),
		uintptr(len(events)), uintptr(answerTimeout.Milliseconds()), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
