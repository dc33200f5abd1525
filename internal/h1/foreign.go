package h1

import (
	"context"
	"errors"
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

// ValidMethod says whether a request may have it.
func ValidMethod(method string) bool { return isToken(method) && method != http.MethodConnect }

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
