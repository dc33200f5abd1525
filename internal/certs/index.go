package certs

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"slices"
	"strings"
)

// index finds certificates by name. Nobody changes one.
type index struct {
	exact    map[string][]*tls.Certificate // names and IP addresses
	wildcard map[string][]*tls.Certificate // "example.test" for "*.example.test"
	fallback []*tls.Certificate            // for other names
}

func newIndex(all []*tls.Certificate) *index {
	i := &index{exact: map[string][]*tls.Certificate{}, wildcard: map[string][]*tls.Certificate{}}
	for _, c := range all {
		for _, name := range names(c.Leaf) {
			if suffix, ok := strings.CutPrefix(name, "*."); ok {
				i.wildcard[suffix] = append(i.wildcard[suffix], c)
			} else {
				i.exact[name] = append(i.exact[name], c)
			}
		}
	}
	for _, same := range []map[string][]*tls.Certificate{i.exact, i.wildcard} {
		for _, list := range same {
			slices.SortStableFunc(list, func(a, b *tls.Certificate) int { return cost(a) - cost(b) })
		}
	}
	if len(all) > 0 { // with its twins of another algorithm
		for _, c := range all {
			if slices.Equal(names(c.Leaf), names(all[0].Leaf)) {
				i.fallback = append(i.fallback, c)
			}
		}
		slices.SortStableFunc(i.fallback, func(a, b *tls.Certificate) int { return cost(a) - cost(b) })
	}
	return i
}

// cost: a signature of RSA takes ten times as long as another.
func cost(c *tls.Certificate) int {
	if c.Leaf.PublicKeyAlgorithm == x509.RSA {
		return 1
	}
	return 0
}

// names are those that a certificate is good for, in order. A common name counts where
// there is nothing else, as it did once: no client believes it, but it says whose it is.
func names(c *x509.Certificate) (all []string) {
	for _, name := range c.DNSNames {
		all = append(all, strings.ToLower(strings.TrimSuffix(name, ".")))
	}
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	if len(all) == 0 && c.Subject.CommonName != "" {
		all = append(all, strings.ToLower(c.Subject.CommonName))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// serverName is what a client asks for. A URL with an address names nothing
// (RFC 6066 3): then it is the address that it has connected to.
func serverName(hello *tls.ClientHelloInfo) string {
	if hello.ServerName != "" {
		return strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	}
	if hello.Conn != nil {
		if tcp, ok := hello.Conn.LocalAddr().(*net.TCPAddr); ok {
			return tcp.AddrPort().Addr().Unmap().WithZone("").String()
		}
	}
	return ""
}

// parent is a name without its first label: what a wildcard stands for (RFC 6125 6.4.3).
func parent(name string) string {
	_, rest, _ := strings.Cut(name, ".")
	return rest
}

// choose takes the first that the client can check, else the first: the handshake then
// tells what is wrong. nil if there is none.
func choose(hello *tls.ClientHelloInfo, list []*tls.Certificate) *tls.Certificate {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	anonymous := *hello
	anonymous.ServerName = "" // by which they were found
	for _, c := range list {
		if anonymous.SupportsCertificate(c) == nil {
			return c
		}
	}
	return list[0]
}
