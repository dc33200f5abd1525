package h1

import (
	"context"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"
)

// request makes the http.Request that a handler gets. It shares nothing with
// others, so that a handler may keep it.
func (c *conn) request(ctx context.Context, h *Head, body *requestBody) (*http.Request, *Refusal) {
	target, err := url.ParseRequestURI(h.Target)
	if err != nil {
		return nil, malformed("RFC 9112 3.2", "%s is no target", shown(h.Target))
	}
	r := &http.Request{
		Method: h.Method, URL: target, RequestURI: h.Target, Host: h.Host, RemoteAddr: c.remote,
		Proto: h.Version(), ProtoMajor: 1, ProtoMinor: min(h.Minor, 1),
		Header: headerOf(h.Fields), ContentLength: h.Length, Body: body, Close: h.Close,
	}
	switch {
	case h.Framing == ByChunks:
		r.TransferEncoding = []string{"chunked"}
		r.Trailer = announced(r.Header)
		body.trailer = r.Trailer
	case h.Length == 0:
		r.Body = http.NoBody
	}
	return r.WithContext(ctx), nil
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
	delete(header, "Trailer")
	return trailer
}

// headerOf has all fields but Host and Transfer-Encoding, which net/http keeps elsewhere too.
func headerOf(fields []Field) http.Header {
	header := make(http.Header, len(fields))
	values := make([]string, len(fields)) // of one value each, cut from one slice
	for i, f := range fields {
		if equalFold(f.Name, "host") || equalFold(f.Name, "transfer-encoding") {
			continue
		}
		name := textproto.CanonicalMIMEHeaderKey(f.Name)
		if have, ok := header[name]; ok {
			header[name] = append(have, f.Value)
			continue
		}
		values[i] = f.Value
		header[name] = values[i : i+1 : i+1]
	}
	return header
}

// requestBody is a Body that tells a client that waits for it to send.
type requestBody struct {
	*Body
	conn     *conn
	response *response
	expects  bool        // the client waits, and has not been told
	trailer  http.Header // with the names that were announced
}

// Read has "100 Continue" sent by the first call (RFC 9110 10.1.1), unless the
// final response has begun.
func (b *requestBody) Read(p []byte) (int, error) {
	if b.expects {
		b.expects = false
		if !b.response.headed {
			b.conn.out.writeString("HTTP/1.1 100 Continue\r\n\r\n")
			if err := b.conn.out.flush(); err != nil {
				return 0, err
			}
		}
	}
	n, err := b.Body.Read(p)
	if err == io.EOF {
		for _, f := range b.Trailer {
			name := textproto.CanonicalMIMEHeaderKey(f.Name)
			if values, ok := b.trailer[name]; ok {
				b.trailer[name] = append(values, f.Value)
			}
		}
		b.Trailer = nil // once
	}
	return n, err
}

// Close is for handlers that are done with it; the connection sees to the rest.
func (b *requestBody) Close() error { return nil }

// What is read of a body that the handler has left, so that the connection can
// serve another request.
const (
	drainTime  = 2 * time.Second
	drainBytes = 256 << 10
)

// drain reads the rest of the body, if that is worth it.
func (b *requestBody) drain() bool {
	if b.Ended() {
		return true
	}
	if b.mustClose() {
		return false
	}
	_ = b.conn.net.SetReadDeadline(time.Now().Add(drainTime))
	_, _ = io.CopyN(io.Discard, b.Body, drainBytes+1)
	return b.Ended()
}

// mustClose says that what is left of the body is too long to be read, or may never
// be sent.
func (b *requestBody) mustClose() bool {
	return !b.Ended() && (b.expects || b.err != nil || b.framing == ByLength && b.left > drainBytes)
}
