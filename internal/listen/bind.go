package listen

import (
	"fmt"
	"net"
	"strings"
)

// Protocol is what is spoken on a listening socket.
type Protocol string

// The protocols. HTTP is HTTP/1 and, for clients that begin with it, HTTP/2 in the
// clear; HTTPS the same by TLS; H3 HTTP/3 on UDP; UWSGI what uWSGI's routers, nginx's
// uwsgi_pass and Apache's mod_proxy_uwsgi speak.
const (
	HTTP  Protocol = "http"
	HTTPS Protocol = "https"
	H3    Protocol = "h3"
	UWSGI Protocol = "uwsgi"
)

const proxyPrefix = "proxy+"

// Bind is an entry of --bind: where to listen, and what is spoken there.
type Bind struct {
	Proxied  bool // each connection begins with a header of the PROXY protocol
	Protocol Protocol
	Address  Address
	Options  Options
}

// ParseBind reads "[proxy+][PROTOCOL://]ADDRESS[?OPTIONS]"; without a protocol it is
// HTTP. The options are "mode=660", "owner=NAME", "group=NAME", "backlog=N",
// "reuseport" and "ipv6only", with "&" between them.
func ParseBind(s string) (Bind, error) {
	b := Bind{Protocol: HTTP}
	if err := checkText(s); err != nil {
		return b, err
	}
	rest, proxied := strings.CutPrefix(s, proxyPrefix)
	b.Proxied = proxied
	if name, address, ok := strings.Cut(rest, "://"); ok && !isAddressKind(name) && !strings.ContainsAny(name, ":/?") {
		b.Protocol = Protocol(name)
		switch b.Protocol {
		case HTTP, HTTPS, H3, UWSGI:
		default:
			return b, fmt.Errorf("%q: %q is no protocol: want http, https, h3 or uwsgi", s, name)
		}
		if rest = address; strings.HasSuffix(rest, "/") && !strings.Contains(rest, "unix:") {
			return b, fmt.Errorf("%q: an address has no path: did you mean %q?", s, strings.TrimRight(s, "/"))
		}
	}
	if b.Proxied && b.Protocol == H3 {
		return b, fmt.Errorf("%q: the PROXY protocol is of connections of TCP and Unix sockets, not of HTTP/3", s)
	}
	return b, b.parseAddress(s, rest)
}

// isAddressKind says whether what stands before "://" belongs to the address.
func isAddressKind(name string) bool { return name == "fd" || name == "unix" }

// parseAddress reads what follows the protocol; s is for the errors.
func (b *Bind) parseAddress(s, rest string) error {
	rest, options, hasOptions := strings.Cut(rest, "?")
	var err error
	if b.Address, err = Parse(rest); err != nil {
		return err
	}
	if hasOptions {
		if b.Options, err = parseOptions(options); err == nil {
			err = b.Options.check(b.Address)
		}
		if err != nil {
			return fmt.Errorf("%q: %w", s, err)
		}
	}
	if b.Protocol == H3 && !b.Address.isTCP() {
		return fmt.Errorf("%q: HTTP/3 needs a UDP port: want h3://host:port", s)
	}
	return nil
}

// String returns b in the form that ParseBind reads.
func (b Bind) String() string {
	s := b.Address.String()
	if b.Protocol != HTTP || b.Proxied {
		s = string(b.Protocol) + "://" + s
	}
	if b.Proxied {
		s = proxyPrefix + s
	}
	if options := b.Options.String(); options != "" {
		s += "?" + options
	}
	return s
}

// Bound returns b with the port that l has, which the system chose if it was to.
func (b Bind) Bound(l net.Listener) Bind {
	b.Address = b.Address.Bound(l)
	return b
}

// URL returns what to show a person: one that a browser opens, where there is such.
func (b Bind) URL() string {
	b.Options = Options{}
	url := b.Address.URL()
	rest, ok := strings.CutPrefix(url, "http://")
	switch {
	case b.Protocol == HTTP && !b.Proxied:
		return url
	case b.Protocol == HTTP || !ok:
		return b.String()
	case b.Protocol == HTTPS && !b.Proxied:
		return "https://" + rest
	}
	prefix := ""
	if b.Proxied {
		prefix = proxyPrefix
	}
	return prefix + string(b.Protocol) + "://" + strings.TrimSuffix(rest, "/")
}

// CollidesWith says in its error why b and other cannot both be listened on, as far as
// that is seen without asking the system.
func (b Bind) CollidesWith(other Bind) error {
	switch {
	case b.transport() != other.transport():
	case b.Address.isTCP():
		return b.portCollides(other)
	case b.Address.same(other.Address):
		return fmt.Errorf("bind: %s is given twice: every address is listened on once", b.Address)
	}
	return nil
}

// transport tells sockets apart that can never collide.
func (b Bind) transport() string {
	if b.Protocol == H3 {
		return "udp"
	}
	return b.Address.Network()
}

func (a Address) same(b Address) bool {
	switch {
	case a.Given != "":
		return a.includes(b.Given) || b.includes(a.Given)
	case a.Path != "" && b.Path != "":
		return absolute(a.Path) == absolute(b.Path)
	}
	return a == b
}

func (b Bind) portCollides(other Bind) error {
	one, two := b.Address, other.Address
	if one.Port != two.Port || one.Port == 0 {
		return nil
	}
	ip, otherIP := net.ParseIP(one.Host), net.ParseIP(two.Host)
	if one.Host == two.Host || ip != nil && ip.Equal(otherIP) || one.isAny() && two.isAny() && b.shares(other) {
		return fmt.Errorf("bind: %s and %s are the same address: every address is listened on once", other.named(), b.named())
	}
	if b.Options.ReusePort && other.Options.ReusePort {
		return nil // the system prefers the more exact one
	}
	for _, pair := range [][2]Bind{{b, other}, {other, b}} {
		if all, single := pair[0], pair[1]; all.Address.isAny() && !single.Address.isAny() && all.covers(single) {
			return fmt.Errorf("bind: %s takes the connections of %s as well: leave one of them out", all.named(), single.named())
		}
	}
	return nil
}

// named is b without what comes of a setting for all.
func (b Bind) named() Bind {
	b.Options.Backlog = 0
	return b
}

// isAny says whether all addresses of the machine are meant.
func (a Address) isAny() bool {
	ip := net.ParseIP(a.Host)
	return a.Host == "" || ip != nil && ip.IsUnspecified()
}

// families are the versions of IP that a socket for all addresses takes.
func (b Bind) families() (v4, v6 bool) {
	network := b.Address.tcpNetwork(b.Options)
	return network != "tcp6", network != "tcp4"
}

// shares says whether two sockets for all addresses have a version of IP in common.
func (b Bind) shares(other Bind) bool {
	v4, v6 := b.families()
	other4, other6 := other.families()
	return v4 && other4 || v6 && other6
}

// covers says whether a socket for all addresses takes a single one; a name may be of
// either version.
func (b Bind) covers(single Bind) bool {
	v4, v6 := b.families()
	ip := net.ParseIP(single.Address.Host)
	switch {
	case ip == nil:
		return v4 && v6
	case ip.To4() != nil:
		return v4
	}
	return v6
}
