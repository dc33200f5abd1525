package e2e

import (
	"strings"
	"testing"

	"highball/e2e/harness"
)

// validated is the shared server with --validate.
func validated(p harness.Python) harness.Options {
	o := conformance(p)
	o.Args = append(o.Args, "--validate")
	return o
}

// conforming are requests to applications that do all that wsgiref.validate asks
// of an application, so that what it complains about is the server's doing.
var conforming = []struct {
	ask  harness.Exchange
	body string
}{
	{harness.Ask("GET", "/hello"), "hello"},
	{harness.Ask("HEAD", "/hello"), ""},
	{harness.Ask("DELETE", "/hello"), "hello"},
	{harness.Ask("OPTIONS", "/hello"), "hello"},
	{harness.Ask("GET", "/url/%C3%A9//x?y"), "://test.example/url/%C3%A9//x?y"},
	{harness.Ask("POST", "/input?ops=read:2,readline,next,read:9", "Content-Type: a/b").With("abc\nd\ne"), `["ab", "c\n", "d\n", "e"]`},
	{harness.Ask("POST", "/input?ops=read:0,iter").InPieces("a\n", "b"), `["", ["a\n", "b"]]`},
	{harness.Ask("POST", "/input?ops=readlines", "Expect: 100-continue").With("a\nb"), `[["a\n", "b"]]`},
	{harness.Ask("POST", "/echo").With(strings.Repeat("x", 300_000)), strings.Repeat("x", 300_000)},
	{harness.Ask("GET", "/errors_stream?tag=validator"), "told"},
	{harness.Ask("GET", "/late_start/generator"), "late"},
	{harness.Ask("GET", "/every_byte/generator?n=0"), ""},
	{harness.Ask("GET", "/no_length/one"), "body"},
	{harness.Ask("GET", "/no_length/write"), "body"},
	{harness.Ask("GET", "/no_length/generator"), "body"},
	{harness.Ask("GET", "/iterables/tuple"), "iterable"},
	{harness.Ask("GET", "/iterables/getitem"), "iterable"},
	{harness.Ask("GET", "/iterables/empties-generator"), "iterable"},
	{harness.Ask("GET", "/lengths/generator?declare=3&send=3"), "xxx"},
	{harness.Ask("GET", "/files/plain?seek=199990"), "0123456789"},
	{harness.Ask("GET", "/files/zipped?seek=199990"), "0123456789"},
	{harness.Ask("GET", "/hints"), "hinted"},
	{harness.Ask("GET", "/replaced"), "instead"},
}

func checkConforming(t *testing.T, s *harness.Client, prefix string) {
	t.Helper()
	for _, c := range conforming {
		body := strings.Replace(c.body, "://test.example", s.Scheme+"://test.example"+prefix, 1)
		r := s.Do(t, c.ask.Below(prefix))
		if r.Status == 500 || r.Body != body || !r.Complete {
			t.Errorf("%s%s %s: got %s %.100q", prefix, c.ask.Method, c.ask.Target, r.Line, r.Body)
		}
	}
	if s.Can(harness.Raw) {
		s.Raw(t, "GET "+prefix+"/hello HTTP/1.0\r\n\r\n").Want(t, 200, "hello")
	}
	for _, complaint := range []string{"AssertionError", "garbage collected", "validate.py"} {
		if n := s.Count(complaint); n > 0 {
			t.Errorf("%d lines of the log have %q", n, complaint)
		}
	}
}

func TestValidatorAroundEveryApplication(t *testing.T) {
	onWiresOf(t, validated, func(t *testing.T, s *harness.Client) { checkConforming(t, s, "") })
}

func TestValidatorBetweenTwoMiddlewares(t *testing.T) {
	onWiresOf(t, validated, func(t *testing.T, s *harness.Client) { checkConforming(t, s, "/between") })
}

func TestSeedApplications(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		s := harness.Shared(t, validated(p))
		s.Get(t, "/seeds_simple_app").Want(t, 200, "Hello, World!")
		r := s.Get(t, "/seeds_simple_middleware")
		r.Want(t, 200, "Hello, Middleware!")
		want(t, "X-Wrapped", r.Get("X-Wrapped"), "yes")
		s.Do(t, harness.Post("/seeds_my_wsgi_app/path", "and body")).Want(t, 200, "POST /path and body")
		s.Get(t, "/seeds_class_app").Want(t, 200, "Hello from AppClass")
		demo := s.Get(t, "/seeds_demo_app?q=1")
		demo.WantStatus(t, 200)
		if !strings.HasPrefix(demo.Body, "Hello world!\n") || !strings.Contains(demo.Body, "QUERY_STRING = 'q=1'") {
			t.Errorf("demo_app says %q", demo.Body)
		}
		want(t, "complaints", s.Count("AssertionError"), 0)
	})
}

// The same files as `highball run FILE` takes them.
func TestSeedApplicationsByThemselves(t *testing.T) {
	p := harness.Newest(t)
	t.Parallel()
	for _, app := range []string{"seeds_simple_app", "seeds_class_app", "seeds_demo_app"} {
		s := harness.Start(t, harness.Options{App: app + "/wsgi.py", Python: p.Path, Args: []string{"--validate", "--workers", "1"}})
		if r := s.Get(t, "/"); r.Status != 200 || !strings.HasPrefix(r.Body, "Hello") {
			t.Errorf("%s: got %s %q", app, r.Line, r.Body)
		}
	}
}
