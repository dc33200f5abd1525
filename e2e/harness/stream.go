package harness

import (
	"errors"
	"io"
	"time"
)

// line is a connection, or what goes for one: exchanges are made on it, one after
// the other or at once.
type line interface {
	start(e Exchange) (stream, error)
	local() string // our address, as the server sees it
	close()
}

// stream is one exchange on a line.
type stream interface {
	send(piece string) error
	end(trailers []Field) error // of the request's body
	next(patience time.Duration) (event, error)
	leave() // the client loses its interest: a reset
}

// event is what comes next of a response: a head, a piece of the body, or, if
// it is neither, the end, with the trailers.
type event struct {
	head     *Response
	piece    string
	trailers []Field
}

func (e event) isEnd() bool { return e.head == nil && e.piece == "" }

// errNothing: nothing came in time.
var errNothing = errors.New("nothing came")

// errCut: the response has ended before it was whole.
var errCut = errors.New("the response was cut")

// inOneGo is how much a server is taken to accept without anybody who reads its answer.
const inOneGo = 16 << 10

// deliver sends a body. What may not find its way before the answer is read is sent
// meanwhile. Errors show in the answer; where there is one already, they are none.
func deliver(e Exchange, s stream) {
	if !e.hasBody() {
		return
	}
	size := 0
	for _, piece := range e.Pieces {
		size += len(piece)
	}
	if size > inOneGo {
		go func() { _ = pour(e, s) }()
		return
	}
	_ = pour(e, s)
}

func pour(e Exchange, s stream) error {
	for _, piece := range e.Pieces {
		if piece == "" {
			continue
		}
		if err := s.send(piece); err != nil {
			return err
		}
	}
	if e.Unfinished {
		return nil
	}
	return s.end(e.Trailers)
}

// cut makes errCut of the errors that mean it, and keeps those of impatience.
func cut(err error) error {
	if errors.Is(err, errNothing) {
		return err
	}
	if isTimeout(err) {
		return errNothing
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errCut
	}
	return errors.Join(errCut, err)
}
