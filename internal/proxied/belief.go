package proxied

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"highball/internal/h1"
)

// belief is what trusted proxies say of a request.
type belief struct {
	client node
	said   bool // whose it is
	hops   int  // entries of a list that are believed: as many as proxies have been passed

	scheme, host, prefix string
	port                 string

	element string // of Forwarded, the one that is believed
}

// Error is a claim that nothing can be made of, by a proxy that is trusted.
type Error struct{ Clause, Reason string }

func (e *Error) Error() string { return e.Reason + " (" + e.Clause + ")" }

const (
	byForwarded = "RFC 7239"
	byProxies   = "X-Forwarded-*"
)

func wrong(clause, format string, args ...any) error {
	return &Error{clause, fmt.Sprintf(format, args...)}
}

// believe reads the fields of a request whose peer is trusted.
func (h *Handler) believe(fields http.Header) (belief, error) {
	b, err := h.fromOthers(fields)
	if err != nil || !h.fields[Forwarded] {
		return b, err
	}
	f, err := h.fromForwarded(fields["Forwarded"])
	if err != nil {
		return b, err
	}
	return b.and(f)
}

// and joins what Forwarded says with what the other fields do. Where both say
// something, it has to be the same.
func (b belief) and(f belief) (belief, error) {
	contradiction := func(what, one, other string) error {
		return wrong(byForwarded+", "+byProxies, "X-Forwarded-* and Forwarded contradict each other: the %s is %q and %q", what, one, other)
	}
	switch {
	case b.said && f.said && b.client.address != f.client.address:
		return b, contradiction("client", b.client.address.String(), f.client.address.String())
	case b.scheme != "" && f.scheme != "" && b.scheme != f.scheme:
		return b, contradiction("scheme", b.scheme, f.scheme)
	case b.host != "" && f.host != "" && !strings.EqualFold(b.host, f.host):
		return b, contradiction("host", b.host, f.host)
	}
	if f.said && (!b.said || f.client.hasPort) {
		b.client, b.said = f.client, true
	}
	if f.scheme != "" {
		b.scheme = f.scheme
	}
	if f.host != "" {
		b.host = f.host
	}
	b.element = f.element
	return b, nil
}

// fromOthers reads all fields but Forwarded.
func (h *Handler) fromOthers(fields http.Header) (b belief, err error) {
	if err = h.readClient(&b, fields); err != nil {
		return b, err
	}
	if b.scheme, err = h.pick(fields, ForwardedProto, b.hops); err == nil && b.scheme != "" {
		b.scheme, err = parseScheme(b.scheme)
	}
	if err == nil {
		err = h.readSSL(&b, fields)
	}
	if err != nil {
		return b, err
	}
	if b.host, err = h.pick(fields, ForwardedHost, b.hops); err != nil {
		return b, err
	}
	if b.host != "" && !h1.ValidHost(b.host) {
		return b, wrong(byProxies, "X-Forwarded-Host: %.80q is no host", b.host)
	}
	if b.port, err = h.pick(fields, ForwardedPort, b.hops); err != nil {
		return b, err
	}
	if _, ok := parsePort(b.port, 1); b.port != "" && !ok {
		return b, wrong(byProxies, "X-Forwarded-Port: %.20q is no port", b.port)
	}
	if b.prefix, err = h.pick(fields, ForwardedPrefix, b.hops); err == nil && b.prefix != "" {
		b.prefix, err = parsePrefix(b.prefix)
	}
	return b, err
}

// readClient reads X-Forwarded-For, Cf-Connecting-Ip and X-Real-Ip.
func (h *Handler) readClient(b *belief, fields http.Header) error {
	b.hops = 1 // without a list it is the peer that has said the rest
	if h.fields[ForwardedFor] {
		if err := h.walk(b, fields["X-Forwarded-For"]); err != nil {
			return err
		}
	}
	for _, f := range [...]Field{CFConnectingIP, RealIP} {
		text, err := h.pick(fields, f, 0)
		if err != nil {
			return err
		}
		if text == "" {
			continue
		}
		address, ok := parseAddress(text)
		switch {
		case !ok:
			return wrong(byProxies, "%s: %.80q is no address", f, text)
		case b.said && f == RealIP: // which knows of the last proxy alone
		case b.said && b.client.address != address:
			return wrong(byProxies, "%s and X-Forwarded-For contradict each other: the client is %s and %s", f, address, b.client.address)
		case !b.said:
			b.client, b.said = node{address: address}, true
		}
	}
	return nil
}

