package e2e

import (
	"strings"
	"testing"

	"highball/e2e/harness"
)

func TestContinueIsSentWhenTheApplicationReads(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, length := range []int{5, -1} {
			gate := harness.NewGate(t)
			l := s.Connect(t)
			c := l.Start(harness.Ask("POST", "/streamed/reads?"+gate.Query(), "Expect: 100-Continue").Begun(length, ""))
			visitor := gate.Arrival()
			c.Silent()
			visitor.Go()
			want(t, "status", c.Interim().Status, 100)
			c.Send("123", "45").End().Response().Want(t, 200, "read 5")
			l.Do(harness.Ask("GET", "/hello")).Want(t, 200, "hello")
		}
	}, harness.Framing)
}

func TestNoContinueForABodyThatIsNotRead(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		r := s.Start(t, harness.Ask("POST", "/streamed/ignores_body", "Expect: 100-continue").Begun(5, "")).Response()
		r.Want(t, 200, "ignored")
		want(t, "interim responses", len(r.Interim), 0)
		if !s.Can(harness.Raw) {
			return
		}
		c := s.Dial(t).Send(harness.Request("POST", "/streamed/ignores_body", "Expect: 100-continue", "Content-Length: 5"))
		c.Response("POST").Want(t, 200, "ignored")
		// The client will not send the body now, or it will: the connection must
		// not take the one for the other.
		c.ExpectEnd()
	}, harness.Framing)
}

// Where the server waits for the body, it asks for it; but not if the request cannot
// be served anyway.
func TestContinueIsSentForABodyThatIsWaitedFor(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, length := range []int{5, 100_000, -1} {
			tag := newTag()
			l := s.Connect(t)
			c := l.Start(harness.Ask("POST", "/reads?tag="+tag, "Expect: 100-continue").Begun(length, ""))
			want(t, "status", c.Interim().Status, 100)
			want(t, "calls of the application", s.Count(tag), 0)
			c.Send("x", strings.Repeat("x", max(length, 5)-1)).End().Response().WantStatus(t, 200)
			l.Do(harness.Ask("GET", "/hello")).Want(t, 200, "hello")
		}
	}, harness.Framing)
}

func TestNoContinueForABodyThatIsThere(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		s.Do(t, harness.Ask("POST", "/reads", "Expect: 100-continue").With("12345")).Want(t, 200, "read 5")
	})
}

func TestNoContinueToHTTP10(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		gate := harness.NewGate(t)
		c := s.Dial(t).Send("POST /reads?" + gate.Query() + " HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
		c.Send("12345")
		gate.Arrival().Go()
		r := c.Response("POST")
		r.Want(t, 200, "read 5")
		want(t, "interim responses", len(r.Interim), 0)
	}, harness.Raw)
}

func TestOtherExpectationsFail(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		expectations := []string{"200-ok", "100-continue;q=1"}
		if !harness.OtherEngine() || !s.Can(harness.Streams) { // net/http takes the next away over HTTP/2
			expectations = append(expectations, "100-continue, x")
		}
		for _, expect := range expectations {
			for _, body := range []string{"", "12345"} {
				r := s.Do(t, harness.Ask("POST", "/reads", "Expect: "+expect).With(body))
				want(t, "status for "+expect+" with the body "+body, r.Status, 417)
			}
		}
		if !s.Can(harness.Raw) {
			return
		}
		c := s.Dial(t).Send(harness.Request("POST", "/reads", "Expect: 100-continue, x", "Content-Length: 5"))
		c.Response("POST").WantStatus(t, 417)
		c.ExpectEnd()
	}, harness.Framing)
}
