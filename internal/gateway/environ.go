package gateway

import (
	"cmp"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"highball/internal/origin"
	"highball/internal/wire"
)

// frame builds the request's frame: environ and, if it is small, the body, for which
// it waits, as it does for one that is to be in a file.
func (x *exchange) frame(b []byte) ([]byte, error) {
	t, err := x.g.parseTarget(x.r)
	if err != nil {
		return b, err
	}
	if x.origin != nil {
		t.scriptName = x.origin.Prefix + t.scriptName
	}
	x.target = t
	if expect := x.r.Header["Expect"]; len(expect) > 0 && x.r.ProtoAtLeast(1, 1) && !expectsContinue(x.r) {
		x.client = newSupply(x.w, x.r, &x.g.opts.Bodies)
		x.intake = newIntake(&x.client, x.r, nil) // for its end: the body may never come
		return b, refuse(http.StatusExpectationFailed, "Expect: "+quote(strings.Join(expect, ", "))+" is not 100-continue (RFC 9110 10.1.1)")
	}
	if len(x.r.Trailer) > 0 && x.r.Header["Trailer"] == nil {
		x.announced = slices.Sorted(maps.Keys(x.r.Trailer)) // net/http adds what comes behind the body
	}
	body, err := x.collect(b)
	if err != nil {
		return b, err
	}
	if body != nil { // it is where the frame should have been
		b = (*x.g.bufs.Get().(*[]byte))[:0]
		taken := body
		defer x.g.recycle(&taken)
	}
	b = append(b, make([]byte, wire.HeaderSize)...)
	b = wire.AppendTuple(b, 2)
	b = wire.OpenDict(b)
	b = x.appendRequest(b)
	b = x.appendAddresses(b)
	b = x.appendHeaders(b)
	b = x.appendQueueTime(b)
	b = x.appendTLS(b)
	b = x.appendVariables(b)
	b = wire.CloseDict(b)
	return x.appendBody(b, body)
}

// appendRequest adds what the request line says (pep3333 11 to 19, 31, 110).
func (x *exchange) appendRequest(b []byte) []byte {
	r := x.r
	b = wire.AppendItem(b, "REQUEST_METHOD", r.Method)
	b = wire.AppendItem(b, "SCRIPT_NAME", x.target.scriptName)
	b = wire.AppendItem(b, "PATH_INFO", x.target.pathInfo)
	b = wire.AppendItem(b, "QUERY_STRING", x.target.query)
	b = wire.AppendItem(b, "REQUEST_URI", x.target.raw)
	b = wire.AppendItem(b, "RAW_URI", x.target.raw)
	b = wire.AppendItem(b, "SERVER_PROTOCOL", r.Proto)
	scheme := x.scheme()
	if scheme == "https" {
		b = wire.AppendItem(b, "HTTPS", "on")
	}
	b = wire.AppendItem(b, "wsgi.url_scheme", scheme)
	return wire.AppendItem(b, "highball.request_id", x.id)
}

// scheme is the client's: of the connection, or what a proxy that is believed says.
func (x *exchange) scheme() string {
	switch {
	case x.origin != nil && x.origin.Scheme != "":
		return x.origin.Scheme
	case x.r.TLS != nil:
		return "https"
	}
	return "http"
}

// appendAddresses adds both ends of the connection. A client on a Unix socket
// has no address: REMOTE_ADDR and REMOTE_PORT are left out (pep3333 25); of one that a
// proxy has named the port may not be known.
func (x *exchange) appendAddresses(b []byte) []byte {
	r := x.r
	if host, port := splitRemote(r.RemoteAddr); host != "" {
		b = wire.AppendItem(b, "REMOTE_ADDR", host)
		if port != "" {
			b = wire.AppendItem(b, "REMOTE_PORT", port)
		}
	}
	name, port := "localhost", "80"
	if x.scheme() == "https" {
		port = "443"
	}
	if x.origin != nil && x.origin.ServerName != "" {
		b = wire.AppendItem(b, "SERVER_NAME", x.origin.ServerName)
		return wire.AppendItem(b, "SERVER_PORT", cmp.Or(x.origin.ServerPort, port))
	}
	if x.origin != nil && x.origin.ServerPort != "" {
		port = x.origin.ServerPort
	}
	switch addr := r.Context().Value(http.LocalAddrContextKey).(type) {
	case *net.TCPAddr:
		return appendServer(b, addr.AddrPort(), x.origin)
	case *net.UDPAddr: // HTTP/3
		return appendServer(b, addr.AddrPort(), x.origin)
	}
	b = wire.AppendItem(b, "SERVER_NAME", name)
	return wire.AppendItem(b, "SERVER_PORT", port)
}

