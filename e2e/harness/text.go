package harness

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// textLine is a connection of HTTP/1.1, in the clear or in TLS.
type textLine struct {
	net.Conn
	r       *bufio.Reader
	writing sync.Mutex // held while a request is on its way
}

func newTextLine(c net.Conn) *textLine {
	_ = c.SetDeadline(time.Now().Add(Patience))
	return &textLine{Conn: c, r: bufio.NewReader(c)}
}

func (l *textLine) local() string { return l.LocalAddr().String() }
func (l *textLine) close()        { _ = l.Close() }

// start sends a request in one piece. Who sends more than one before the answers
// pipelines.
func (l *textLine) start(e Exchange) (stream, error) {
	s := &textStream{line: l, method: e.Method, chunked: e.hasBody() && e.Length < 0}
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\n", e.Method, e.Target, e.Host)
	for _, f := range e.declared() {
		text.WriteString(f.Name + ": " + f.Value + "\r\n")
	}
	if s.chunked {
		text.WriteString("Transfer-Encoding: chunked\r\n")
	}
	text.WriteString("\r\n")
	for _, piece := range e.Pieces {
		text.WriteString(s.encode(piece))
	}
	if e.hasBody() && !e.Unfinished {
		text.WriteString(s.lastChunk(e.Trailers))
	}
	return s, l.write(text.String())
}

// write writes what is small at once, and the rest while its answer is read.
func (l *textLine) write(text string) error {
	l.writing.Lock()
	if len(text) > inOneGo {
		go func() {
			defer l.writing.Unlock()
			_, _ = io.WriteString(l.Conn, text) // an error shows in the answer
		}()
		return nil
	}
	defer l.writing.Unlock()
	_, err := io.WriteString(l.Conn, text)
	return err
}

// reset ends a connection by RST.
func reset(c net.Conn) error {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		if err := tcp.SetLinger(0); err != nil {
			return err
		}
	}
	return c.Close()
}

// textStream is one request and its response as HTTP/1 writes them.
type textStream struct {
	line    *textLine
	method  string
	chunked bool // the request

	head *Response // the final one, once it is there
	rest int       // of a body with a length
}

func (s *textStream) encode(piece string) string {
	if !s.chunked || piece == "" {
		return piece
	}
	return fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece)
}

func (s *textStream) lastChunk(trailers []Field) string {
	if !s.chunked {
		return ""
	}
	text := "0\r\n"
	for _, f := range trailers {
		text += f.Name + ": " + f.Value + "\r\n"
	}
	return text + "\r\n"
}

func (s *textStream) send(piece string) error {
	_, err := io.WriteString(s.line.Conn, s.encode(piece))
	return err
}

func (s *textStream) end(trailers []Field) error {
	_, err := io.WriteString(s.line.Conn, s.lastChunk(trailers))
	return err
}

func (s *textStream) leave() { _ = reset(s.line.Conn) }

func (s *textStream) next(patience time.Duration) (event, error) {
	if s.head != nil && (hasNoBody(s.method, s.head.Status) || s.head.Has("Content-Length") && s.rest == 0) {
		return event{}, nil
	}
	_ = s.line.SetReadDeadline(time.Now().Add(patience))
	_, err := s.line.r.Peek(1)
	_ = s.line.SetReadDeadline(time.Now().Add(Patience))
	switch {
	case err == io.EOF && s.head != nil && !s.framed():
		return event{}, nil
	case err != nil:
		return event{}, cut(err)
	case s.head == nil:
		return s.readHead()
	case s.head.Has("Content-Length"):
		e, err := s.readSome(s.rest)
		s.rest -= len(e.piece)
		return e, err
	case s.framed():
		return s.readChunk()
	}
	return s.readSome(64 << 10)
}

// framed says whether the body says itself where it ends.
func (s *textStream) framed() bool {
	return s.head.Has("Content-Length") || strings.EqualFold(s.head.Get("Transfer-Encoding"), "chunked")
}

func (s *textStream) readHead() (event, error) {
	head, err := readHead(s.line.r)
	if err != nil {
		return event{}, err
	}
	if head.Status >= 200 {
		s.head = head
		if head.Has("Content-Length") {
			s.rest, err = strconv.Atoi(head.Get("Content-Length"))
		}
	}
	return event{head: head}, err
}

func (s *textStream) readSome(limit int) (event, error) {
	b := make([]byte, min(limit, 64<<10))
	n, err := s.line.r.Read(b)
	if err != nil {
		return event{}, cut(err)
	}
	return event{piece: string(b[:n])}, nil
}

func (s *textStream) readChunk() (event, error) {
	line, err := s.line.r.Peek(3)
	if err != nil || string(line) != "0\r\n" {
		piece, err := ReadChunk(s.line.r)
		if err != nil {
			err = cut(err)
		}
		return event{piece: piece}, err
	}
	_, _ = s.line.r.Discard(3)
	var trailers []Field
	for {
		line, err := readLine(s.line.r)
		if err != nil {
			return event{}, cut(err)
		}
		if line == "" {
			return event{trailers: trailers}, nil
		}
		trailers = append(trailers, asFields([]string{line})...)
	}
}
