package e2e

import (
	"strings"
	"testing"

	"highball/e2e/harness"
)

func TestContinueIsSentWhenTheApplicationReads(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for _, framing := range []struct{ field, body string }{
			{"Content-Length: 5", "12345"},
			{"Transfer-Encoding: chunked", harness.Chunked("123", "45")},
		} {
			gate := harness.NewGate(t)
			c := s.Dial(t).Send(harness.Request("POST", "/streamed/reads?"+gate.Query(), "Expect: 100-Continue", framing.field))
			visitor := gate.Arrival()
			c.Silent()
			visitor.Go()
			want(t, "status line", c.Head().Line, "HTTP/1.1 100 Continue")
			c.Send(framing.body).Response("POST").Want(t, 200, "read 5")
			c.Send(harness.Request("GET", "/hello")).Response("GET").Want(t, 200, "hello")
		}
	})
}

func TestNoContinueForABodyThatIsNotRead(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		c := s.Dial(t).Send(harness.Request("POST", "/streamed/ignores_body", "Expect: 100-continue", "Content-Length: 5"))
		r := c.Response("POST")
		r.Want(t, 200, "ignored")
		want(t, "interim responses", len(r.Interim), 0)
		// The client will not send the body now, or it will: the connection must
		// not take the one for the other.
		c.ExpectEnd()
	})
}

// Where the server waits for the body, it asks for it; but not if the request cannot
// be served anyway.
func TestContinueIsSentForABodyThatIsWaitedFor(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for _, framing := range []struct{ field, body string }{
			{"Content-Length: 5", "12345"},
			{"Content-Length: 100000", strings.Repeat("x", 100_000)},
			{"Transfer-Encoding: chunked", harness.Chunked("123", "45")},
		} {
			tag := newTag()
			c := s.Dial(t).Send(harness.Request("POST", "/reads?tag="+tag, "Expect: 100-continue", framing.field))
			want(t, "status line", c.Head().Line, "HTTP/1.1 100 Continue")
			want(t, "calls of the application", s.Count(tag), 0)
			c.Send(framing.body).Response("POST").WantStatus(t, 200)
			c.Send(harness.Request("GET", "/hello")).Response("GET").Want(t, 200, "hello")
		}
	})
}

func TestNoContinueForABodyThatIsThere(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		s.Do(t, harness.Post("/reads", "12345", "Expect: 100-continue")).Want(t, 200, "read 5")
	})
}

func TestNoContinueToHTTP10(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		gate := harness.NewGate(t)
		c := s.Dial(t).Send("POST /reads?" + gate.Query() + " HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
		c.Send("12345")
		gate.Arrival().Go()
		r := c.Response("POST")
		r.Want(t, 200, "read 5")
		want(t, "interim responses", len(r.Interim), 0)
	})
}

func TestOtherExpectationsFail(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for _, expect := range []string{"200-ok", "100-continue, x", "100-continue;q=1"} {
			for _, length := range []string{"0", "5"} {
				r := s.Do(t, harness.Request("POST", "/reads", "Expect: "+expect, "Content-Length: "+length))
				want(t, "status for "+expect+", length "+length, r.Status, 417)
			}
		}
		c := s.Dial(t).Send(harness.Request("POST", "/reads", "Expect: 100-continue, x", "Content-Length: 5"))
		c.Response("POST").WantStatus(t, 417)
		c.ExpectEnd()
	})
}
