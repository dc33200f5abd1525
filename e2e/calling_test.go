package e2e

import (
	"strings"
	"testing"

	"highball/e2e/harness"
)

func TestArgumentsArePositional(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
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
	for _, mode := range []struct{ name, raw string }{
		{"keep-alive", harness.Request("GET", "/calls?tag=T")},
		{"head", harness.Request("HEAD", "/calls?tag=T")},
		{"post", harness.Post("/calls?tag=T", "12345")},
		{"expect", harness.Request("POST", "/calls?tag=T", "Expect: 100-continue", "Content-Length: 5") + "12345"},
	} {
		t.Run(mode.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, s *harness.Server) {
				tag := newTag()
				request := strings.ReplaceAll(mode.raw, "tag=T", "tag="+tag)
				method, _, _ := strings.Cut(request, " ")
				c := s.Dial(t)
				for range 3 {
					c.Send(request).Response(method).WantStatus(t, 200)
				}
				var got calls
				s.Get(t, "/calls?tag="+tag).JSON(t, &got)
				want(t, "calls", got.Calls, 4)
			})
		})
	}
}

func TestPipelinedRequestsAreEachCalledOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		request := harness.Request("GET", "/calls?tag="+newTag())
		c := s.Dial(t).Send(strings.Repeat(request, 5))
		for i := range 5 {
			var got calls
			c.Response("GET").JSON(t, &got)
			want(t, "calls", got.Calls, i+1)
		}
	})
}

func TestTheSameProcessIsCalledAgain(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
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
	onEach(t, func(t *testing.T, s *harness.Server) {
		want(t, "type(environ) is dict", environOf(t, s, harness.Request("GET", "/environ")).Dict, true)
	})
}

func TestEnvironMayBeModified(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		c := s.Dial(t)
		for range 2 {
			c.Send(harness.Request("GET", "/clears_environ")).Response("GET").Want(t, 200, "cleared")
		}
		c.Send(harness.Request("GET", "/hello")).Response("GET").Want(t, 200, "hello")
	})
}

func TestEnvironKeepsNothingOfTheRequestBefore(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		c := s.Dial(t)
		var first, second environ
		c.Send(harness.Post("/environ?a", "body", "X-A: 1", "Content-Type: a/b")).Response("POST").JSON(t, &first)
		c.Send(harness.Request("GET", "/environ")).Response("GET").JSON(t, &second)
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
	onEach(t, func(t *testing.T, s *harness.Server) {
		r := s.Get(t, "/start_call")
		r.Want(t, 200, "written, returned")
		want(t, "X-Call", strings.Join(r.All("X-Call"), " "), "three")
	})
}
