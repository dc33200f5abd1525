package h1

import (
	"context"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"unsafe"
)

// newRequest makes the http.Request that the handler gets. One that may keep it shares
// nothing with others, and its context ends with the request.
func (c *conn) newRequest(x *exchange) (*http.Request, context.CancelFunc, *Refusal) {
	r, cancel := c.request, context.CancelFunc(nil)
	if !c.server.Borrows {
		var ctx context.Context
		ctx, cancel = context.WithCancel(c.ctx)
		r = new(http.Request).WithContext(ctx)
	} else if r == nil {
		r = new(http.Request).WithContext(c.ctx)
		c.request = r
	}
	h := x.head
	if err := parseURL(&x.url, h.Target); err != nil {
		if cancel != nil {
			cancel()
		}
		return nil, nil, malformed("RFC 9112 3.2", "%s is no target", shown(h.Target))
	}
	x.fillHeader()
	r.Method, r.URL, r.RequestURI, r.Host, r.RemoteAddr = h.Method, &x.url, h.Target, h.Host, c.remote
	r.Proto, r.ProtoMajor, r.ProtoMinor = h.Version(), 1, min(h.Minor, 1)
	r.Header, r.ContentLength, r.Body, r.Close = x.header, h.Length, &x.body, h.Close
	r.TransferEncoding, r.Trailer, r.TLS = nil, nil, c.tls
	r.Form, r.PostForm, r.MultipartForm, r.Pattern = nil, nil, nil, ""
	switch {
	case h.Framing == ByChunks:
		r.TransferEncoding = []string{"chunked"}
		r.Trailer = announced(r.Header)
		x.body.trailer = r.Trailer
		if !c.server.Borrows { // as net/http does
			delete(r.Header, "Trailer")
		}
	case h.Length == 0:
		r.Body = http.NoBody
	}
	return r, cancel, nil
}

// parseURL is url.ParseRequestURI of a target that was checked; it is not asked for a
// plain path.
func parseURL(u *url.URL, target string) error {
	if path, query, found := strings.Cut(target, "?"); path[:1] == "/" && all(path, plainByte) {
		*u = url.URL{Path: path, RawQuery: query, ForceQuery: found && query == ""}
		return nil
	}
	parsed, err := url.ParseRequestURI(target)
	if scheme, rest, absolute := strings.Cut(target, "://"); err != nil && absolute {
		// net/url knows fewer hosts than RFC 3986 3.2.2 does.
		authority, path := cutAuthority(rest)
		if parsed, err = url.ParseRequestURI(scheme + "://host" + path); err == nil {
			parsed.Host = authority
		}
	}
	if err == nil {
		*u = *parsed
	}
	return err
}

// announced are the names of Trailer, whose fields come after the body; those that
// could mean another request are none (RFC 9110 6.5.1).
func announced(header http.Header) http.Header {
	var trailer http.Header
	for _, value := range header["Trailer"] {
		for name := range strings.SplitSeq(value, ",") {
			name = textproto.CanonicalMIMEHeaderKey(trimOWS(name))
			switch name {
			case "", "Trailer", "Transfer-Encoding", "Content-Length", "Host":
				continue
			}
			if trailer == nil {
				trailer = http.Header{}
			}
			trailer[name] = nil
		}
	}
	return trailer
}

// fillHeader takes all fields but Host and Transfer-Encoding, which net/http keeps
// elsewhere too.
func (x *exchange) fillHeader() {
	fields := x.head.Fields
	x.values = slices.Grow(x.values[:0], len(fields))[:len(fields)]
	for i, f := range fields {
		if equalFold(f.Name, "host") || equalFold(f.Name, "transfer-encoding") {
			continue
		}
		canonical(f.Name)
		if have, ok := x.header[f.Name]; ok {
			x.header[f.Name] = append(have, f.Value)
			continue
		}
		x.values[i] = f.Value
		x.header[f.Name] = x.values[i : i+1 : i+1]
	}
}

// canonical spells a name as http.CanonicalHeaderKey does, in its place: the text is a
// head's own, and nobody else has it yet.
func canonical(name string) {
	text := unsafe.Slice(unsafe.StringData(name), len(name))
	first := true
	for i, c := range text {
		switch {
		case first && 'a' <= c && c <= 'z':
			text[i] = c - ('a' - 'A')
		case !first && 'A' <= c && c <= 'Z':
			text[i] = c + ('a' - 'A')
		}
		first = c == '-'
	}
}
