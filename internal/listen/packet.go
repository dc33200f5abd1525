package listen

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// packetPrefix is before the address in the name of a UDP socket: TCP may have the same.
const packetPrefix = string(H3) + "://"

// Packet is a UDP socket on which QUIC is spoken. Only one process reads it at a time;
// see relay.go for how another takes its place.
type Packet struct {
	*net.UDPConn
	name  string
	tag   [4]byte
	batch *ipv4.PacketConn
	owned chan struct{} // closed when this process may read
	own   sync.Once

	mu      sync.Mutex
	before  *relay // the process whose place this one takes: its packets go there
	offered *relay // for one that may take this one's place
	yielded bool   // it has, and passes on what is this one's
}

// ListenPacket opens a UDP socket on a.
func ListenPacket(ctx context.Context, a Address) (*Packet, error) {
	var lc net.ListenConfig
	network := "udp"
	if a.tcpNetwork(Options{}) == "tcp4" { // 0.0.0.0 is IPv4 alone, as it is on TCP
		network = "udp4"
	}
	c, err := lc.ListenPacket(ctx, network, a.String())
	if err != nil {
		return nil, fmt.Errorf(packetPrefix+"%w", explainTCP(a, err)) // TCP may have the same address, and be well
	}
	p := newPacket(c.(*net.UDPConn), packetPrefix+a.String())
	p.Own()
	return p, nil
}

func newPacket(c *net.UDPConn, name string) *Packet {
	p := &Packet{UDPConn: c, name: name, batch: ipv4.NewPacketConn(c), owned: make(chan struct{})}
	_, _ = rand.Read(p.tag[:]) // never fails
	return p
}

// Name is what Bind.String writes of the socket's address when it was opened.
func (p *Packet) Name() string { return p.name }

// Tag is what the connection ids of this process begin with, by which its packets are
// known from those of another that has the socket.
func (p *Packet) Tag() [4]byte { return p.tag }

// Port is the one that the socket has.
func (p *Packet) Port() uint16 { return uint16(p.LocalAddr().(*net.UDPAddr).Port) }

// URL is what to show a person, as Bind.URL does, with the port that the socket has.
func (p *Packet) URL() string {
	b, err := ParseBind(p.name)
	if err != nil { // another process gave the name
		return p.name
	}
	b.Address.Port = p.Port()
	return b.URL()
}

// Owned is closed when this process may read the socket.
func (p *Packet) Owned() <-chan struct{} { return p.owned }

// Own says that the process which had the socket reads it no more.
func (p *Packet) Own() { p.own.Do(func() { close(p.owned) }) }

// Duplicate returns the socket once more, for another process.
func (p *Packet) Duplicate() (*os.File, error) {
	raw, err := p.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd, err := -1, error(nil)
	controlErr := raw.Control(func(own uintptr) { fd, err = unix.FcntlInt(own, unix.F_DUPFD_CLOEXEC, 0) })
	if err = errors.Join(controlErr, err); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), p.name), nil
}

// ReadBatch reads what is for this process; quic-go reads so.
func (p *Packet) ReadBatch(ms []ipv4.Message, flags int) (int, error) {
	for {
		before, source := p.ways()
		n, err := p.readFrom(source, ms, flags)
		switch _, now := p.ways(); {
		case source != nil && err == io.EOF: // the new process is gone: whoever is left reads
			p.takeBack()
			continue
		case source == nil && now != nil && errors.Is(err, os.ErrDeadlineExceeded):
			continue // Yield has woken this
		}
		if n = before.keep(ms, max(n, 0)); n > 0 || err != nil {
			return n, err
		}
	}
}

func (p *Packet) readFrom(source *relay, ms []ipv4.Message, flags int) (int, error) {
	if source != nil {
		return source.read(ms)
	}
	return p.batch.ReadBatch(ms, flags)
}

// ReadFrom is for who reads packets one by one.
func (p *Packet) ReadFrom(b []byte) (int, net.Addr, error) {
	ms := []ipv4.Message{{Buffers: [][]byte{b}}}
	if _, err := p.ReadBatch(ms, 0); err != nil {
		return 0, nil, err
	}
	return ms[0].N, ms[0].Addr, nil
}

func (p *Packet) takeBack() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.yielded = false
	_ = p.UDPConn.SetReadDeadline(time.Time{})
}

// ways are where packets go, and where they come from if not from the socket.
func (p *Packet) ways() (before, source *relay) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.yielded {
		source = p.offered
	}
	return p.before, source
}

// SetReadDeadline is for reads from wherever packets come.
func (p *Packet) SetReadDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.yielded {
		return p.offered.conn.SetReadDeadline(t)
	}
	return p.UDPConn.SetReadDeadline(t)
}

// Close closes the socket; another process goes on with its own.
func (p *Packet) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before.close()
	p.offered.close()
	return p.UDPConn.Close()
}
