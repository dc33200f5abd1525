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
}

// ParseBind reads "[proxy+][PROTOCOL://]ADDRESS"; without a protocol it is HTTP.
func ParseBind(s string) (Bind, error) {
	b := Bind{Protocol: HTTP}
	rest, proxied := strings.CutPrefix(s, proxyPrefix)
	b.Proxied = proxied
	if name, address, ok := strings.Cut(rest, "://"); ok && !strings.ContainsAny(name, ":/") {
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
	var err error
	b.Address, err = Parse(rest)
	if err == nil && b.Protocol == H3 && b.Address.Path != "" {
		err = fmt.Errorf("%q: HTTP/3 needs a UDP port: want h3://host:port", s)
	}
	return b, err
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
	return s
}

// Bound returns b with the port that l has, which the system chose if it was to.
func (b Bind) Bound(l net.Listener) Bind {
	b.Address = b.Address.Bound(l)
	return b
}

// URL returns what to show a person: one that a browser opens, where there is such.
func (b Bind) URL() string {
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
