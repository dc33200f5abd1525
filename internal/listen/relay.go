package listen

import (
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// When a process takes the place of another, the UDP socket becomes its to read, but the
// other still has connections to end. Packets of those are known by their connection
// ids, and the new process passes them on. What the old one sends goes out by the socket
// itself, which it still has.

// relayPrefix begins the name of a relay's end on its way to the new process: then come
// the tags of the old one, and the socket's own name.
const relayPrefix = "relay "

// idLength is the length of the ids that begin with a tag, in bytes.
const idLength = 12

// relay is one end of a pair of sockets between two processes.
type relay struct {
	conn *net.UnixConn
	tags [][4]byte // whose packets go there
	dead atomic.Bool
	in   []byte // a packet that has come; one goroutine reads
}

// Offer makes what another process needs beside a Duplicate: its end of a relay, under
// its name. An earlier offer is void.
func (p *Packet) Offer() (*os.File, error) {
	syscall.ForkLock.RLock()
	fds, err := unix.Socketpair(unix.AF_UNIX, relayType, 0)
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, os.NewSyscallError("socketpair", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	tags := []string{hex.EncodeToString(p.tag[:])}
	if p.before != nil && !p.before.dead.Load() {
		for _, tag := range p.before.tags {
			tags = append(tags, hex.EncodeToString(tag[:]))
		}
	}
	theirs := os.NewFile(uintptr(fds[1]), relayPrefix+strings.Join(tags, ",")+" "+p.name)
	file := os.NewFile(uintptr(fds[0]), "relay")
	defer file.Close()
	ours, err := newRelay(file)
	if err != nil {
		_ = theirs.Close()
		return nil, err
	}
	p.offered.close()
	p.offered = ours
	return theirs, nil
}

// Yield has this process read no more of the socket, but what the other passes on.
func (p *Packet) Yield() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.offered != nil {
		p.yielded = true
		_ = p.UDPConn.SetReadDeadline(time.Unix(1, 0)) // wakes who reads
	}
}

// newRelay duplicates the file, which is still the caller's.
func newRelay(f *os.File) (*relay, error) {
	c, err := net.FileConn(f)
	if err != nil {
		return nil, cause(err)
	}
	conn, ok := c.(*net.UnixConn)
	if !ok {
		_ = c.Close()
		return nil, errors.New("a relay that is no Unix socket")
	}
	_ = conn.SetWriteBuffer(relayBuffer)
	return &relay{conn: conn}, nil
}

// relayBuffer is how much may wait for the old process, in bytes; beyond that packets
// are lost, as they are where a socket's buffer is full.
const relayBuffer = 1 << 20

// parseRelay reads the name of a relay's end.
func parseRelay(name string) (socket string, tags [][4]byte, ok bool) {
	rest, ok := strings.CutPrefix(name, relayPrefix)
	list, socket, found := strings.Cut(rest, " ")
	if !ok || !found {
		return "", nil, false
	}
	for text := range strings.SplitSeq(list, ",") {
		var tag [4]byte
		if n, err := hex.Decode(tag[:], []byte(text)); err != nil || n != len(tag) || len(text) != 2*len(tag) {
			return "", nil, false
		}
		tags = append(tags, tag)
	}
	return socket, tags, true
}

func (r *relay) close() {
	if r != nil {
		_ = r.conn.Close()
	}
}

// keep passes on what of n packets is the old process's, and moves the rest together.
func (r *relay) keep(ms []ipv4.Message, n int) (kept int) {
	if r == nil || r.dead.Load() {
		return n
	}
	for i := range n {
		m := &ms[i]
		if r.is(m.Buffers[0][:m.N]) {
			r.pass(m)
			continue
		}
		if kept != i {
			// The buffers are the reader's, each of its place.
			to := &ms[kept]
			to.N, to.NN, to.Addr, to.Flags = copy(to.Buffers[0], m.Buffers[0][:m.N]), copy(to.OOB, m.OOB[:m.NN]), m.Addr, m.Flags
		}
		kept++
	}
	return kept
}

// is says whether a packet is of a connection of the old process (RFC 8999 5).
func (r *relay) is(packet []byte) bool {
	id := destination(packet)
	if len(id) != idLength {
		return false
	}
	for _, tag := range r.tags {
		if [4]byte(id) == tag {
			return true
		}
	}
	return false
}

// destination is the connection id that a packet of QUIC is for.
func destination(packet []byte) []byte {
	const long = 0x80
	switch {
	case len(packet) >= 6 && packet[0]&long != 0 && len(packet) >= 6+int(packet[5]):
		return packet[6 : 6+int(packet[5])]
	case len(packet) > idLength && packet[0]&long == 0:
		return packet[1 : 1+idLength]
	}
	return nil
}

// pass sends a packet, with its sender's address and what the system has said of it.
func (r *relay) pass(m *ipv4.Message) {
	from, ok := m.Addr.(*net.UDPAddr)
	if !ok || m.NN > 255 {
		return
	}
	address, err := from.AddrPort().MarshalBinary()
	if err != nil {
		return
	}
	b := make([]byte, 0, 2+len(address)+m.NN+m.N)
	b = append(append(b, byte(len(address)), byte(m.NN)), address...)
	b = append(append(b, m.OOB[:m.NN]...), m.Buffers[0][:m.N]...)
	raw, err := r.conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { err = unix.Send(int(fd), b, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL) })
	if errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.ENOTCONN) {
		r.dead.Store(true) // the old process has ended
	}
}

// read takes a packet that the new process has passed on.
func (r *relay) read(ms []ipv4.Message) (int, error) {
	if r.in == nil {
		r.in = make([]byte, 64<<10)
	}
	b := r.in
	n, err := r.conn.Read(b)
	if err != nil {
		return 0, err
	}
	if b = b[:n]; len(b) < 2 || len(b) < 2+int(b[0])+int(b[1]) {
		return 0, nil
	}
	address, oob := int(b[0]), int(b[1])
	var from netip.AddrPort
	if from.UnmarshalBinary(b[2:2+address]) != nil {
		return 0, nil
	}
	m := &ms[0]
	m.Addr, m.Flags = net.UDPAddrFromAddrPort(from), 0
	m.NN = copy(m.OOB, b[2+address:2+address+oob])
	m.N = copy(m.Buffers[0], b[2+address+oob:])
	return 1, nil
}
