package e2e

import (
	"strings"
	"testing"

	"highball/e2e/harness"
)

// underValidator is the shared server with --validate.
func underValidator(t *testing.T, p harness.Python) *harness.Server {
	t.Helper()
	o := conformance(p)
	o.Args = append(o.Args, "--validate")
	return harness.Shared(t, o)
}

// conforming are requests to applications that do all that wsgiref.validate asks
// of an application, so that what it complains about is the server's doing.
var conforming = []struct{ request, body string }{
	{harness.Request("GET", "/hello"), "hello"},
	{harness.Request("HEAD", "/hello"), ""},
	{harness.Request("DELETE", "/hello"), "hello"},
	{harness.Request("OPTIONS", "/hello"), "hello"},
	{"GET /hello HTTP/1.0\r\n\r\n", "hello"},
	{harness.Request("GET", "/url/%C3%A9//x?y"), "http://test.example/url/%C3%A9//x?y"},
	{harness.Post("/input?ops=read:2,readline,next,read:9", "abc\nd\ne", "Content-Type: a/b"), `["ab", "c\n", "d\n", "e"]`},
	{harness.PostChunked("/input?ops=read:0,iter", "a\n", "b"), `["", ["a\n", "b"]]`},
	{harness.Post("/input?ops=readlines", "a\nb", "Expect: 100-continue"), `[["a\n", "b"]]`},
	{harness.Post("/echo", strings.Repeat("x", 300_000)), strings.Repeat("x", 300_000)},
	{harness.Request("GET", "/errors_stream?tag=validator"), "told"},
	{harness.Request("GET", "/late_start/generator"), "late"},
	{harness.Request("GET", "/every_byte/generator?n=0"), ""},
	{harness.Request("GET", "/no_length/one"), "body"},
	{harness.Request("GET", "/no_length/write"), "body"},
	{harness.Request("GET", "/no_length/generator"), "body"},
	{harness.Request("GET", "/iterables/tuple"), "iterable"},
	{harness.Request("GET", "/iterables/getitem"), "iterable"},
	{harness.Request("GET", "/iterables/empties-generator"), "iterable"},
	{harness.Request("GET", "/lengths/generator?declare=3&send=3"), "xxx"},
	{harness.Request("GET", "/files/plain?seek=199990"), "0123456789"},
	{harness.Request("GET", "/files/zipped?seek=199990"), "0123456789"},
	{harness.Request("GET", "/hints"), "hinted"},
	{harness.Request("GET", "/replaced"), "instead"},
}

func checkConforming(t *testing.T, s *harness.Server, prefix string) {
	t.Helper()
	for _, c := range conforming {
		method, rest, _ := strings.Cut(c.request, " ")
		body := strings.Replace(c.body, "test.example", "test.example"+prefix, 1)
		r := s.Do(t, method+" "+prefix+rest)
		if r.Status == 500 || r.Body != body || !r.Complete {
			t.Errorf("%s%.60q: got %s %.100q", prefix, c.request, r.Line, r.Body)
		}
	}
	for _, complaint := range []string{"AssertionError", "garbage collected", "validate.py"} {
		if n := s.Count(complaint); n > 0 {
			t.Errorf("%d lines of the log have %q", n, complaint)
		}
	}
}

func TestValidatorAroundEveryApplication(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) { checkConforming(t, underValidator(t, p), "") })
}

func TestValidatorBetweenTwoMiddlewares(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) { checkConforming(t, underValidator(t, p), "/between") })
}

func TestSeedApplications(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		s := underValidator(t, p)
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
