package e2e

import (
	"strings"
	"testing"

	"highball/e2e/harness"
)

func TestArgumentsArePositional(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		s.Get(t, "/positional_only").Want(t, 200, "positional")
	})
}

func TestEveryKindOfCallable(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		for _, shape := range []string{"function", "bound_method", "Class", "instance", "partial", "builtin"} {
			s := harness.Start(t, harness.Options{
				App: "shapes/wsgi.py:" + shape, Python: p.Path, Args: []string{"--workers", "1", "--threads", "1"},
			})
			s.Get(t, "/").Want(t, 200, "called")
		}
	})
}

type calls struct{ Calls, Total, PID int }

func TestOneCallForEachRequest(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for name, ask := range map[string]harness.Exchange{
			"keep-alive": harness.Ask("GET", "/calls?tag="),
			"head":       harness.Ask("HEAD", "/calls?tag="),
			"post":       harness.Ask("POST", "/calls?tag=").With("12345"),
			"expect":     harness.Ask("POST", "/calls?tag=", "Expect: 100-continue").With("12345"),
		} {
			tag := newTag()
			ask.Target += tag
			c := s.Connect(t)
			for range 3 {
				c.Do(ask).WantStatus(t, 200)
			}
			var got calls
			s.Get(t, "/calls?tag="+tag).JSON(t, &got)
			want(t, name+": calls", got.Calls, 4)
		}
	})
}

func TestPipelinedRequestsAreEachCalledOnce(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		request := harness.Request("GET", "/calls?tag="+newTag())
		c := s.Dial(t).Send(strings.Repeat(request, 5))
		for i := range 5 {
			var got calls
			c.Response("GET").JSON(t, &got)
			want(t, "calls", got.Calls, i+1)
		}
	}, harness.Raw)
}

func TestStreamsOfOneConnectionAreEachCalledOnce(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		ask := harness.Ask("GET", "/calls?tag="+newTag())
		seen := map[int]bool{}
		for _, r := range s.Together(t, ask, ask, ask, ask, ask) {
			var got calls
			r.JSON(t, &got)
			seen[got.Calls] = true
		}
		want(t, "calls", len(seen), 5)
	}, harness.Streams)
}

func TestTheSameProcessIsCalledAgain(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		var first, second calls
		s.Get(t, "/calls?tag="+newTag()).JSON(t, &first)
		s.Get(t, "/calls?tag="+newTag()).JSON(t, &second)
		want(t, "pid", second.PID, first.PID)
		if second.Total <= first.Total {
			t.Errorf("the module's counter went from %d to %d", first.Total, second.Total)
		}
	})
}

func TestEnvironIsADict(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		want(t, "type(environ) is dict", environOf(t, s, harness.Ask("GET", "/environ")).Dict, true)
	})
}

func TestEnvironMayBeModified(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		c := s.Connect(t)
		for range 2 {
			c.Do(harness.Ask("GET", "/clears_environ")).Want(t, 200, "cleared")
		}
		c.Do(harness.Ask("GET", "/hello")).Want(t, 200, "hello")
	})
}

func TestEnvironKeepsNothingOfTheRequestBefore(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		c := s.Connect(t)
		var first, second environ
		c.Do(harness.Ask("POST", "/environ?a", "X-A: 1", "Content-Type: a/b").With("body")).JSON(t, &first)
		c.Do(harness.Ask("GET", "/environ")).JSON(t, &second)
		want(t, "HTTP_X_A of the first", first.Values["HTTP_X_A"], "1")
		for _, key := range []string{"HTTP_X_A", "CONTENT_TYPE", "CONTENT_LENGTH"} {
			if v, ok := second.Values[key]; ok {
				t.Errorf("the second request has %s=%q of the first", key, v)
			}
		}
		want(t, "QUERY_STRING of the second", second.Values["QUERY_STRING"], "")
	})
}

func TestStartResponseTakesTwoArgumentsOrThree(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		r := s.Get(t, "/start_call")
		r.Want(t, 200, "written, returned")
		want(t, "X-Call", strings.Join(r.All("X-Call"), " "), "three")
	})
}
