package e2e

import (
	"strings"
	"testing"

	"highball/e2e/harness"
)

const large = 200_000 // more than travels in one frame

// cutBodies are bodies that end too early or are no bodies, for a path that streams
// or not.
func cutBodies(prefix, tag string) map[string]string {
	path := prefix + "/reads?tag=" + tag
	chunked := harness.Request("POST", path, "Transfer-Encoding: chunked")
	return map[string]string{
		"short length":        harness.Request("POST", path, "Content-Length: 10") + "12345",
		"short large length":  harness.Request("POST", path, "Content-Length: 200000") + strings.Repeat("x", large/2),
		"within a chunk":      chunked + "5\r\nab",
		"between chunks":      chunked + "2\r\nab\r\n",
		"within a chunk size": chunked + "2\r\nab\r\n1",
		"before the last LF":  chunked + "2\r\nab\r\n0\r\n",
		"nothing at all":      chunked,
	}
}

// A body cut short is an error, never a shorter body (clauses 53, 114).
func TestBodyCutByFIN(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for name := range cutBodies("", "") {
			for _, prefix := range []string{"", "/streamed"} {
				tag := newTag()
				c := s.Dial(t).Send(cutBodies(prefix, tag)[name]).CloseWrite()
				if answer := c.Rest(); strings.HasPrefix(answer, "HTTP/1.1 2") || prefix == "" && !strings.HasPrefix(answer, "HTTP/1.1 400 ") {
					t.Errorf("%s%s: answered %.60q", name, prefix, answer)
				}
				if s.Count(tag, "read ") > 0 || prefix == "" && s.Count(tag) > 0 {
					t.Errorf("%s%s: the application got the request", name, prefix)
				}
			}
		}
	}, harness.Raw)
}

func TestBodyCutByRST(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		tag, gate := newTag(), harness.NewGate(t)
		c := s.Start(t, harness.Ask("POST", "/streamed/reads?tag="+tag+"&"+gate.Query()).Begun(200_000, "begun"))
		visitor := gate.Arrival()
		c.Leave()
		visitor.Go()
		s.WaitText(t, tag, "OSError ClientDisconnected")
	})
}

func TestBodyCutByFINRaisesOSError(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, name := range []string{"short large length", "within a chunk", "between chunks", "nothing at all"} {
			tag := newTag()
			s.Dial(t).Send(cutBodies("/streamed", tag)[name]).CloseWrite()
			s.WaitText(t, tag, "OSError ClientDisconnected")
		}
	}, harness.Raw)
}

func TestMalformedChunkEndsTheConnection(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, body := range []string{"zz\r\nab\r\n0\r\n\r\n", "2\r\nabc\r\n0\r\n\r\n", "-1\r\n\r\n", "fffffffffffffffff\r\nab"} {
			for _, prefix := range []string{"", "/streamed"} {
				tag := newTag()
				c := s.Dial(t).Send(harness.Request("POST", prefix+"/reads?tag="+tag, "Transfer-Encoding: chunked"), body)
				c.Send(harness.Request("GET", "/hello"))
				if prefix != "" {
					s.WaitText(t, tag, "OSError ClientDisconnected")
				}
				answer := c.Rest()
				if !strings.HasPrefix(answer, "HTTP/1.1 400 ") || strings.Contains(answer, "hello") {
					t.Errorf("%q: answered %.200q", body, answer)
				}
				if prefix == "" && s.Count(tag) > 0 {
					t.Errorf("%q: the application got the request", body)
				}
			}
		}
	}, harness.Raw)
}

// A body that is not as long as was declared is no body: RFC 9113 8.1.1, RFC 9114 4.1.2.
func TestBodyThatEndsBeforeItsLength(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		tag := newTag()
		waited := s.Start(t, harness.Ask("POST", "/reads?tag="+tag).Begun(10, "12345")).End()
		if r := waited.Outcome(); r != nil && r.Status != 400 {
			t.Errorf("a body that is waited for: answered %s", r.Line)
		}
		s.Get(t, "/hello").Want(t, 200, "hello")
		want(t, "calls of the application", s.Count(tag), 0)

		gate := harness.NewGate(t)
		streamed := s.Start(t, harness.Ask("POST", "/streamed/reads?tag="+tag+"&"+gate.Query()).Begun(10, "12345"))
		visitor := gate.Arrival()
		streamed.End()
		visitor.Go()
		s.WaitText(t, tag, "OSError ClientDisconnected")
		if r := streamed.Outcome(); r != nil && r.Status < 400 {
			t.Errorf("a body that streams: answered %s", r.Line)
		}
	}, harness.Streams)
}

// A request that is reset before its body has come is not served.
func TestBodyThatIsGivenUp(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, length := range []int{10, -1} {
			if length < 0 && !s.Can(harness.Framing) {
				continue
			}
			tag := newTag()
			s.Start(t, harness.Ask("POST", "/reads?tag="+tag).Begun(length, "12345")).Leave()
			s.Get(t, "/hello").Want(t, 200, "hello")
			want(t, "calls of the application", s.Count(tag), 0)
		}
	})
}

// A body that the application does not read never becomes the next request.
func TestUnreadBodyIsNoRequest(t *testing.T) {
	smuggled := harness.Request("GET", "/smuggled")
	onWires(t, func(t *testing.T, s *harness.Client) {
		for name, post := range map[string]string{
			"length":        harness.Post("/ignores_body", smuggled),
			"large":         harness.Post("/ignores_body", strings.Repeat(smuggled, 2000)),
			"larger":        harness.Post("/ignores_body", strings.Repeat(smuggled, 20000)),
			"chunked":       harness.PostChunked("/ignores_body", smuggled, smuggled),
			"read in part":  harness.Post("/reads?size=5", strings.Repeat(smuggled, 2000)),
			"chunked, part": harness.PostChunked("/reads?size=5", strings.Repeat(smuggled, 2000)),
			"streams":       harness.Post("/streamed/ignores_body", strings.Repeat(smuggled, 2000)),
			"all streams":   harness.PostChunked("/streamed/ignores_body", smuggled, smuggled),
			"part streams":  harness.PostChunked("/streamed/reads?size=5", strings.Repeat(smuggled, 2000)),
		} {
			c := s.Dial(t)
			go func() { _, _ = c.Write([]byte(post + harness.Request("GET", "/hello"))) }()
			c.Response("POST").WantStatus(t, 200)
			// Then either the next answer or the connection's end.
			if rest := c.Some(); rest != "" && !strings.HasPrefix(rest, "HTTP/1.1 200 OK") {
				t.Errorf("%s: after the answer comes %.200q", name, rest)
			}
			if n := s.Count("smuggled"); n > 0 {
				t.Fatalf("%s: the body was taken for a request", name)
			}
		}
	}, harness.Raw)
}
