package e2e

import (
	"fmt"
	"testing"

	"highball/e2e/harness"
)

// closedOnce waits for the iterable's close() and makes sure that it is the only
// one, once the same server has served another request after it.
func closedOnce(t *testing.T, s *harness.Client, what, tag string) harness.Entry {
	t.Helper()
	e := s.WaitText(t, tag+" closed")
	s.Get(t, "/hello").Want(t, 200, "hello")
	if n := s.Count(tag + " closed"); n != 1 {
		t.Errorf("%s: close() was called %d times", what, n)
	}
	return e
}

func TestCloseAfterANormalEnd(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		tag := newTag()
		s.Get(t, "/closing?end=normal&tag="+tag).Want(t, 200, "begunended")
		closedOnce(t, s, "normal end", tag)
	})
}

func TestCloseAfterAnException(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, end := range []string{"raises", "first", "exit"} {
			tag := newTag()
			r := s.Start(t, harness.Ask("GET", "/closing?end="+end+"&tag="+tag)).Outcome()
			if r != nil && r.Complete && r.Status != 500 && s.Can(harness.Framing) {
				t.Errorf("%s: the response %s %q passes for whole", end, r.Line, r.Body)
			}
			closedOnce(t, s, end, tag)
		}
	})
}

func TestCloseWithoutABody(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for name, request := range map[string][2]string{
			"HEAD":                   {"HEAD", "/closing?end=normal"},
			"HEAD that raises":       {"HEAD", "/closing?end=first"},
			"304":                    {"GET", "/closing?end=normal&status=304+Same"},
			"204":                    {"GET", "/closing?end=normal&status=204+None"},
			"Content-Length reached": {"GET", "/closing?end=normal&length=5"},
			"Content-Length of zero": {"GET", "/closing?end=normal&length=0"},
			"Content-Length missed":  {"GET", "/closing?end=normal&length=50"},
		} {
			tag := newTag()
			s.Start(t, harness.Ask(request[0], request[1]+"&tag="+tag)).Outcome()
			closedOnce(t, s, name, tag)
		}
	})
}

// The client goes while blocks are on their way: by a reset of the stream or the
// connection, and by the connection's close.
func TestCloseAfterTheClientLeft(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, size := range []string{"1", "100000"} {
			for _, reset := range []bool{true, false} {
				tag := newTag()
				l := s.Connect(t)
				c := l.Start(harness.Ask("GET", "/endless?size="+size+"&tag="+tag))
				c.Head()
				if reset {
					c.Leave()
				} else {
					l.Close()
				}
				closedOnce(t, s, fmt.Sprintf("reset: %t, blocks of %s", reset, size), tag)
			}
		}
	})
}

// Who gives up one stream goes on with the others.
func TestStreamsAreGivenUpAlone(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		tag := newTag()
		l := s.Connect(t)
		other := l.Start(harness.Ask("POST", "/echo").Begun(-1, "be"))
		c := l.Start(harness.Ask("GET", "/endless?size=100000&tag="+tag))
		c.Head()
		c.Leave()
		closedOnce(t, s, "a stream reset", tag)
		other.Send("gun").End().Response().Want(t, 200, "begun")
		l.Do(harness.Ask("GET", "/hello")).Want(t, 200, "hello")
	}, harness.Streams)
}

func TestWriteRaisesAfterTheClientLeft(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		tag := newTag()
		c := s.Start(t, harness.Ask("GET", "/endless/write?tag="+tag))
		c.Head()
		c.Leave()
		s.WaitText(t, tag+" write raised OSError")
	})
}

// The client goes before the first block: the application is stopped at its next.
func TestCloseAfterTheClientLeftAWaitingApplication(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		tag, gate := newTag(), harness.NewGate(t)
		c := s.Start(t, harness.Ask("GET", "/waits_then_streams?tag="+tag+"&"+gate.Query()))
		visitor := gate.Arrival()
		c.Leave()
		visitor.Go()
		closedOnce(t, s, "RST before the first block", tag)
	})
}

func TestHalfCloseIsNotLeaving(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		gate := harness.NewGate(t)
		c := s.Dial(t).Send(harness.Request("GET", "/blocks?"+gate.Query())).CloseWrite()
		gate.Arrival().Go()
		gate.Arrival().Go()
		c.Response("GET").Want(t, 200, "onetwo")
		c.ExpectEnd()

		post := harness.NewGate(t)
		c = s.Dial(t).Send(harness.Post("/reads?"+post.Query(), "body")).CloseWrite()
		post.Arrival().Go()
		c.Response("POST").Want(t, 200, "read 4")
	}, harness.Raw)
}

func TestExceptionsOfCloseAreLogged(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, what := range []string{"ValueError", "SystemExit", "KeyboardInterrupt"} {
			tag := newTag()
			s.Get(t, "/raises/close?what="+what+"&tag="+tag).Want(t, 200, "begunended")
			id := s.Wait(t, func(e harness.Entry) bool {
				return e.Has("close() of the response failed") && e.Has(what+": raised on purpose")
			}).Text("request")
			if id == "" {
				t.Errorf("%s: the line has no request's id", what)
			}
			s.Get(t, "/hello").Want(t, 200, "hello")
		}
	})
}

// close() runs after the response has ended; a body that streams has ended then, too.
func TestCloseReadsTheBody(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		tag := newTag()
		c := s.Start(t, harness.Ask("POST", "/streamed/closereads?tag="+tag).Begun(200_000, ""))
		c.Response().Want(t, 200, "whole")
		s.WaitText(t, tag+" closed after an OSError")
		s.Get(t, "/hello").Want(t, 200, "hello")
	})
}
