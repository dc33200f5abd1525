package h1

import (
	"net"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// leaves learns of clients that have gone while their requests are served: of
// resets, and on Unix sockets of closes; and of those that have ended only their own
// direction, and may wait. It is one epoll instance that is asked for nothing that
// can be read. So it costs a connection one system call, and a request nothing.
type leaves struct {
	file *os.File // the epoll instance, which waits in the runtime's own poller

	mu   sync.Mutex
	last uint64
	by   map[uint64]leaver // by number: a descriptor's is used again too soon
}

func newLeaves() (*leaves, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	l := &leaves{file: os.NewFile(uintptr(fd), "leaves"), by: map[uint64]leaver{}}
	go l.run()
	return l, nil
}

// watch has the functions called when the client of nc goes. The connection must be
// forgotten before it is closed. Of one that is no socket nothing is learned.
func (l *leaves) watch(nc net.Conn, who leaver) (forget func()) {
	socket, ok := nc.(syscall.Conn)
	if !ok {
		return func() {}
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return func() {}
	}
	l.mu.Lock()
	l.last++
	number := l.last
	l.by[number] = who
	l.mu.Unlock()
	event := unix.EpollEvent{Events: unix.EPOLLET | unix.EPOLLRDHUP, Fd: int32(number), Pad: int32(number >> 32)}
	_ = raw.Control(func(fd uintptr) { _ = l.control(unix.EPOLL_CTL_ADD, int(fd), &event) })
	return func() {
		l.mu.Lock()
		delete(l.by, number)
		l.mu.Unlock()
	}
}

func (l *leaves) control(op, fd int, event *unix.EpollEvent) (err error) {
	raw, err := l.file.SyscallConn()
	if err != nil {
		return err
	}
	if controlErr := raw.Control(func(epoll uintptr) { err = unix.EpollCtl(int(epoll), op, fd, event) }); controlErr != nil {
		return controlErr
	}
	return err
}

// run tells who has left, until the file is closed.
func (l *leaves) run() {
	raw, err := l.file.SyscallConn()
	if err != nil {
		return
	}
	events := make([]unix.EpollEvent, 128)
	for {
		n := 0
		err := raw.Read(func(epoll uintptr) bool {
			n, _ = unix.EpollWait(int(epoll), events, 0)
			return n > 0
		})
		if err != nil {
			return
		}
		for _, e := range events[:n] {
			l.tell(uint64(uint32(e.Fd))|uint64(uint32(e.Pad))<<32, e.Events)
		}
	}
}

func (l *leaves) tell(number uint64, events uint32) {
	l.mu.Lock()
	who, known := l.by[number]
	l.mu.Unlock()
	switch {
	case !known:
	case events&(unix.EPOLLHUP|unix.EPOLLERR) != 0:
		who.left()
	default:
		who.halfClosed()
	}
}

func (l *leaves) close() { _ = l.file.Close() }
