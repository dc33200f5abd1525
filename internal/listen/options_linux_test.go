package listen

import (
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// The queue of a socket with a backlog of n is full with n+1 connections on Linux.
func TestBacklog(t *testing.T) {
	for _, bind := range []string{sock(t).String(), "unix:@highball-backlog-" + strconv.Itoa(os.Getpid())} {
		l := openWith(t, bind+"?backlog=3")
		waiting := 0
		for ; waiting < 10 && connects(t, l); waiting++ {
		}
		if waiting != 4 {
			t.Errorf("%s: %d connections wait, want 4", bind, waiting)
		}
	}
}

// connects says whether a connection finds room in the backlog.
func connects(t *testing.T, l *Socket) bool {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return unix.Connect(fd, &unix.SockaddrUnix{Name: l.Addr().String()}) == nil
}

func TestBacklogOfTCP(t *testing.T) {
	l := openWith(t, "127.0.0.1:0?backlog=3")
	raw, err := l.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var info *unix.TCPInfo
	if controlErr := raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }); controlErr != nil || err != nil {
		t.Fatal(controlErr, err)
	}
	if info.Sacked != 3 { // of a listening socket that is its backlog, tcp(7)
		t.Errorf("a backlog of %d, want 3", info.Sacked)
	}
}
