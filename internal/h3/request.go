package h3

import (
	"net/http"
	"net/textproto"
	"net/url"
	"strings"

	"github.com/quic-go/qpack"

	"highball/internal/h1"
)

// head is the head of a request, checked.
type head struct {
	method, scheme, authority, path string
	header                          http.Header
	length                          int64 // Content-Length, or -1
}

// parseHead checks the fields of a request (RFC 9114 4.2, 4.3). An error is a fault,
// or, if the request is one but not for this server, an *h1.Refusal.
func parseHead(fields []qpack.HeaderField, limits h1.Limits) (*head, error) {
	h := &head{header: make(http.Header, len(fields)), length: -1}
	seen := map[string]string{}
	regular := false
	for _, f := range fields {
		if strings.HasPrefix(f.Name, ":") {
			if regular {
				return nil, malformed("RFC 9114 4.3", "%s after the fields", h1.Shown(f.Name))
			}
			if err := takePseudo(seen, f); err != nil {
				return nil, err
			}
			continue
		}
		regular = true
		if err := checkField(f); err != nil {
			return nil, err
		}
		if err := h.add(f); err != nil {
			return nil, err
		}
	}
	if err := h.takeTarget(seen, limits); err != nil {
		return nil, err
	}
	if cookies := h.header["Cookie"]; len(cookies) > 1 { // RFC 9114 4.2.1
		h.header["Cookie"] = []string{strings.Join(cookies, "; ")}
	}
	return h, nil
}

// takePseudo: RFC 9114 4.3.1.
func takePseudo(seen map[string]string, f qpack.HeaderField) error {
	switch f.Name {
	case ":method", ":scheme", ":authority", ":path":
	default:
		return malformed("RFC 9114 4.3", "%s is no pseudo-header field of a request", h1.Shown(f.Name))
	}
	if _, twice := seen[f.Name]; twice {
		return malformed("RFC 9114 4.3.1", "%s twice", f.Name)
	}
	if !h1.ValidValue(f.Value) {
		return malformed("RFC 9114 10.3", "a character in %s that no field may have", f.Name)
	}
	seen[f.Name] = f.Value
	return nil
}

// checkField looks at a field of a head or a trailer section.
func checkField(f qpack.HeaderField) error {
	switch {
	case strings.HasPrefix(f.Name, ":"):
		return malformed("RFC 9114 4.3", "%s in a trailer section", h1.Shown(f.Name))
	case f.Name != strings.ToLower(f.Name):
		return malformed("RFC 9114 4.2", "capital letters in the name %s", h1.Shown(f.Name))
	case !h1.IsToken(f.Name):
		return malformed("RFC 9114 10.3", "%s is no field name", h1.Shown(f.Name))
	case !h1.ValidValue(f.Value):
		return malformed("RFC 9114 10.3", "a character in the value of %s that no field may have", f.Name)
	}
	switch {
	case h1.IsOfConnection(f.Name):
		return malformed("RFC 9114 4.2", "the connection-specific field %s", f.Name)
	case f.Name == "te" && !h1.EqualFold(f.Value, "trailers"):
		return malformed("RFC 9114 4.2", "TE: %s, where only trailers is allowed", h1.Shown(f.Value))
	}
	return nil
}

func (h *head) add(f qpack.HeaderField) error {
	name := textproto.CanonicalMIMEHeaderKey(f.Name)
	if name == "Content-Length" {
		if h.length >= 0 {
			return malformed("RFC 9110 8.6", "more than one Content-Length")
		}
		n, refusal := h1.ParseLength(f.Value)
		if refusal != nil {
			return malformed(refusal.Clause, "%s", refusal.Reason)
		}
		h.length = n
	}
	h.header[name] = append(h.header[name], f.Value)
	return nil
}

// takeTarget puts the target together, of pseudo-header fields and Host.
func (h *head) takeTarget(seen map[string]string, limits h1.Limits) error {
	h.method, h.scheme, h.path = seen[":method"], strings.ToLower(seen[":scheme"]), seen[":path"]
	if !h1.IsToken(h.method) {
		return malformed("RFC 9114 4.3.1", "%s is no method", h1.Shown(h.method))
	}
	if err := h.takeAuthority(seen); err != nil {
		return err
	}
	_, hasScheme := seen[":scheme"]
	_, hasPath := seen[":path"]
	if h.method == http.MethodConnect {
		if hasScheme || hasPath || h.authority == "" {
			return malformed("RFC 9114 4.4", "CONNECT with more than its authority")
		}
		return &h1.Refusal{Status: http.StatusNotImplemented, Clause: "RFC 9110 9.3.6", Reason: "CONNECT: this is no proxy"}
	}
	switch {
	case !hasScheme || !hasPath:
		return malformed("RFC 9114 4.3.1", "no :scheme or no :path")
	case h.scheme != "http" && h.scheme != "https":
		return malformed("RFC 9114 4.3.1", "the scheme %s, which is not HTTP's", h1.Shown(h.scheme))
	case h.authority == "":
		return malformed("RFC 9114 4.3.1", "neither :authority nor Host")
	case !h1.IsPath(h.path):
		return malformed("RFC 9114 4.3.1", "%s is no path", h1.Shown(h.path))
	case len(h.method)+len(h.path)+len("  HTTP/1.1\r\n") > limits.RequestLine:
		return &h1.Refusal{Status: http.StatusRequestURITooLong, Clause: "RFC 9110 15.5.15", Reason: "method and path are longer than a request line may be"}
	}
	if _, refusal := h1.CheckTarget(h.method, h.path); refusal != nil {
		return refusal
	}
	return nil
}

// takeAuthority: RFC 9114 4.3.1 has it in :authority, in Host, or the same in both.
func (h *head) takeAuthority(seen map[string]string) error {
	authority, given := seen[":authority"]
	hosts := h.header["Host"]
	delete(h.header, "Host") // where net/http has it: in Request.Host
	switch {
	case len(hosts) > 1:
		return malformed("RFC 9110 7.2", "more than one Host")
	case given && len(hosts) == 1 && hosts[0] != authority:
		return malformed("RFC 9114 4.3.1", ":authority is %s and Host %s", h1.Shown(authority), h1.Shown(hosts[0]))
	case !given && len(hosts) == 1:
		authority = hosts[0]
	}
	if authority != "" && !h1.ValidHost(authority) {
		return malformed("RFC 9114 4.3.1", "%s is no host", h1.Shown(authority))
	}
	h.authority = authority
	return nil
}

// newRequest makes the http.Request, but for its body and context.
func (h *head) newRequest() (*http.Request, error) {
	u := new(url.URL)
	if h1.ParseURL(u, h.path) != nil {
		return nil, malformed("RFC 9114 4.3.1", "%s is no path", h1.Shown(h.path))
	}
	r := &http.Request{
		Method: h.method, URL: u, RequestURI: h.path, Host: h.authority,
		Proto: "HTTP/3.0", ProtoMajor: 3, // as net/http writes it, and nginx
		Header: h.header, ContentLength: h.length,
		Trailer: h1.Announced(h.header),
	}
	delete(h.header, "Trailer") // as net/http does
	return r, nil
}

// isSafe says whether a request may come twice without harm (RFC 9110 9.2.1).
func isSafe(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}
