package e2e

import (
	"fmt"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// digits is what the files of e2e/apps/files hold.
var digits = strings.Repeat("0123456789", 20_000)

func TestFileWrapperTakesFilesOfAllKinds(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for kind, body := range map[string]string{
			"plain": digits, "named": digits, "unbuffered": digits, "read_ahead": digits, "zipped": digits,
			"zipped_on_disk": digits, "pipe": digits[:5000], "Reader": digits, "bytesio": digits,
		} {
			for _, size := range []string{"", "&size=1000"} {
				tag := newTag()
				c := s.Dial(t).Send(harness.Request("GET", "/files/"+kind+"?tag="+tag+size), harness.Request("GET", "/hello"))
				if r := c.Response("GET"); r.Status != 200 || r.Body != body || !r.Complete {
					t.Errorf("%s%s: got %s, %d bytes, complete: %t", kind, size, r.Line, len(r.Body), r.Complete)
				}
				c.Response("GET").Want(t, 200, "hello")
			}
		}
	})
}

func TestFileWrapperTransmitsOnlyWhenReturned(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		s.Get(t, "/file_unused").Want(t, 200, "something else")
	})
}

func TestFileWrapperClosesTheFile(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for _, request := range []string{"GET /files/named", "GET /files/zipped", "HEAD /files/named", "GET /files/named 304", "GET /files/named length=10"} {
			parts := strings.Fields(request)
			tag := newTag()
			query := "?tag=" + tag
			for _, extra := range parts[2:] {
				query += "&" + strings.Replace(extra, "304", "status=304+Same", 1)
			}
			s.Dial(t).Send(harness.Request(parts[0], parts[1]+query)).Response(parts[0])
			s.WaitText(t, tag+" file closed")
			s.Get(t, "/hello").Want(t, 200, "hello")
			want(t, request+": closed", s.Count(tag+" file closed"), 1)
		}
	})
}

func TestFileWrapperStartsAtTheCurrentPosition(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for _, kind := range []string{"plain", "named", "unbuffered", "read_ahead", "bytesio", "zipped"} {
			for _, offset := range []int{1, 199_990, 200_000, 300_000} {
				r := s.Get(t, fmt.Sprintf("/files/%s?seek=%d", kind, offset))
				if r.Status != 200 || r.Body != digits[min(offset, len(digits)):] || !r.Complete {
					t.Errorf("%s from %d: got %s, %d bytes, complete: %t", kind, offset, r.Line, len(r.Body), r.Complete)
				}
			}
		}
	})
}

func TestFileWrapperHonoursContentLength(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for _, kind := range []string{"plain", "bytesio"} {
			c := s.Dial(t).Send(harness.Request("GET", "/files/"+kind+"?seek=5&length=10"), harness.Request("GET", "/hello"))
			c.Response("GET").Want(t, 200, "5678901234")
			c.Response("GET").Want(t, 200, "hello")

			c = s.Dial(t).Send(harness.Request("GET", "/files/"+kind+"?length=0"), harness.Request("GET", "/hello"))
			c.Response("GET").Want(t, 200, "")
			c.Response("GET").Want(t, 200, "hello")

			c = s.Dial(t).Send(harness.Request("GET", "/files/"+kind+"?length=200001"))
			r := c.Response("GET")
			if r.Complete || r.Body != digits {
				t.Errorf("%s shorter than its length: %d bytes, complete: %t", kind, len(r.Body), r.Complete)
			}
			c.ExpectEnd()
			s.WaitText(t, "has 200000 bytes of the 200001 that its Content-Length promises")
		}
	})
}

func TestFileWrapperWithoutABody(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for _, kind := range []string{"plain", "bytesio"} {
			for _, request := range []string{
				harness.Request("HEAD", "/files/"+kind),
				harness.Request("HEAD", "/files/"+kind+"?length=10"),
				harness.Request("GET", "/files/"+kind+"?status=304+Same"),
				harness.Request("GET", "/files/"+kind+"?status=204+None"),
			} {
				method, _, _ := strings.Cut(request, " ")
				c := s.Dial(t).Send(request, harness.Request("GET", "/hello"))
				c.Response(method)
				c.Response("GET").Want(t, 200, "hello")
			}
		}
	})
}

func TestFileWrapperOfATextFileFails(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		tag := newTag()
		s.Get(t, "/files/text?tag="+tag).WantStatus(t, 500)
		e := s.WaitText(t, tag, "the application failed")
		if !strings.Contains(e.Text("traceback"), "must be made of bytes, not str") {
			t.Errorf("the log says %s", e.Raw)
		}
	})
}

func TestFileWrapperOfAClosedFileFails(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		tag := newTag()
		c := s.Dial(t)
		c.Send(harness.Request("GET", "/files/closed?tag="+tag)).Response("GET").WantStatus(t, 500)
		s.WaitText(t, tag, "the application failed", "closed file")
		c.Send(harness.Request("GET", "/hello")).Response("GET").Want(t, 200, "hello")
	})
}

func TestFileThatChangesWhileItIsSent(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		c := s.Dial(t).Send(harness.Request("GET", "/files_changed/truncated?length=100000"))
		if r := c.Response("GET"); r.Complete || len(r.Body) != 100 {
			t.Errorf("truncated: got %d bytes, complete: %t", len(r.Body), r.Complete)
		}
		c.ExpectEnd()
		r := s.Get(t, "/files_changed/growing?length=100000")
		r.Want(t, 200, strings.Repeat("x", 100_000))
	})
}

// A middleware that changes the head, or iterates, keeps its say.
func TestFileWrapperBehindMiddleware(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for _, path := range []string{"/transparent/plain", "/transparent/fields/plain", "/transparent/zipped"} {
			r := s.Get(t, path)
			if r.Body != digits || !r.Complete || r.Get("X-Middleware") != "1" {
				t.Errorf("%s: got %s %v, %d bytes", path, r.Line, r.Fields, len(r.Body))
			}
		}
	})
}

// The descriptor that is sent may share its offset with one that is used meanwhile.
func TestOneFileForManyRequests(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		var conns []*harness.Conn
		for range 8 {
			conns = append(conns, s.Dial(t).Send(harness.Request("GET", "/shared_file")))
		}
		for _, c := range conns {
			if r := c.Response("GET"); r.Body != strings.Repeat(digits, 20) {
				t.Errorf("got %d bytes that differ", len(r.Body))
			}
		}
	})
}
