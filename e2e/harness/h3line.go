package harness

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/quic-go/qpack"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/quicvarint"
)

// The numbers of HTTP/3 that a client needs: RFC 9114 7.2, 6.2, 8.1.
const (
	h3Data, h3Headers, h3Settings = 0x0, 0x1, 0x4

	h3ControlStream    = 0x0
	h3RequestCancelled = 0x10c
)

// h3Line is a connection of HTTP/3: the frames are ours, QUIC below is quic-go's.
type h3Line struct{ conn *quic.Conn }

func newH3Line(address string, c *certificate) (*h3Line, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	conn, err := quic.DialAddr(ctx, address, c.client("h3"), &quic.Config{MaxIdleTimeout: 3 * Patience})
	if err != nil {
		return nil, err
	}
	control, err := conn.OpenUniStream()
	if err == nil {
		_, err = control.Write([]byte{h3ControlStream, h3Settings, 0})
	}
	return &h3Line{conn}, err
}

// local: the socket is bound to no address, and the server is at this one.
func (l *h3Line) local() string {
	_, port, _ := net.SplitHostPort(l.conn.LocalAddr().String())
	return net.JoinHostPort("127.0.0.1", port)
}

func (l *h3Line) close() { _ = l.conn.CloseWithError(0x100, "") }

func (l *h3Line) start(e Exchange) (stream, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	raw, err := l.conn.OpenStreamSync(ctx)
	if err != nil {
		return nil, err
	}
	s := &h3Stream{Stream: raw, r: bufio.NewReader(raw)}
	if err := s.writeHead(append(pseudoFields(e, "https"), e.declared()...)); err != nil {
		return nil, err
	}
	if !e.hasBody() {
		return s, s.Close()
	}
	deliver(e, s)
	return s, nil
}

// h3Stream is a request stream.
type h3Stream struct {
	*quic.Stream
	r     *bufio.Reader
	final bool
	rest  uint64 // of the DATA frame that is read
}

func (s *h3Stream) frame(kind uint64, payload []byte) error {
	b := quicvarint.Append(nil, kind)
	b = quicvarint.Append(b, uint64(len(payload)))
	_, err := s.Write(append(b, payload...))
	return err
}

func (s *h3Stream) writeHead(fields []Field) error {
	var block bytes.Buffer
	encoder := qpack.NewEncoder(&block)
	for _, f := range fields {
		if err := encoder.WriteField(qpack.HeaderField{Name: strings.ToLower(f.Name), Value: f.Value}); err != nil {
			return err
		}
	}
	return s.frame(h3Headers, block.Bytes())
}

func (s *h3Stream) send(piece string) error { return s.frame(h3Data, []byte(piece)) }

func (s *h3Stream) end(trailers []Field) error {
	if len(trailers) > 0 {
		if err := s.writeHead(trailers); err != nil {
			return err
		}
	}
	return s.Close()
}

func (s *h3Stream) leave() {
	s.CancelRead(h3RequestCancelled)
	s.CancelWrite(h3RequestCancelled)
}

func (s *h3Stream) next(patience time.Duration) (event, error) {
	_ = s.SetReadDeadline(time.Now().Add(patience))
	_, err := s.r.Peek(1)
	_ = s.SetReadDeadline(time.Now().Add(Patience))
	if err == io.EOF && s.final && s.rest == 0 {
		return event{}, nil
	}
	if err != nil {
		return event{}, cut(err)
	}
	for s.rest == 0 {
		kind, err := quicvarint.Read(s.r)
		if errors.Is(err, io.EOF) && s.final {
			return event{}, nil
		}
		if err != nil {
			return event{}, cut(err)
		}
		size, err := quicvarint.Read(s.r)
		if err != nil {
			return event{}, cut(err)
		}
		switch kind {
		case h3Data:
			s.rest = size
		case h3Headers:
			return s.readHead(size)
		default: // RFC 9114 9
			_, err = io.CopyN(io.Discard, s.r, int64(size))
			if err != nil {
				return event{}, cut(err)
			}
		}
	}
	b := make([]byte, min(s.rest, 64<<10))
	n, err := s.r.Read(b)
	s.rest -= uint64(n)
	if n == 0 {
		return event{}, cut(err)
	}
	return event{piece: string(b[:n])}, nil
}

func (s *h3Stream) readHead(size uint64) (event, error) {
	block := make([]byte, size)
	if _, err := io.ReadFull(s.r, block); err != nil {
		return event{}, cut(err)
	}
	var fields []Field
	for decode := qpack.NewDecoder().Decode(block); ; {
		f, err := decode()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return event{}, fmt.Errorf("the response is malformed: %w", err)
		}
		fields = append(fields, Field{f.Name, f.Value})
	}
	if s.final {
		return event{trailers: fields}, nil
	}
	head, err := asHead("HTTP/3.0", fields)
	if err != nil {
		return event{}, err
	}
	s.final = head.Status >= 200
	return event{head: head}, nil
}
