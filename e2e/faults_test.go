package e2e

import (
	"strings"
	"testing"

	"highball/e2e/harness"
)

func TestExceptionsAreLoggedAndAnswered500(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, where := range []string{"call", "started", "iter", "first"} {
			tag := newTag()
			c := s.Connect(t)
			r := c.Do(harness.Ask("GET", "/raises/"+where+"?tag="+tag))
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
			c.Do(harness.Ask("GET", "/hello")).Want(t, 200, "hello")
		}
	})
}

func TestExceptionsAfterTheFirstBlockCutTheBody(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, where := range []string{"second", "written"} {
			tag := newTag()
			wantCut(t, s, "/raises/"+where+"?tag="+tag, "begun")
			s.WaitText(t, tag, "the application failed", "ValueError: raised on purpose")
		}
	}, harness.Framing)
}

// The application's image gets nothing of ours behind it.
func TestNoMessageIsAppendedToABody(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		c := s.Dial(t).Send("GET /raises/second HTTP/1.0\r\n\r\n")
		want(t, "status", c.Head().Status, 200)
		want(t, "the rest", c.Rest(), "begun")
	}, harness.Raw)
}

func TestExitsInTheApplicationTakeNothingDown(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		var before, after calls
		s.Get(t, "/calls?tag=exits").JSON(t, &before)
		for _, what := range []string{"SystemExit", "KeyboardInterrupt", "GeneratorExit", "StopIteration", "RecursionError", "MemoryError"} {
			for _, where := range []string{"call", "started", "iter", "first", "second", "written", "close"} {
				if what == "StopIteration" && (where == "first" || where == "second") {
					continue // the end of an iteration, there
				}
				tag := newTag()
				path := "/raises/" + where + "?what=" + what + "&tag=" + tag
				switch where {
				case "close":
					s.Get(t, path).WantStatus(t, 200)
					continue
				case "second", "written":
					r := s.Start(t, harness.Ask("GET", path)).Outcome()
					want(t, what+" in "+where+": complete", r != nil && r.Complete, !s.Can(harness.Framing))
				default:
					s.Get(t, path).WantStatus(t, 500)
				}
				s.WaitText(t, tag, "the application failed", what+": raised on purpose")
			}
		}
		s.Get(t, "/raises/exit").WantStatus(t, 500)
		s.Get(t, "/calls?tag=exits").JSON(t, &after)
		want(t, "pid", after.PID, before.PID)
	})
}
