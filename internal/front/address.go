package front

import (
	"net"
	"net/netip"
)

// addresses counts the connections of each client. Server.mu guards it.
type addresses struct {
	most   int  // 0: no limit
	public bool // others are not counted
	open   map[netip.Addr]int
}

// newAddresses: without a word of the operator proxies and balancers, which speak for
// many clients, must not be taken for one. They are hardly at public addresses.
func newAddresses(o Options) addresses {
	a := addresses{most: o.MaxConnectionsPerAddress, open: map[netip.Addr]int{}}
	if a.most == 0 && o.MaxConnections > 0 {
		a.most, a.public = max(1, o.MaxConnections/4), true
	}
	a.most = max(a.most, 0)
	return a
}

// take counts a connection, unless its client has as many as it may.
func (a *addresses) take(c *tracked) bool {
	address, ok := a.takeAddress(c.remote())
	c.address = address
	return ok
}

// takeAddress is take of a connection that is known by its client alone: address is for
// giveAddress.
func (a *addresses) takeAddress(remote net.Addr) (address netip.Addr, ok bool) {
	address = a.of(remote)
	switch {
	case !address.IsValid():
		return address, true
	case a.open[address] >= a.most:
		return netip.Addr{}, false
	}
	a.open[address]++
	return address, true
}

// give is for a connection that has ended.
func (a *addresses) give(c *tracked) { a.giveAddress(c.address) }

func (a *addresses) giveAddress(address netip.Addr) {
	if !address.IsValid() {
		return
	}
	if a.open[address]--; a.open[address] <= 0 {
		delete(a.open, address)
	}
}

// of is what a client is known by: an IPv4 address, or the network of an IPv6 one,
// which has all of its 2^64 addresses; not valid if it is not counted.
func (a *addresses) of(remote net.Addr) netip.Addr {
	client, ok := remote.(interface{ AddrPort() netip.AddrPort }) // TCP and UDP
	if !ok || a.most == 0 {
		return netip.Addr{}
	}
	address := client.AddrPort().Addr().Unmap().WithZone("")
	if a.public && !isPublic(address) {
		return netip.Addr{}
	}
	if address.Is6() {
		network, err := address.Prefix(64)
		if err != nil {
			return netip.Addr{}
		}
		address = network.Addr()
	}
	return address
}

// isPublic: neither loopback nor link-local, nor of RFC 1918, RFC 4193 or RFC 6598.
func isPublic(address netip.Addr) bool {
	carrier := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10)
	return !address.IsLoopback() && !address.IsPrivate() && !address.IsLinkLocalUnicast() && !carrier.Contains(address)
}

// refuseAddress closes a connection of a client that has too many. It is reset, so
// that nothing of it stays in the kernel.
func (s *Server) refuseAddress(c *tracked) {
	n := s.totals.refusedPerAddress.Add(1)
	if tcp, ok := c.socket.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	remote := c.remote().String()
	c.unqueue()
	_ = c.socket.Close()
	if s.tellAddress.Due() {
		s.options.Logger.Warn("a client has as many connections as it may: more are closed; if it is a proxy or a balancer, raise max-connections-per-address",
			"client", remote, "max_connections_per_address", s.admission.perAddress.most, "closed", n)
	}
}
