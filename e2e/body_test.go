package e2e

import (
	"fmt"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// streams reads a response block by block while the application waits after each.
func streams(t *testing.T, s *harness.Client, path string, last ...string) {
	t.Helper()
	gate := harness.NewGate(t)
	c := s.Start(t, harness.Ask("GET", path+"?"+gate.Query()))
	for i, block := range []string{"one", "two"} {
		visitor := gate.Arrival()
		want(t, "place", visitor.Label, "after "+block)
		if i == 0 {
			want(t, "status", c.Head().Status, 200)
		}
		c.Expect(block)
		visitor.Go()
	}
	c.Expect(strings.Join(last, ""))
	c.ExpectEnd()
}

func TestEachBlockIsSentBeforeTheNext(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) { streams(t, s, "/blocks") })
}

func TestEachWriteIsSentBeforeItReturns(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) { streams(t, s, "/writes", "three") })
}

// Unbuffered through a middleware that yields an empty block for each it waits for.
func TestBlocksStreamThroughMiddleware(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		streams(t, s, "/validated/blocks")
		streams(t, s, "/between/blocks")
	})
}

func TestWrittenBytesComeFirst(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		s.Get(t, "/start_call").Want(t, 200, "written, returned")
		s.Get(t, "/no_length/write").Want(t, 200, "body")
	})
}

func TestBytesAreNotAltered(t *testing.T) {
	var block strings.Builder
	for i := range 256 {
		block.WriteByte(byte(i))
	}
	block.WriteString("\r\n\n\r\r\n0\r\n\r\n")
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, how := range []string{"list", "generator"} {
			for _, n := range []int{1, 1000} {
				r := s.Get(t, fmt.Sprintf("/every_byte/%s?n=%d", how, n))
				if r.Body != strings.Repeat(block.String(), n) || !r.Complete {
					t.Errorf("%s of %d: the body differs", how, n)
				}
			}
		}
	})
}

func TestLengthOfAOneBlockList(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		r := s.Get(t, "/no_length/one")
		r.Want(t, 200, "body")
		want(t, "Content-Length", r.Get("Content-Length"), "4")
		if r := s.Get(t, "/no_length/write"); r.Has("Content-Length") {
			t.Errorf("Content-Length %s with write() in use", r.Get("Content-Length"))
		}
	})
}

func TestApplicationsMayStartWhenIterated(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, shape := range []string{"generator", "class"} {
			r := s.Get(t, "/late_start/"+shape)
			r.Want(t, 200, "late")
			want(t, "X-Late", r.Get("X-Late"), shape)
		}
	})
}

func TestNoOtherAttributesOfTheIterableAreUsed(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		tag := newTag()
		s.Get(t, "/recorder?tag="+tag).Want(t, 200, "recorded")
		e := s.WaitText(t, tag+" looked at")
		seen := strings.NewReplacer("'__class__', ", "", "'__class__'", "").Replace(e.Message()) // isinstance() is free
		want(t, "attributes", seen, tag+" looked at ['close']")
	})
}

func TestEveryKindOfIterable(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, kind := range []string{
			"list", "tuple", "generator", "map", "deque", "dict", "getitem", "own", "list-subclass", "bytes-subclass", "array-blocks",
		} {
			s.Get(t, "/iterables/"+kind).Want(t, 200, "iterable")
		}
	})
}

func TestEmptyBlocksAreNoEnd(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, kind := range []string{"empties", "empties-generator"} {
			inSync(t, s, harness.Ask("GET", "/iterables/"+kind)).Want(t, 200, "iterable")
		}
	})
}

func TestBlocksThatAreNoBytes(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, how := range []string{"one", "second", "generator", "write"} {
			for _, value := range []string{"str", "int", "bytearray", "memoryview", "none"} {
				tag := newTag()
				r := s.Get(t, "/not_bytes/"+how+"?value="+value+"&tag="+tag)
				if r.Status != 500 || r.Has("X-Smuggled") {
					t.Errorf("%s %s: got %s %v", how, value, r.Line, r.Fields)
				}
				if trace := s.WaitText(t, tag, "the application failed").Text("traceback"); !strings.Contains(trace, "must be made of bytes, not ") {
					t.Errorf("%s %s: the log says %s", how, value, trace)
				}
			}
		}
	})
}

func TestResultsThatAreNotIterable(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, value := range []string{"none", "int", "str"} {
			tag := newTag()
			r := s.Get(t, "/not_iterable?value="+value+"&tag="+tag)
			r.WantStatus(t, 500)
			if r.Has("X-Smuggled") {
				t.Errorf("%s: fields of the application were sent", value)
			}
			if e := s.WaitText(t, tag, "the application failed"); !strings.Contains(e.Text("traceback"), "TypeError") {
				t.Errorf("%s: the log says %s", value, e.Raw)
			}
		}
	})
}
