package harness

import (
	"errors"
	"io"
	"time"

	"golang.org/x/net/http2"
)

// h2Stream is a stream of HTTP/2. Its fields are guarded by the connection's mu.
type h2Stream struct {
	line    *h2Line
	id      uint32
	window  int64 // what the server takes yet
	events  []event
	final   bool          // the final head has come
	err     error         // io.EOF: it has ended as it should
	arrived chan struct{} // something is new in events or err
}

func (s *h2Stream) notify() {
	select {
	case s.arrived <- struct{}{}:
	default:
	}
	s.line.changed.Broadcast()
}

func (s *h2Stream) fail(err error) {
	s.err = err
	s.notify()
}

// got notes an event; the last one may be the stream's end as well.
func (s *h2Stream) got(e event, last bool) {
	if !e.isEnd() {
		s.events = append(s.events, e)
	}
	if last {
		s.events = append(s.events, event{trailers: e.trailers})
		s.err = io.EOF
	}
	s.notify()
}

func (s *h2Stream) gotHead(f *http2.MetaHeadersFrame) {
	fields := make([]Field, len(f.Fields))
	for i, field := range f.Fields {
		fields[i] = Field{field.Name, field.Value}
	}
	if s.final {
		s.got(event{trailers: fields}, true)
		return
	}
	head, err := asHead("HTTP/2.0", fields)
	if err != nil {
		s.fail(err)
		return
	}
	s.final = head.Status >= 200
	s.got(event{head: head}, f.StreamEnded())
}

func (s *h2Stream) next(patience time.Duration) (event, error) {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		e, there, err := s.take()
		if there || err != nil {
			return e, err
		}
		select {
		case <-s.arrived:
		case <-timeout.C:
			return event{}, errNothing
		}
	}
}

// take takes the next event, and lets the server send as much more.
func (s *h2Stream) take() (e event, there bool, err error) {
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	if len(s.events) == 0 {
		return event{}, false, s.err
	}
	e = s.events[0]
	s.events = s.events[1:]
	if e.piece != "" && s.err == nil {
		go func() { // the connection's writer may wait for its reader
			_ = s.line.write(func() error { return s.line.framer.WriteWindowUpdate(s.id, uint32(len(e.piece))) })
		}()
	}
	return e, true, nil
}

func (s *h2Stream) send(piece string) error {
	for piece != "" {
		n, err := s.room(len(piece))
		if err != nil {
			return err
		}
		part := []byte(piece[:n])
		piece = piece[n:]
		if err := s.line.write(func() error { return s.line.framer.WriteData(s.id, false, part) }); err != nil {
			return err
		}
	}
	return nil
}

// room waits until the windows let something through, and takes up to n of it.
func (s *h2Stream) room(n int) (int, error) {
	l := s.line
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		if l.err != nil || s.err != nil {
			return 0, errors.Join(l.err, s.err)
		}
		if free := min(int64(n), l.window, s.window, int64(l.maxFrame)); free > 0 {
			l.window -= free
			s.window -= free
			return int(free), nil
		}
		l.changed.Wait()
	}
}

func (s *h2Stream) end(trailers []Field) error {
	return s.line.write(func() error {
		if len(trailers) > 0 {
			return s.line.writeHead(s.id, trailers, true)
		}
		return s.line.framer.WriteData(s.id, true, nil)
	})
}

func (s *h2Stream) leave() {
	_ = s.line.write(func() error { return s.line.framer.WriteRSTStream(s.id, http2.ErrCodeCancel) })
}
