package e2e

import (
	"strings"
	"testing"

	"highball/e2e/harness"
)

func TestExceptionsAreLoggedAndAnswered500(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for _, where := range []string{"call", "started", "iter", "first"} {
			tag := newTag()
			c := s.Dial(t)
			r := c.Send(harness.Request("GET", "/raises/"+where+"?tag="+tag)).Response("GET")
			r.WantStatus(t, 500)
			if strings.Contains(r.Body, "purpose") || r.Has("X-Smuggled") {
				t.Errorf("%s: the client sees %v %q", where, r.Fields, r.Body)
			}
			e := s.WaitText(t, tag, "the application failed")
			if trace := e.Text("traceback"); !strings.Contains(trace, "raises/wsgi.py") || !strings.Contains(trace, "ValueError: raised on purpose") {
				t.Errorf("%s: the log has no traceback: %s", where, e.Raw)
			}
			if line := e.Text("line"); !strings.HasPrefix(line, "GET /raises/") || e.Text("request") == "" {
				t.Errorf("%s: the log does not say which request: %s", where, e.Raw)
			}
			c.Send(harness.Request("GET", "/hello")).Response("GET").Want(t, 200, "hello")
		}
	})
}

func TestExceptionsAfterTheFirstBlockCutTheBody(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for _, where := range []string{"second", "written"} {
			tag := newTag()
			c := s.Dial(t).Send(harness.Request("GET", "/raises/"+where+"?tag="+tag))
			r := c.Response("GET")
			if r.Status != 200 || r.Body != "begun" || r.Complete {
				t.Errorf("%s: got %s %q, complete: %t", where, r.Line, r.Body, r.Complete)
			}
			c.ExpectEnd()
			s.WaitText(t, tag, "the application failed", "ValueError: raised on purpose")
		}
	})
}

// The application's image gets nothing of ours behind it.
func TestNoMessageIsAppendedToABody(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		c := s.Dial(t).Send("GET /raises/second HTTP/1.0\r\n\r\n")
		want(t, "status", c.Head().Status, 200)
		want(t, "the rest", c.Rest(), "begun")
	})
}

func TestExitsInTheApplicationTakeNothingDown(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		var before, after calls
		s.Get(t, "/calls?tag=exits").JSON(t, &before)
		for _, what := range []string{"SystemExit", "KeyboardInterrupt", "GeneratorExit", "StopIteration", "RecursionError", "MemoryError"} {
			for _, where := range []string{"call", "started", "iter", "first", "second", "written", "close"} {
				if what == "StopIteration" && (where == "first" || where == "second") {
					continue // the end of an iteration, there
				}
				tag := newTag()
				r := s.Get(t, "/raises/"+where+"?what="+what+"&tag="+tag)
				switch where {
				case "close":
					r.WantStatus(t, 200)
					continue
				case "second", "written":
					want(t, what+" in "+where+": complete", r.Complete, false)
				default:
					r.WantStatus(t, 500)
				}
				s.WaitText(t, tag, "the application failed", what+": raised on purpose")
			}
		}
		s.Get(t, "/raises/exit").WantStatus(t, 500)
		s.Get(t, "/calls?tag=exits").JSON(t, &after)
		want(t, "pid", after.PID, before.PID)
	})
}
