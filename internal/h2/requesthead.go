package h2

import (
	"net/http"
	"strings"

	"highball/internal/h1"
)

// pseudoFields are those of a request (RFC 9113 8.3.1).
const pseudoFields = 4

// requestHead is what a field block says, once it was checked.
type requestHead struct {
	method, scheme, authority, path string
	host                            string
	length                          int64 // Content-Length, or -1
	expects                         bool
}

// malformed says why a block is no request (RFC 9113 8.1.1).
type malformed struct{ clause, reason string }

// readHead checks a block. Malformed is what HTTP/2 itself forbids; the refusal is of
// a request as any other version has it.
func (b *block) readHead() (h requestHead, m *malformed) {
	h.length = -1
	seen, hosts := 0, 0
	for i, f := range b.fields {
		if reason := checkField(f); reason != "" {
			return h, &malformed{"RFC 9113 8.2.1", reason}
		}
		if f.Name[0] == ':' {
			if i != seen {
				return h, &malformed{"RFC 9113 8.3", "a pseudo-field behind others"}
			}
			seen++
			if m := h.pseudo(f); m != nil {
				return h, m
			}
			continue
		}
		if m := h.field(f, &hosts); m != nil {
			return h, m
		}
	}
	return h, h.complete(b.ends, hosts)
}

// checkField: RFC 9113 8.2.1.
func checkField(f h1.Field) string {
	name := strings.TrimPrefix(f.Name, ":")
	switch {
	case !h1.IsToken(name) || strings.ContainsFunc(name, isUpper):
		return h1.Shown(f.Name) + " is no field name"
	case !h1.ValidValue(f.Value):
		return "a control character in the value of " + h1.Shown(f.Name) + ", or whitespace around it"
	}
	return ""
}

func isUpper(r rune) bool { return 'A' <= r && r <= 'Z' }

// pseudo takes a pseudo-field, each of which comes once.
func (h *requestHead) pseudo(f h1.Field) *malformed {
	var to *string
	switch f.Name {
	case ":method":
		to = &h.method
	case ":scheme":
		to = &h.scheme
	case ":authority":
		to = &h.authority
	case ":path":
		to = &h.path
	default:
		return &malformed{"RFC 9113 8.3", h1.Shown(f.Name) + " is no pseudo-field of a request"}
	}
	switch {
	case *to != "":
		return &malformed{"RFC 9113 8.3.1", f.Name + " twice"}
	case f.Value == "":
		return &malformed{"RFC 9113 8.3.1", f.Name + " is empty"}
	}
	*to = f.Value
	return nil
}

// ofConnection: RFC 9113 8.2.2.
func ofConnection(f h1.Field) string {
	switch {
	case h1.IsOfConnection(f.Name):
		return f.Name + ", which belongs to a connection of HTTP/1"
	case f.Name == "te" && !h1.EqualFold(f.Value, "trailers"):
		return "TE other than trailers"
	}
	return ""
}

// field looks at the fields that mean something here.
func (h *requestHead) field(f h1.Field, hosts *int) *malformed {
	if reason := ofConnection(f); reason != "" {
		return &malformed{"RFC 9113 8.2.2", reason}
	}
	switch f.Name {
	case "host":
		if *hosts++; *hosts > 1 {
			return &malformed{"RFC 9112 3.2", "more than one Host"}
		}
		h.host = f.Value
	case "content-length":
		if h.length >= 0 {
			return &malformed{"RFC 9113 8.1.1", "more than one Content-Length"}
		}
		n, refusal := h1.ParseLength(f.Value)
		if refusal != nil {
			return &malformed{refusal.Clause, refusal.Reason}
		}
		h.length = n
	case "expect":
		h.expects = h1.EqualFold(f.Value, "100-continue")
	}
	return nil
}

// complete looks at what the fields say together.
func (h *requestHead) complete(ends bool, hosts int) *malformed {
	switch {
	case h.method == "" || !h1.IsToken(h.method):
		return &malformed{"RFC 9113 8.3.1", "no method"}
	case h.method == http.MethodConnect:
		if h.scheme != "" || h.path != "" || h.authority == "" {
			return &malformed{"RFC 9113 8.5", "CONNECT with other fields than its own"}
		}
	case h.scheme == "" || h.path == "":
		return &malformed{"RFC 9113 8.3.1", "a request without :scheme or :path"}
	case !h1.IsPath(h.path):
		return &malformed{"RFC 9113 8.3.1", ":path is " + h1.Shown(h.path)}
	case hosts > 0 && h.authority != "" && !strings.EqualFold(h.host, h.authority):
		return &malformed{"RFC 9113 8.3.1", "Host and :authority are not the same"}
	}
	if ends && h.length > 0 {
		return &malformed{"RFC 9113 8.1.1", "a Content-Length, and no body"}
	}
	if h.authority != "" {
		h.host = h.authority
	}
	if ends {
		h.length = 0
	}
	return nil
}

// refusal is what is wrong with a request in any version.
func (h *requestHead) refusal(limits h1.Limits) *h1.Refusal {
	if len(h.path) > limits.RequestLine {
		return &h1.Refusal{Status: http.StatusRequestURITooLong, Clause: "RFC 9110 15.5.15", Reason: "the path is too long"}
	}
	if _, refusal := h1.CheckTarget(h.method, h.path); refusal != nil {
		return refusal
	}
	if h.scheme != "http" && h.scheme != "https" {
		return &h1.Refusal{Status: http.StatusBadRequest, Clause: "RFC 9110 4.2", Reason: "a scheme other than http: " + h1.Shown(h.scheme)}
	}
	if !h1.ValidHost(h.host) {
		return &h1.Refusal{Status: http.StatusBadRequest, Clause: "RFC 9112 3.2", Reason: h1.Shown(h.host) + " is no host"}
	}
	return nil
}
