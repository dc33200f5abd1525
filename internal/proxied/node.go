package proxied

import (
	"net/netip"
	"strconv"
	"strings"
)

// node is an end of a connection as a proxy names it. Its address is not valid where
// the proxy does not know it, or does not tell.
type node struct {
	address netip.Addr
	port    uint16
	hasPort bool
}

// parseNode reads an entry of X-Forwarded-For: an address, perhaps with a port, or
// "unknown".
func parseNode(text string) (n node, ok bool) {
	if strings.EqualFold(text, "unknown") {
		return n, true
	}
	host, port := text, ""
	switch colon := strings.LastIndexByte(text, ':'); {
	case strings.HasPrefix(text, "["):
		end := strings.IndexByte(text, ']')
		if end < 0 || end+1 < len(text) && text[end+1] != ':' {
			return n, false
		}
		if host = text[1:end]; end+1 < len(text) {
			port, n.hasPort = text[end+2:], true
		}
		if !strings.Contains(host, ":") {
			return n, false
		}
	case colon >= 0 && strings.IndexByte(text, ':') == colon:
		host, port, n.hasPort = text[:colon], text[colon+1:], true
	}
	if n.hasPort {
		number, good := parsePort(port, 0)
		if !good {
			return n, false
		}
		n.port = number
	}
	n.address, ok = parseAddress(host)
	return n, ok
}

// parseAddress: a zone means something to the proxy alone, and IPv4 is IPv4 however it
// is written.
func parseAddress(text string) (netip.Addr, bool) {
	address, err := netip.ParseAddr(text)
	if zone := address.Zone(); zone != "" && !isObfuscated("_"+zone) { // which could be any text
		return netip.Addr{}, false
	}
	return address.WithZone("").Unmap(), err == nil
}

// parsePort reads digits alone, at most five of them.
func parsePort(text string, least uint64) (uint16, bool) {
	if text == "" || len(text) > 5 || text[0] == '+' || text[0] == '-' {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return uint16(n), err == nil && n >= least
}

// parseForwardedNode reads the value of "for" (RFC 7239 6).
func parseForwardedNode(text string) (n node, ok bool) {
	name, port := text, ""
	end := strings.IndexByte(text, ']') // of an IPv6 address, whose colons come before it
	if colon := strings.IndexByte(text[end+1:], ':'); colon >= 0 {
		name, port = text[:end+1+colon], text[end+2+colon:]
		switch number, good := parsePort(port, 0); {
		case good:
			n.port, n.hasPort = number, true
		case !isObfuscated(port):
			return n, false
		}
	}
	switch {
	case strings.EqualFold(name, "unknown"), isObfuscated(name):
		return node{}, true
	case strings.HasPrefix(name, "["):
		n.address, ok = parseAddress(strings.TrimSuffix(name[1:], "]"))
		return n, ok && end == len(name)-1 && strings.Contains(name, ":")
	}
	n.address, ok = parseAddress(name)
	return n, ok && n.address.Is4() && !strings.Contains(name, ":")
}

// isObfuscated: RFC 7239 6.3.
func isObfuscated(text string) bool {
	if len(text) < 2 || text[0] != '_' {
		return false
	}
	for i := 1; i < len(text); i++ {
		c := text[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && !('0' <= c && c <= '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}