// splitRemote parts a client's address from its port, of which it may have none. What
// is no address is "".
func splitRemote(remote string) (host, port string) {
	last := strings.LastIndexByte(remote, ':')
	switch {
	case last < 0 && strings.IndexByte(remote, '.') < 0: // "" or "@", of a Unix socket
		return "", ""
	case last < 0 || remote[0] != '[' && strings.IndexByte(remote, ':') < last:
		if _, err := netip.ParseAddr(remote); err != nil {
			return "", ""
		}
		return remote, ""
	}
	host, port, err := net.SplitHostPort(remote)
	if err != nil {
		return "", ""
	}
	return host, port
}

// appendServer adds the server's own address. The texts are short-lived: they need not
// be on the heap.
func appendServer(b []byte, addr netip.AddrPort, o *origin.Origin) []byte {
	var text [64]byte
	name := text[:0]
	if ip := addr.Addr().Unmap().WithZone(""); ip.Is4() {
		name = ip.AppendTo(name)
	} else {
		name = append(ip.AppendTo(append(name, '[')), ']') // RFC 3875 4.1.14
	}
	b = wire.AppendItem(b, "SERVER_NAME", unsafe.String(&name[0], len(name)))
	if o != nil && o.ServerPort != "" {
		return wire.AppendItem(b, "SERVER_PORT", o.ServerPort)
	}
	port := strconv.AppendUint(text[:0], uint64(addr.Port()), 10)
	return wire.AppendItem(b, "SERVER_PORT", unsafe.String(&port[0], len(port)))
}

// appendHeaders adds CONTENT_* and HTTP_* (pep3333 15, 16, 20, 21, 111, 112).
func (x *exchange) appendHeaders(b []byte) []byte {
	r := x.r
	if r.Host != "" {
		b = wire.AppendItem(b, "HTTP_HOST", r.Host)
	}
	// The length that the body has, not the field: a handler before this one may
	// have changed both, and one that has come whole has a length (RFC 9112 7.1.3).
	if x.length > 0 || x.length == 0 && (r.ContentLength < 0 || len(r.Header["Content-Length"]) > 0) {
		b = wire.AppendItem(b, "CONTENT_LENGTH", strconv.FormatInt(x.length, 10))
	}
	for name, values := range r.Header {
		if len(values) == 0 {
			continue
		}
		switch name {
		case "Content-Type":
			b = wire.AppendItem(b, "CONTENT_TYPE", strings.Join(values, ","))
			continue
		case "Content-Length", "Host", "Proxy": // Proxy: httpoxy
			continue
		}
		if name == queueTimeField && x.g.opts.QueueTimeField { // ours to say
			continue
		}
		if strings.Contains(name, "_") { // would shadow the name with "-"
			continue
		}
		b = appendHeaderName(b, name)
		b = appendValues(b, name, values)
	}
	// The server has taken these two out of the fields, as net/http does.
	if len(r.TransferEncoding) > 0 && x.length < 0 {
		b = wire.AppendItem(b, "HTTP_TRANSFER_ENCODING", strings.Join(r.TransferEncoding, ", "))
	}
	if len(x.announced) > 0 {
		b = wire.AppendItem(b, "HTTP_TRAILER", strings.Join(x.announced, ", "))
	}
	return b
}

func appendHeaderName(b []byte, name string) []byte {
	var buf [64]byte
	key := append(buf[:0], "HTTP_"...)
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		case c == '-':
			c = '_'
		}
		key = append(key, c)
	}
	return wire.AppendLatin1(b, string(key))
}

func appendValues(b []byte, name string, values []string) []byte {
	if len(values) == 1 {
		return wire.AppendLatin1(b, values[0])
	}
	separator := ","
	if name == "Cookie" {
		separator = "; " // RFC 9113 8.2.3
	}
	return wire.AppendLatin1(b, strings.Join(values, separator))
}

// appendBody ends the frame with the whole body, with the size of the file that it is
// in, or with None where it streams.
func (x *exchange) appendBody(b, body []byte) ([]byte, error) {
	switch {
	case x.spooled != nil:
		return wire.AppendInt(b, x.spooled.Size()), nil
	case x.intake != nil:
		return wire.AppendNone(b), nil
	case body != nil || x.supply == nil:
		return wire.AppendBytes(b, body), nil
	}
	b = wire.AppendBytes(b, nil)
	putLength(b[len(b)-4:], uint32(x.length))
	b, err := x.supply.appendWhole(b)
	if err != nil {
		return b, x.giveUpBody(err)
	}
	x.supply.disarm()
	return b, nil
}

// appendVariables adds what only the server's own side can say. It is last: no field
// of a client takes the place of one.
func (x *exchange) appendVariables(b []byte) []byte {
	if x.origin == nil {
		return b
	}
	for _, v := range x.origin.Variables {
		b = wire.AppendItem(b, v.Name, v.Value)
	}
	return b
}

func putLength(b []byte, n uint32) {
	b[0], b[1], b[2], b[3] = byte(n), byte(n>>8), byte(n>>16), byte(n>>24)
}

func expectsContinue(r *http.Request) bool {
	expect := r.Header["Expect"]
	return len(expect) == 1 && strings.EqualFold(expect[0], "100-continue")
}
