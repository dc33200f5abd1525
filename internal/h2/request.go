package h2

import (
	"net/http"
	"slices"
	"strings"

	"highball/internal/h1"
)

// mostNames bounds the names of fields that a connection remembers.
const mostNames = 64

// makeRequest makes the http.Request that the handler gets.
func (c *conn) makeRequest(st *stream, h *requestHead) *h1.Refusal {
	if h1.ParseURL(&st.url, h.path) != nil {
		return &h1.Refusal{Status: http.StatusBadRequest, Clause: "RFC 9112 3.2", Reason: h1.Shown(h.path) + " is no target"}
	}
	c.fillHeader(st)
	r := st.request
	r.Method, r.URL, r.RequestURI, r.Host, r.RemoteAddr = h.method, &st.url, h.path, h.host, c.remote
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
	r.Header, r.ContentLength, r.Body = st.header, h.length, &st.body
	r.Trailer, r.TLS = nil, c.tls
	r.Form, r.PostForm, r.MultipartForm, r.Pattern = nil, nil, nil, ""
	st.body.expects = h.expects
	if c.block.ends {
		r.Body = http.NoBody
		return nil
	}
	r.Trailer = h1.Announced(r.Header)
	if !c.server.Borrows { // as net/http does
		delete(r.Header, "Trailer")
	}
	return nil
}

// fillHeader takes all fields but Host. What belongs to one Cookie becomes one again
// (RFC 9113 8.2.3).
func (c *conn) fillHeader(st *stream) {
	fields := c.block.fields
	st.values = slices.Grow(st.values[:0], len(fields))[:len(fields)]
	for i, f := range fields {
		switch {
		case f.Name[0] == ':' || f.Name == "host":
		case f.Name == "cookie" && c.block.crumbs > 1:
			if st.header["Cookie"] == nil {
				st.header["Cookie"] = []string{c.block.cookie()}
			}
		default:
			name := c.canonical(f.Name)
			if have, ok := st.header[name]; ok {
				st.header[name] = append(have, f.Value)
				continue
			}
			st.values[i] = f.Value
			st.header[name] = st.values[i : i+1 : i+1]
		}
	}
}

func (b *block) cookie() string {
	crumbs := make([]string, 0, b.crumbs)
	for _, f := range b.fields {
		if f.Name == "cookie" {
			crumbs = append(crumbs, f.Value)
		}
	}
	return strings.Join(crumbs, "; ")
}

// canonical spells a name as http.Header has it.
func (c *conn) canonical(name string) string {
	spelled, ok := c.names[name]
	if !ok {
		spelled = http.CanonicalHeaderKey(name)
		if len(c.names) < mostNames {
			c.names[name] = spelled
		}
	}
	return spelled
}
