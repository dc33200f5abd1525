package gateway

import (
	"strings"
	"time"
)

// isToken: RFC 9110 5.6.2.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		digit := '0' <= c && c <= '9'
		if !letter && !digit && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// hasControl finds what a field value must not have: RFC 9110 5.5.
func hasControl(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7F {
			return true
		}
	}
	return false
}

// hopByHop names the fields that are the server's own (RFC 9110 7.6.1, PEP 3333
// "Other HTTP Features"). The length tells most names apart at once.
func hopByHop(name string) bool {
	switch len(name) {
	case len("te"):
		return strings.EqualFold(name, "te")
	case len("trailer"): // and upgrade
		return strings.EqualFold(name, "trailer") || strings.EqualFold(name, "upgrade")
	case len("trailers"):
		return strings.EqualFold(name, "trailers")
	case len("connection"): // and keep-alive
		return strings.EqualFold(name, "connection") || strings.EqualFold(name, "keep-alive")
	case len("proxy-connection"):
		return strings.EqualFold(name, "proxy-connection")
	case len("transfer-encoding"):
		return strings.EqualFold(name, "transfer-encoding")
	case len("proxy-authenticate"):
		return strings.EqualFold(name, "proxy-authenticate")
	case len("proxy-authorization"):
		return strings.EqualFold(name, "proxy-authorization")
	}
	return false
}

func sinceAsked(x *exchange) time.Duration { return time.Since(x.asked) }
