package proxied

import (
	"fmt"
	"slices"
	"strings"
)

// Field is one of the fields by which proxies tell of a request.
type Field int

// The fields that may be looked at.
const (
	Forwarded Field = iota
	ForwardedFor
	ForwardedProto
	ForwardedHost
	ForwardedPort
	ForwardedPrefix
	ForwardedSSL
	RealIP
	CFConnectingIP
	fieldCount
)

// String is the field's name, as http.Header has it.
func (f Field) String() string {
	return [...]string{
		"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port",
		"X-Forwarded-Prefix", "X-Forwarded-Ssl", "X-Real-Ip", "Cf-Connecting-Ip",
	}[f]
}

// Fields says which are looked at.
type Fields [fieldCount]bool

// presets are what proxies set, or documented lines of their configurations: what one
// does not set it passes on as the client has sent it.
func presets() map[string][]Field {
	return map[string][]Field{
		"x-forwarded": {ForwardedFor, ForwardedProto, ForwardedHost, ForwardedPort, ForwardedPrefix},
		"nginx":       {ForwardedFor, ForwardedProto, RealIP},
		"haproxy":     {ForwardedFor, ForwardedProto},
		"apache":      {ForwardedFor, ForwardedProto, ForwardedHost},
		"envoy":       {ForwardedFor, ForwardedProto},
		"cloudflare":  {CFConnectingIP, ForwardedProto},
	}
}

// ParseFields reads names of fields, in any case, and of presets.
func ParseFields(names []string) (fields Fields, err error) {
	for _, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		found := presets()[name]
		for f := range fieldCount {
			if strings.EqualFold(f.String(), name) {
				found = []Field{f}
			}
		}
		if len(found) == 0 {
			return fields, fmt.Errorf("proxy-headers: %q is not known: want x-forwarded, forwarded, nginx, haproxy, apache, envoy, cloudflare, "+
				"or the name of a field: x-forwarded-for, -proto, -host, -port, -prefix, -ssl, x-real-ip, cf-connecting-ip", name)
		}
		for _, f := range found {
			fields[f] = true
		}
	}
	return fields, nil
}

// FinalOnly says whether proxies of these presets take a 1xx response for the final one.
// nginx does before 1.29: clients of HTTP/2 get nothing then but an error.
func FinalOnly(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(strings.TrimSpace(name), "nginx") })
}

// What a field of a request is to this package.
type kind int

const (
	ordinary kind = iota
	told          // a proxy's word, such as X-Forwarded-User, that is not for us to read
	claims        // of address, scheme, host or prefix
)

// isClaim says whether by a field some proxy or another tells of these, and framework or
// middleware may read it.
func isClaim(name string) bool {
	for _, known := range [...]string{
		"Forwarded", "X-Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port",
		"X-Forwarded-Prefix", "X-Forwarded-Ssl", "X-Forwarded-Scheme", "X-Forwarded-Protocol", "X-Forwarded-Server",
		"X-Forwarded-By", "X-Forwarded-Path", "X-Forwarded-Uri", "X-Real-Ip", "X-Scheme", "X-Url-Scheme", "X-Script-Name",
		"X-Client-Ip", "X-Cluster-Client-Ip", "X-Original-Forwarded-For", "X-Original-Host", "X-Original-Proto",
		"Client-Ip", "Forwarded-For", "Proxy-Client-Ip", "Wl-Proxy-Client-Ip", "X-Proxyuser-Ip", "X-Remote-Ip", "X-Remote-Addr",
		"X-Originating-Ip", "X-Azure-Clientip", "Fastly-Ssl", "X-Envoy-External-Address", "True-Client-Ip", "Fastly-Client-Ip", "Cf-Connecting-Ip", "Cf-Connecting-Ipv6",
		"Cf-Visitor", "Front-End-Https",
	} {
		if len(name) == len(known) && strings.EqualFold(name, known) {
			return true
		}
	}
	return false
}

// isTold says whether a field is a proxy's word of something else: who the client has shown
// itself to be (RFC 9440), what was asked for before a rewrite.
func isTold(name string) bool {
	const forwarded = "X-Forwarded"
	if len(name) > len(forwarded) && strings.EqualFold(name[:len(forwarded)], forwarded) {
		return true
	}
	for _, known := range [...]string{"Client-Cert", "Client-Cert-Chain", "X-Original-Url", "X-Original-Uri", "X-Rewrite-Url"} {
		if len(name) == len(known) && strings.EqualFold(name, known) {
			return true
		}
	}
	return false
}

// kindOf tells of a field by its name, of whatever spelling.
func kindOf(name string) kind {
	if name == "" {
		return ordinary
	}
	switch name[0] | 0x20 {
	case 'x', 'f', 'c', 't', 'p', 'w':
	default:
		return ordinary
	}
	switch {
	case isClaim(name):
		return claims
	case isTold(name):
		return told
	}
	return ordinary
}
