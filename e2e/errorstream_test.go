package e2e

import (
	"testing"

	"highball/e2e/harness"
)

func TestErrorStreamReachesTheLog(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		tag := newTag()
		s.Get(t, "/errors_stream?tag="+tag).Want(t, 200, "told")
		for _, line := range []string{" write", " writelines 1", " writelines 2", " unfinished", " print"} {
			e := s.Wait(t, func(e harness.Entry) bool { return e.Message() == tag+line })
			want(t, "stream", e.Text("stream"), "wsgi.errors")
		}
	})
}

func TestErrorStreamTakesAnyText(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		o := conformance(p)
		o.Args = append(o.Args, "--env", "LANG=C", "--env", "LC_ALL=C", "--env", "PYTHONUTF8=0", "--env", "PYTHONCOERCECLOCALE=0")
		tag := newTag()
		s := harness.Start(t, o)
		s.Get(t, "/errors_stream?tag="+tag).Want(t, 200, "told")
		e := s.WaitText(t, tag+" snowman")
		want(t, "the line", e.Message(), tag+` snowman ☃ grin 😀 surrogate \udc80 end`)
	})
}

// What is too long for a frame is cut, and neither request nor log suffers.
func TestLinesBeyondAllLimits(t *testing.T) {
	p := startProject(t)
	p.write(t, `
def application(environ, start_response):
    print("line " + "x" * (9 << 20), file=environ["wsgi.errors"])
    raise ValueError("reason " + "y" * (9 << 20))
`)
	p.reload(t, 1, reloaded)
	c := p.Dial(t)
	c.Send(harness.Request("GET", "/")).Response("GET").WantStatus(t, 500)
	c.Send(harness.Request("GET", "/")).Response("GET").WantStatus(t, 500)
	for _, what := range []string{"line xxx", "reason yyy"} {
		p.Wait(t, func(e harness.Entry) bool { return e.Has(what) && e.Has("characters more)") })
	}
}

func TestErrorLinesCarryTheRequestID(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		first, second := newTag(), newTag()
		var e environ
		c := s.Connect(t)
		c.Do(harness.Ask("GET", "/errors_stream?tag="+first)).Want(t, 200, "told")
		c.Do(harness.Ask("GET", "/errors_stream?tag="+second)).Want(t, 200, "told")
		c.Do(harness.Ask("GET", "/environ")).JSON(t, &e)
		a, b := s.WaitText(t, first+" print").Text("request"), s.WaitText(t, second+" print").Text("request")
		if a == "" || b == "" || a == b || a == e.Values["highball.request_id"] {
			t.Errorf("the lines of two requests have the ids %q and %q", a, b)
		}
		want(t, "id of an earlier line", s.WaitText(t, first+" writelines 2").Text("request"), a)
	})
}

// The id in the log is the one that a client is told in its error page.
func TestFailurePageNamesTheRequestID(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		tag := newTag()
		r := s.Get(t, "/raises/call?tag="+tag)
		id := s.WaitText(t, tag, "the application failed").Text("request")
		r.Want(t, 500, "500 Internal Server Error\nRequest "+id+"\n")
	})
}

func TestPrintsReachTheLogOnly(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		tag := newTag()
		c := s.Connect(t)
		c.Do(harness.Ask("GET", "/prints?tag="+tag)).Want(t, 200, "quiet")
		c.Do(harness.Ask("GET", "/hello")).Want(t, 200, "hello")
		for line, stream := range map[string]string{
			" by print": "stdout", " to descriptor 1": "stdout", " to stderr": "stderr", " to descriptor 2": "stderr",
		} {
			want(t, "stream of"+line, s.WaitText(t, tag+line).Text("stream"), stream)
		}
	})
}
