package hostile

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"highball/e2e/harness"
	"highball/internal/h1/h1test"
)

func refused(t *testing.T) []h1test.Refused {
	t.Helper()
	corpus, err := h1test.Load(os.DirFS(filepath.Join(harness.Root(), "internal", "h1", "testdata")))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(corpus.Refuse, func(c h1test.Refused) bool {
		return c.Name == "rfc9113-3.4-preface" // where HTTP/2 is expected, too
	})
}

// All that has to be refused, by many connections at a time, in any order: each is
// refused, others are served, and Python sees nothing of it. Of a request whose body
// is malformed it sees nothing either: the body is read before.
func TestRefusedNeverReachPython(t *testing.T) {
	s := perform(t)
	cases := refused(t)
	s.rounds(2, func(int) {
		meanwhile := s.quicklyWhile(func() {
			concurrently(t, scaled(50, 3)*len(cases), 32, func(i int) error {
				return s.isRefused(i, string(cases[rand.IntN(len(cases))].Request), stays)
			})
		})
		if len(meanwhile.failures) > 0 {
			t.Errorf("%d requests of the quick client have failed", len(meanwhile.failures))
		}
	})
	s.wantNoCalls()
	s.leavesNoGoroutine()
}
