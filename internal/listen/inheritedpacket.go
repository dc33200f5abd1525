package listen

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// packets are the UDP sockets among what was given, and the relays beside them.
type packets struct {
	sockets []*Packet
	relays  map[string]*relay // by the socket's name
}

// take takes what is a UDP socket or belongs to one; the file is still the caller's.
func (p *packets) take(g Given) (taken bool, err error) {
	if socket, tags, ok := parseRelay(g.Name); ok {
		r, err := newRelay(g.File)
		if err != nil {
			return true, fmt.Errorf("descriptor %s: %w", g.File.Name(), err)
		}
		r.tags = tags
		if p.relays == nil {
			p.relays = map[string]*relay{}
		}
		p.relays[socket] = r
		return true, nil
	}
	if !isDatagram(g.File) {
		return false, nil
	}
	c, err := net.FilePacketConn(g.File)
	if err != nil {
		return true, fmt.Errorf("descriptor %s: %w", g.File.Name(), cause(err))
	}
	udp, ok := c.(*net.UDPConn)
	if !ok {
		_ = c.Close()
		return true, fmt.Errorf("descriptor %s is a socket of another kind: want TCP, UDP or a Unix stream", g.File.Name())
	}
	name := g.Name
	if !strings.HasPrefix(name, packetPrefix) {
		address := udp.LocalAddr().(*net.UDPAddr)
		name = packetPrefix + Address{Host: address.IP.String(), Port: uint16(address.Port)}.String()
	}
	p.sockets = append(p.sockets, newPacket(udp, name))
	return true, nil
}

// isDatagram asks without File.Fd, which would have the socket block, for all that
// have it.
func isDatagram(f *os.File) bool {
	raw, err := f.SyscallConn()
	if err != nil {
		return false
	}
	kind := 0
	_ = raw.Control(func(fd uintptr) { kind, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TYPE) })
	return err == nil && kind == unix.SOCK_DGRAM
}

// TakePacket returns the UDP socket that is to be used for a, nil if there is none. It
// is not read before Own.
func (in *Inherited) TakePacket(ctx context.Context, a Address) *Packet {
	for _, fits := range []func(*Packet) bool{
		func(p *Packet) bool { return p.name == packetPrefix+a.String() },
		func(p *Packet) bool {
			bound := p.LocalAddr().(*net.UDPAddr)
			return a.Port != 0 && int(a.Port) == bound.Port && a.hostIs(ctx, bound.IP)
		},
	} {
		for i, p := range in.packets.sockets {
			if p != nil && fits(p) {
				in.packets.sockets[i] = nil
				p.before = in.packets.relays[p.name]
				delete(in.packets.relays, p.name)
				return p
			}
		}
	}
	return nil
}

func (p *packets) close() {
	for _, s := range p.sockets {
		if s != nil {
			_ = s.Close()
		}
	}
	for _, r := range p.relays {
		r.close()
	}
	p.sockets, p.relays = nil, nil
}
