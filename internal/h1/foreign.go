package h1

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
)

// Foreign is a request whose head came in another form than HTTP/1's. Its response is
// one of HTTP/1.0, without an interim one and never in chunks, and the connection ends
// with it.
type Foreign struct {
	Head        *Head
	Proto       string // the version that the client spoke, which Head.Minor does not say
	Path, Query string // decoded, and as it was sent
	Remote      string // the client's address
	Context     func(context.Context) context.Context
}

// ValidField says whether a field may stand in a head.
func ValidField(f Field) bool { return isToken(f.Name) && all(f.Value, valueByte) }

// Check holds the head to what one of HTTP/1 is held to: its method, target, host and
// length, and the limits of the lines that it would have had.
func (f *Foreign) Check(limits Limits) *Refusal {
	limits, h := limits.withDefaults(), f.Head
	if !isToken(h.Method) {
		return malformed("RFC 9112 3.1", "%s is no method", shown(h.Method))
	}
	if refusal := checkProto(f.Proto); refusal != nil {
		return refusal
	}
	if h.Target == "" || !all(h.Target, targetByte) {
		return malformed("RFC 9112 3.2", "a byte that no target may have: %s", shown(h.Target))
	}
	if h.Host != "" && !validHost(h.Host) {
		return malformed("RFC 9112 3.2", "Host: %s is no host", shown(h.Host))
	}
	authority, refusal := checkTarget(h.Method, h.Target)
	if refusal != nil {
		return refusal
	}
	if h.Host == "" {
		h.Host = authority // else it is as the proxy has it, which may have decided by it
	}
	if h.Framing, h.Length, refusal = framing(h.Fields, 0); refusal != nil {
		return refusal
	}
	return f.checkSize(limits)
}

func (f *Foreign) checkSize(limits Limits) *Refusal {
	size := len(f.Head.Method) + len(f.Head.Target) + len(f.Proto) + len("  \r\n")
	if size > limits.RequestLine {
		return tooLarge(http.StatusRequestURITooLong, fmt.Sprintf("the request line is longer than %d bytes", limits.RequestLine))
	}
	if len(f.Head.Fields) > limits.Fields {
		return tooLarge(http.StatusRequestHeaderFieldsTooLarge, fmt.Sprintf("more than %d fields", limits.Fields))
	}
	for _, field := range f.Head.Fields {
		size += len(field.Name) + len(field.Value) + len(": \r\n")
	}
	if size+len("\r\n") > limits.Head {
		return tooLarge(http.StatusRequestHeaderFieldsTooLarge, fmt.Sprintf("the head is larger than %d bytes", limits.Head))
	}
	return nil
}

// checkProto: the versions that a proxy may have spoken with its client.
func checkProto(version string) *Refusal {
	if version == "HTTP/2.0" || version == "HTTP/3.0" {
		return nil
	}
	_, refusal := parseVersion([]byte(version))
	return refusal
}

// serveForeign serves the one request of a connection.
func (c *conn) serveForeign() {
	if !c.await() {
		return
	}
	c.in.src = headSource{c}
	f, err := c.server.Foreign(foreignSource{&c.in}, c.in.limits)
	c.in.src = c.net
	if err != nil && c.reads.tooLong() && errors.Is(err, os.ErrDeadlineExceeded) {
		err = &Refusal{http.StatusRequestTimeout, "RFC 9110 15.5.9", "the packet has not come within " + c.server.headTimeout().String()}
	}
	c.goOn(&c.reads, c.net.SetReadDeadline)
	if err != nil {
		c.refuse(err)
		return
	}
	c.exchangeForeign(f)
}

func (c *conn) exchangeForeign(f *Foreign) {
	x := c.newExchange(f.Head)
	x.fillHeader()
	ctx, cancel := context.WithCancel(f.Context(c.ctx))
	x.url = url.URL{Path: f.Path, RawQuery: f.Query}
	r := (&http.Request{
		Method: f.Head.Method, URL: &x.url, RequestURI: f.Head.Target, Host: f.Head.Host, RemoteAddr: f.Remote,
		Proto: f.Proto, ProtoMajor: 1, ProtoMinor: 0, Header: x.header,
		ContentLength: f.Head.Length, Body: &x.body, Close: true,
	}).WithContext(ctx)
	if f.Head.Length == 0 {
		r.Body = http.NoBody
	}
	next, whole := c.answer(x, r)
	c.end(x, cancel, whole)
	if next == lingers {
		c.linger()
	}
}

// foreignSource reads what is buffered, and then the connection.
type foreignSource struct{ in *Reader }

func (s foreignSource) Read(p []byte) (int, error) { return s.in.read(p) }
