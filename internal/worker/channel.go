package worker

import (
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"

	"highball/internal/wire"
)

// message is one structured frame of a control socket. Where descriptors are
// short it may come without its files.
type message struct {
	kind  wire.Type
	value any
	files []*os.File
}

func (m message) dict() map[string]any {
	d, _ := m.value.(map[string]any)
	return d
}

// channel is a control socket: structured frames, some with descriptors. Send
// may be called from several goroutines, receive from one.
type channel struct {
	conn *net.UnixConn
	mu   sync.Mutex

	buf   []byte // received, not parsed
	fds   []int  // received, not claimed by a frame
	short bool   // some could not be received: this process may open no more
}

func (c *channel) send(kind wire.Type, value any, files ...*os.File) error {
	payload := wire.AppendAny(make([]byte, wire.HeaderSize, 512), value)
	h := wire.Header{
		Length: uint32(len(payload) - wire.HeaderSize), Type: kind, FDs: uint16(len(files)),
	}
	h.Put(payload)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(files) > 0 {
		fds := make([]int, len(files))
		for i, f := range files {
			fds[i] = int(f.Fd())
		}
		n, _, err := c.conn.WriteMsgUnix(payload, syscall.UnixRights(fds...), nil)
		if err != nil {
			return err
		}
		payload = payload[n:]
	}
	_, err := c.conn.Write(payload)
	return err
}

func (c *channel) receive() (m message, err error) {
	defer func() {
		if err != nil {
			c.drop(m.files)
		}
	}()
	if err := c.fill(wire.HeaderSize); err != nil {
		return message{}, err
	}
	h := wire.ParseHeader(c.buf)
	if h.Length > wire.MaxMessage || h.FDs > wire.MaxFDs {
		return message{}, fmt.Errorf("%w: %s of %d bytes", wire.ErrTooLong, h.Type, h.Length)
	}
	total := wire.HeaderSize + int(h.Length)
	if err := c.fill(total); err != nil {
		return message{}, err
	}
	if len(c.fds) < int(h.FDs) && !c.short {
		return message{}, fmt.Errorf("%w: a descriptor is missing", wire.ErrMalformed)
	}
	d := wire.NewDecoder(c.buf[wire.HeaderSize:total])
	m = message{kind: h.Type, value: d.Any(), files: c.claim(min(int(h.FDs), len(c.fds)))}
	c.buf = append(c.buf[:0:0], c.buf[total:]...)
	return m, d.Err()
}

func (c *channel) claim(n int) []*os.File {
	var files []*os.File
	for _, fd := range c.fds[:n] {
		_ = syscall.SetNonblock(fd, true) // so that os.NewFile hands it to the poller
		files = append(files, os.NewFile(uintptr(fd), "received"))
	}
	c.fds = c.fds[n:]
	return files
}

// fill reads until want bytes are there. Each read leaves room for descriptors:
// a plain read would drop them silently.
func (c *channel) fill(want int) error {
	data := make([]byte, 16<<10)
	oob := make([]byte, syscall.CmsgSpace(wire.MaxFDs*4))
	for len(c.buf) < want {
		n, oobn, flags, _, err := c.conn.ReadMsgUnix(data, oob)
		if err != nil {
			return err
		}
		c.short = c.short || flags&syscall.MSG_CTRUNC != 0
		if n == 0 && oobn == 0 {
			return net.ErrClosed
		}
		c.buf = append(c.buf, data[:n]...)
		if err := c.keep(oob[:oobn]); err != nil {
			return err
		}
	}
	return nil
}

func (c *channel) keep(oob []byte) error {
	messages, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return err
	}
	for _, m := range messages {
		fds, err := syscall.ParseUnixRights(&m)
		if err != nil {
			return err
		}
		c.fds = append(c.fds, fds...)
	}
	return nil
}

// close may be called from any goroutine; receive fails then.
func (c *channel) close() { _ = c.conn.Close() }

// drop closes descriptors that nobody will take.
func (c *channel) drop(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
	for _, fd := range c.fds {
		_ = syscall.Close(fd)
	}
	c.fds = nil
}

// socketpair makes two connected Unix sockets: one for the front, as a
// connection, and one to hand over, as a file.
func socketpair() (*net.UnixConn, *os.File, error) {
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	ours := os.NewFile(uintptr(fds[0]), "front")
	theirs := os.NewFile(uintptr(fds[1]), "worker")
	conn, err := net.FileConn(ours)
	_ = ours.Close()
	if err != nil {
		_ = theirs.Close()
		return nil, nil, err
	}
	return conn.(*net.UnixConn), theirs, nil
}
