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
	onWires(t, func(t *testing.T, s *harness.Client) {
		for kind, body := range map[string]string{
			"plain": digits, "named": digits, "unbuffered": digits, "read_ahead": digits, "zipped": digits,
			"zipped_on_disk": digits, "pipe": digits[:5000], "Reader": digits, "bytesio": digits,
		} {
			for _, size := range []string{"", "&size=1000"} {
				tag := newTag()
				if r := inSync(t, s, harness.Ask("GET", "/files/"+kind+"?tag="+tag+size)); r.Status != 200 || r.Body != body || !r.Complete {
					t.Errorf("%s%s: got %s, %d bytes, complete: %t", kind, size, r.Line, len(r.Body), r.Complete)
				}
			}
		}
	})
}

func TestFileWrapperTransmitsOnlyWhenReturned(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		s.Get(t, "/file_unused").Want(t, 200, "something else")
	})
}

func TestFileWrapperClosesTheFile(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, request := range []string{"GET /files/named", "GET /files/zipped", "HEAD /files/named", "GET /files/named 304", "GET /files/named length=10"} {
			parts := strings.Fields(request)
			tag := newTag()
			query := "?tag=" + tag
			for _, extra := range parts[2:] {
				query += "&" + strings.Replace(extra, "304", "status=304+Same", 1)
			}
			s.Do(t, harness.Ask(parts[0], parts[1]+query))
			s.WaitText(t, tag+" file closed")
			s.Get(t, "/hello").Want(t, 200, "hello")
			want(t, request+": closed", s.Count(tag+" file closed"), 1)
		}
	})
}

func TestFileWrapperStartsAtTheCurrentPosition(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
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
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, kind := range []string{"plain", "bytesio"} {
			inSync(t, s, harness.Ask("GET", "/files/"+kind+"?seek=5&length=10")).Want(t, 200, "5678901234")
			inSync(t, s, harness.Ask("GET", "/files/"+kind+"?length=0")).Want(t, 200, "")

			declared := fmt.Sprint(200_000 + lengths.Add(1))
			wantCut(t, s, "/files/"+kind+"?length="+declared, digits)
			s.WaitText(t, "has 200000 bytes of the "+declared+" that its Content-Length promises")
		}
	})
}

func TestFileWrapperWithoutABody(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, kind := range []string{"plain", "bytesio"} {
			inSync(t, s, harness.Ask("HEAD", "/files/"+kind)).Want(t, 200, "")
			inSync(t, s, harness.Ask("HEAD", "/files/"+kind+"?length=10")).Want(t, 200, "")
			inSync(t, s, harness.Ask("GET", "/files/"+kind+"?status=304+Same")).Want(t, 304, "")
			inSync(t, s, harness.Ask("GET", "/files/"+kind+"?status=204+None")).Want(t, 204, "")
		}
	})
}

func TestFileWrapperOfATextFileFails(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		tag := newTag()
		s.Get(t, "/files/text?tag="+tag).WantStatus(t, 500)
		e := s.WaitText(t, tag, "the application failed")
		if !strings.Contains(e.Text("traceback"), "must be made of bytes, not str") {
			t.Errorf("the log says %s", e.Raw)
		}
	})
}

func TestFileWrapperOfAClosedFileFails(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		tag := newTag()
		c := s.Connect(t)
		c.Do(harness.Ask("GET", "/files/closed?tag="+tag)).WantStatus(t, 500)
		s.WaitText(t, tag, "the application failed", "closed file")
		c.Do(harness.Ask("GET", "/hello")).Want(t, 200, "hello")
	})
}

func TestFileThatChangesWhileItIsSent(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		wantCut(t, s, "/files_changed/truncated?length=100000", strings.Repeat("x", 100))
		r := s.Get(t, "/files_changed/growing?length=100000")
		r.Want(t, 200, strings.Repeat("x", 100_000))
	})
}

// A middleware that changes the head, or iterates, keeps its say.
func TestFileWrapperBehindMiddleware(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
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
	onWires(t, func(t *testing.T, s *harness.Client) {
		var calls []*harness.Call
		for range 8 {
			calls = append(calls, s.Start(t, harness.Ask("GET", "/shared_file")))
		}
		for _, c := range calls {
			if r := c.Response(); r.Body != strings.Repeat(digits, 20) {
				t.Errorf("got %d bytes that differ", len(r.Body))
			}
		}
	})
}
