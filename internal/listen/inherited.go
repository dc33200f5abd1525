package listen

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// Given is a listening socket that another process has opened. Name is what that
// one calls it, "" if it did not say.
type Given struct {
	Name string
	File *os.File
	Idle bool // that process serves nobody on it: a service manager
}

// Inherited are the sockets that this process was given. Each can be taken once.
type Inherited struct {
	sockets []*Socket
	packets packets
}

// NewInherited makes listeners of what was given, and closes the files. It fails,
// and closes all, if one is no listening socket for streams.
func NewInherited(given []Given) (*Inherited, error) {
	in := &Inherited{}
	var failed error
	for _, g := range given {
		if taken, err := in.packets.take(g); taken {
			_ = g.File.Close()
			failed = errors.Join(failed, err)
			continue
		}
		s, err := newGiven(g)
		_ = g.File.Close() // the listener has a duplicate
		if err != nil {
			failed = err
			continue
		}
		in.sockets = append(in.sockets, s)
	}
	if failed != nil {
		in.Close()
		return nil, failed
	}
	return in, nil
}

func newGiven(g Given) (*Socket, error) {
	l, err := net.FileListener(g.File)
	if err != nil {
		return nil, fmt.Errorf("descriptor %s is no listening socket: %w", g.File.Name(), cause(err))
	}
	s, ok := l.(stream)
	if !ok {
		l.Close()
		return nil, fmt.Errorf("descriptor %s is a socket of another kind: want TCP or a Unix stream", g.File.Name())
	}
	own := &Socket{stream: s, name: g.Name, held: isHeld(g.Name), served: !g.Idle}
	if own.name == "" {
		own.name = addressOf(l.Addr()).String()
	}
	own.Share(true)
	return own, nil
}

// isHeld tells by its name whether a socket is a service manager's. It goes from one
// process to the next with it.
func isHeld(name string) bool {
	return strings.HasPrefix(name, descriptorPrefix) || strings.HasPrefix(name, systemdPrefix)
}

func addressOf(addr net.Addr) Address {
	switch addr := addr.(type) {
	case *net.TCPAddr:
		return Address{Host: addr.IP.String(), Port: uint16(addr.Port)}
	case *net.UnixAddr:
		if name, ok := strings.CutPrefix(addr.Name, "@"); ok {
			return Address{Abstract: name}
		}
		return Address{Path: addr.Name}
	}
	return Address{}
}

// Take returns the socket that is to be used for a, nil if there is none: the one
// that is called so, else one that is bound to what a means. A Unix socket whose
// file is gone is none, since no client finds it. The result is Shared.
func (in *Inherited) Take(ctx context.Context, a Address) *Socket {
	for _, fits := range []func(*Socket) bool{
		func(s *Socket) bool { return s.name == a.String() },
		func(s *Socket) bool { return a.means(ctx, s.Addr()) },
	} {
		for i, s := range in.sockets {
			if s != nil && fits(s) && s.findFile(a) {
				in.sockets[i] = nil
				return s
			}
		}
	}
	return nil
}

// TakeAll returns all sockets that a means: more than one where several that systemd
// has given have the same name.
func (in *Inherited) TakeAll(ctx context.Context, a Address) (all []*Socket) {
	if a.Given == "" {
		if s := in.Take(ctx, a); s != nil {
			all = append(all, s)
		}
		return all
	}
	for i, s := range in.sockets {
		if s != nil && a.includes(s.name) {
			all = append(all, s)
			in.sockets[i] = nil
		}
	}
	return all
}

// Left are the names of the sockets that a service manager has given and nobody has
// taken.
func (in *Inherited) Left() (names []string) {
	for _, s := range in.sockets {
		if s != nil && s.held {
			names = append(names, s.name)
		}
	}
	return names
}

// Close closes the sockets that nobody has taken; the process that gave them goes
// on with them.
func (in *Inherited) Close() {
	in.packets.close()
	for i, s := range in.sockets {
		if s != nil {
			_ = s.Close()
			in.sockets[i] = nil
		}
	}
}

// findFile has a Unix socket know its file. There is none where it was removed. In a
// directory that this user may not look into, clients find it all the same.
func (s *Socket) findFile(a Address) bool {
	if a.Path == "" {
		return true
	}
	file, err := newSocketFile(a.Path)
	if errors.Is(err, fs.ErrPermission) {
		return true
	}
	if err != nil || file.info.Mode().Type() != fs.ModeSocket {
		return false
	}
	s.file = file
	return true
}

// means says whether a listener for a would have this address.
func (a Address) means(ctx context.Context, bound net.Addr) bool {
	switch bound := bound.(type) {
	case *net.UnixAddr:
		if name, ok := strings.CutPrefix(bound.Name, "@"); ok {
			return a.Abstract == name
		}
		return a.Path != "" && absolute(a.Path) == absolute(bound.Name)
	case *net.TCPAddr:
		return a.isTCP() && a.Port != 0 && int(a.Port) == bound.Port && a.hostIs(ctx, bound.IP)
	}
	return false
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// hostIs compares as package net listens: a name by the first of its addresses,
// IPv4 before IPv6, and all that mean "any" alike.
func (a Address) hostIs(ctx context.Context, bound net.IP) bool {
	var ip net.IP
	if a.Host != "" {
		found, err := new(net.Resolver).LookupIPAddr(ctx, a.Host)
		if err != nil || len(found) == 0 {
			return false
		}
		ip = found[0].IP
		for _, f := range found {
			if f.IP.To4() != nil {
				ip = f.IP
				break
			}
		}
	}
	if len(ip) == 0 || ip.IsUnspecified() {
		return bound.IsUnspecified()
	}
	return ip.Equal(bound)
}
