package e2e

import (
	"fmt"
	"strings"
	"testing"

	"highball/e2e/harness"
)

func TestSecondStartResponseIsFatal(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, query := range []string{"", "&bad"} {
			tag := newTag()
			r := s.Get(t, "/second_start?tag="+tag+query)
			r.WantStatus(t, 500)
			if r.Has("X-First") || r.Has("X-Second") {
				t.Errorf("fields of the application were sent: %v", r.Fields)
			}
			s.WaitText(t, tag+" the second call raised")
			if query != "" {
				s.WaitText(t, tag+" the first call raised")
			}
		}
	})
}

func TestExcInfoReplacesStatusAndHeaders(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		r := s.Get(t, "/replaced")
		r.Want(t, 503, "instead")
		if r.Has("X-First") || !r.Has("X-Second") || r.Get("Content-Length") == "3" {
			t.Errorf("the first head was not replaced: %v", r.Fields)
		}
	})
}

func TestExcInfoReplacesAfterAnEmptyBlock(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		r := s.Get(t, "/replaced?after=empty")
		r.Want(t, 503, "instead")
		if r.Has("X-First") || !r.Has("X-Second") {
			t.Errorf("the first head was not replaced: %v", r.Fields)
		}
	})
}

func TestExcInfoAfterOutputIsRaised(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		tag := newTag()
		wantCut(t, s, "/late_exc_info?tag="+tag, "begun", "X-Late")
		s.WaitText(t, tag+" got the same back: True")
		s.WaitText(t, tag, "ValueError: late")
	})
}

func TestExcInfoIsNotKept(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		if strings.HasPrefix(p.Name, "pypy") {
			t.Skip("PyPy has no reference counts: when an object goes is the collector's affair")
		}
		s := harness.Start(t, harness.Options{App: "forgets_exc_info/wsgi.py", Python: p.Path, Args: []string{"--workers", "1", "--threads", "1"}})
		s.Get(t, "/").Want(t, 500, "raised")
		s.Get(t, "/ask").Want(t, 200, `{"alive": false}`)
	})
}

func TestHeadWaitsForTheFirstBlock(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		gate := harness.NewGate(t)
		c := s.Start(t, harness.Ask("GET", "/lazy_head?"+gate.Query()))
		for _, label := range []string{"started", "empty block"} {
			visitor := gate.Arrival()
			want(t, "place", visitor.Label, label)
			c.Silent()
			visitor.Go()
		}
		visitor := gate.Arrival()
		want(t, "status", c.Head().Status, 200)
		c.Expect("x")
		visitor.Go()
		c.ExpectEnd()
	})
}

func TestLengthOfZeroNeedsNoBlock(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, how := range []string{"list", "generator", "empty"} {
			r := s.Get(t, "/no_body/200?length=0&how="+how)
			r.Want(t, 200, "")
			want(t, "Content-Length", r.Get("Content-Length"), "0")
			want(t, "X-Mine", r.Get("X-Mine"), "1")
		}
	})
}

func TestHeadIsSentWhenThereIsNoBody(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, how := range []string{"list", "generator", "empty"} {
			for _, status := range []string{"200", "204", "404"} {
				r := inSync(t, s, harness.Ask("GET", "/no_body/"+status+"?how="+how))
				want(t, "status, body", fmt.Sprint(r.Status)+r.Body, status)
				want(t, "X-Mine", r.Get("X-Mine"), "1")
			}
		}
	})
}

// forbidden are the cases of e2e/apps/bad_start whose names begin so, at least n.
func forbidden(t *testing.T, s *harness.Client, n int, prefixes ...string) []string {
	t.Helper()
	var all, cases []string
	s.Get(t, "/bad_start/").JSON(t, &all)
	for _, name := range all {
		for _, prefix := range prefixes {
			if strings.HasPrefix(name, prefix) {
				cases = append(cases, name)
			}
		}
	}
	if len(cases) < n {
		t.Fatalf("only the cases %v for %v", cases, prefixes)
	}
	return cases
}

// checkForbidden: the call raises, and where the application lets that pass, the
// answer is 500, the log names the clause, and nothing of the head is on the wire.
func checkForbidden(t *testing.T, n int, prefixes ...string) {
	t.Helper()
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, name := range forbidden(t, s, n, prefixes...) {
			caught := s.Get(t, "/bad_start/"+name+"?catch")
			if caught.Status != 200 || !strings.Contains(caught.Body, "Error: ") {
				t.Errorf("%s: start_response raised nothing: %s %s", name, caught.Line, caught.Body)
			}
			tag := newTag()
			wire := onTheWire(t, s, "/bad_start/"+name+"?tag="+tag)
			if !strings.Contains(wire, " 500") || strings.Contains(strings.ToLower(wire), "smuggled") || strings.Contains(wire, "Traceback") {
				t.Errorf("%s: on the wire is %q", name, wire)
			}
			e := s.WaitText(t, tag, "the application failed")
			if trace := e.Text("traceback"); !strings.Contains(trace, "PEP 3333") && !strings.Contains(trace, "RFC 9110") {
				t.Errorf("%s: the log names no clause: %s", name, trace)
			}
		}
	})
}

// onTheWire is all that comes in answer to a GET: the very bytes, where they are text.
func onTheWire(t *testing.T, s *harness.Client, path string) string {
	t.Helper()
	if !s.Can(harness.Raw) {
		r := s.Get(t, path)
		return r.Line + "\n" + fieldsButDate(r) + r.Body
	}
	wire := s.Dial(t).Send(harness.Request("GET", path, "Connection: close")).Rest()
	line, rest, _ := strings.Cut(wire, "\r\n")
	return line + "\n" + rest
}

func TestForbiddenStatus(t *testing.T) { checkForbidden(t, 9, "status-") }

func TestForbiddenHeaders(t *testing.T) { checkForbidden(t, 17, "name-", "value-", "header") }

func TestTextBeyondLatin1(t *testing.T) {
	checkForbidden(t, 3, "status-unicode", "value-unicode", "status-other-digits")
}

func TestHopByHopFields(t *testing.T) { checkForbidden(t, 18, "hop-") }

func TestForbiddenContentLength(t *testing.T) { checkForbidden(t, 7, "length-") }

func TestForbiddenTransferEncoding(t *testing.T) {
	checkForbidden(t, 2, "hop-Transfer-Encoding", "hop-transfer-encoding")
}

func TestOrdinaryHeadsTakeNoSlowLook(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		s := harness.Start(t, harness.Options{App: "head_check_cost/wsgi.py", Python: p.Path, Args: []string{"--workers", "1", "--threads", "1"}})
		s.Get(t, "/").Want(t, 200, `{"ordinary": [], "odd": ["_check_values"]}`)
	})
}