// walk goes from the peer's word on, from the right: the client is the first that is
// not one of the proxies, or the last of them.
func (h *Handler) walk(b *belief, fields []string) error {
	trusted := h.trust.now.Load()
	list := backwards{fields: fields}
	for hops := 1; ; hops++ {
		text, ok := list.next()
		if !ok {
			return nil
		}
		n, ok := parseNode(text)
		if !ok {
			return wrong(byProxies, "X-Forwarded-For: %.80q is no address", text)
		}
		b.client, b.said, b.hops = n, true, hops
		if !trusted.has(n.address) {
			return nil
		}
	}
}

// pick reads a field in which each proxy has put one value, or the last one its own in
// the place of all others. Whose value is whose cannot be told where they differ and are
// not as many as there were proxies.
func (h *Handler) pick(fields http.Header, f Field, hops int) (string, error) {
	if !h.fields[f] {
		return "", nil
	}
	values := fields[f.String()]
	if len(values) == 1 && strings.IndexByte(values[0], ',') < 0 {
		return strings.Trim(values[0], " \t"), nil
	}
	var last, value string
	differ, count := false, 0
	for list := (backwards{fields: values}); ; count++ {
		element, ok := list.next()
		if !ok {
			break
		}
		if count == 0 {
			last = element
		}
		value, differ = element, differ || !strings.EqualFold(element, last)
	}
	if differ && count != hops {
		return "", wrong(byProxies, "%s: %.40q and %.40q contradict each other", f, value, last)
	}
	return value, nil
}

func (h *Handler) readSSL(b *belief, fields http.Header) error {
	ssl, err := h.pick(fields, ForwardedSSL, b.hops)
	if err != nil || ssl == "" {
		return err
	}
	scheme := ""
	switch {
	case strings.EqualFold(ssl, "on"):
		scheme = "https"
	case strings.EqualFold(ssl, "off"):
		scheme = "http"
	default:
		return wrong(byProxies, "X-Forwarded-Ssl: %.20q is neither on nor off", ssl)
	}
	if b.scheme != "" && b.scheme != scheme {
		return wrong(byProxies, "X-Forwarded-Ssl: %s and X-Forwarded-Proto: %s contradict each other", ssl, b.scheme)
	}
	b.scheme = scheme
	return nil
}

func parseScheme(text string) (string, error) {
	switch {
	case strings.EqualFold(text, "https"):
		return "https", nil
	case strings.EqualFold(text, "http"):
		return "http", nil
	}
	return "", wrong(byProxies, "the scheme %.20q is neither http nor https", text)
}

// parsePrefix decodes a path in front of the application's. One with two slashes would
// read as a host in a redirect.
func parsePrefix(text string) (string, error) {
	decoded, err := url.PathUnescape(text)
	switch {
	case err != nil, text[0] != '/', strings.ContainsAny(text, "?#\\ \t\""), strings.Contains(decoded, "//"), hasControl(decoded):
		return "", wrong(byProxies, "X-Forwarded-Prefix: %.80q is no path", text)
	}
	for segment := range strings.SplitSeq(decoded, "/") {
		if segment == "." || segment == ".." {
			return "", wrong(byProxies, "X-Forwarded-Prefix: %.80q is no path", text)
		}
	}
	return strings.TrimSuffix(decoded, "/"), nil
}

func hasControl(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7F || s[i] == '\\' {
			return true
		}
	}
	return false
}

// fromForwarded walks as walk does. Scheme and host are those that the client's own
// proxy has said.
func (h *Handler) fromForwarded(fields []string) (b belief, err error) {
	trusted := h.trust.now.Load()
	for i := len(fields) - 1; i >= 0; i-- {
		elements, err := parseForwarded(fields[i])
		if err != nil {
			return b, wrong(byForwarded+" 4", "Forwarded: %v", err)
		}
		for j := len(elements) - 1; j >= 0; j-- {
			e := elements[j]
			if b, err = e.belief(); err != nil || !trusted.has(b.client.address) {
				return b, err
			}
		}
	}
	return b, nil
}

func (e *element) belief() (b belief, err error) {
	b.element = e.text
	if e.hasFrom {
		if b.client, b.said = parseForwardedNode(e.from); !b.said {
			return b, wrong(byForwarded+" 6", "Forwarded: %.80q is no address, not \"unknown\" and no hidden name", e.from)
		}
	}
	if e.by != "" {
		if _, ok := parseForwardedNode(e.by); !ok {
			return b, wrong(byForwarded+" 6", "Forwarded: by: %.80q is no address", e.by)
		}
	}
	if e.hasProto {
		if b.scheme, err = parseScheme(e.proto); err != nil {
			return b, wrong(byForwarded+" 5.4", "Forwarded: the scheme %.20q is neither http nor https", e.proto)
		}
	}
	if e.hasHost {
		if b.host = e.host; !h1.ValidHost(e.host) {
			return b, wrong(byForwarded+" 5.3", "Forwarded: %.80q is no host", e.host)
		}
	}
	return b, nil
}
