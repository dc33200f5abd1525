package h1

import (
	"net/http"
	"net/url"
)

// exchange is what serving one request takes. Where the handler only borrows, it
// serves again.
type exchange struct {
	head     *Head
	response response
	body     requestBody
	url      url.URL
	header   http.Header
	values   []string // of the header: of one value each, cut from one slice
}

func (c *conn) newExchange(h *Head) *exchange {
	var x *exchange
	if c.server.Borrows {
		x, _ = c.server.exchanges.Get().(*exchange)
	}
	if x == nil {
		x = &exchange{header: make(http.Header, len(h.Fields)), response: response{header: http.Header{}}}
	}
	x.head = h
	x.body.begin(c, h)
	w := &x.response
	*w = response{conn: c, head: h, body: &x.body, header: w.header, held: w.held[:0], length: -1, close: h.Close}
	return x
}

// recycle keeps an exchange for another request. Nothing of it may refer to the
// connection's texts any more.
func (s *Server) recycle(x *exchange) {
	clear(x.header)
	clear(x.response.header)
	clear(x.values)
	x.head, x.url = nil, url.URL{}
	x.body.Body, x.body.conn, x.body.trailer = Body{}, nil, nil
	x.response = response{header: x.response.header, held: x.response.held}
	s.exchanges.Put(x)
}

// borrowOutput lends a buffer for a response.
func (s *Server) borrowOutput() []byte {
	if p, ok := s.outputs.Get().(*[outputBuffer]byte); ok {
		return p[:0]
	}
	return make([]byte, 0, outputBuffer)
}

// returnOutput takes it back, unless a head has outgrown it.
func (s *Server) returnOutput(b []byte) {
	if cap(b) == outputBuffer {
		s.outputs.Put((*[outputBuffer]byte)(b[:outputBuffer]))
	}
}
