// Package e2e tests the highball binary from outside: real sockets, real
// interpreters, real frameworks. clauses_test.go maps PEP 3333 to its tests.
package e2e

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"highball/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// threads is how many tests may wait inside of one shared server at a time.
const threads = 32

// conformance is how the shared server of an interpreter is run: one process,
// which serves all applications of e2e/apps.
func conformance(p harness.Python) harness.Options {
	return harness.Listening(harness.Options{
		App: "all:application", Python: p.Path, Binary: harness.Mounted(),
		Args: []string{"--workers", "1", "--threads", fmt.Sprint(threads), "--stream-request", "/streamed", "--environ", "test.deployer=said so", "--environ", "DEPLOYED=1"},
	})
}

// eachPython runs a test body for each interpreter.
func eachPython(t *testing.T, body func(t *testing.T, p harness.Python)) {
	t.Helper()
	t.Parallel()
	if len(harness.Pythons()) == 0 {
		t.Skip("no Python 3.9 to 3.13 and no PyPy was found")
	}
	for _, p := range harness.Pythons() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			body(t, p)
		})
	}
}

var tags atomic.Int64

// newTag returns a word that occurs in no other request.
func newTag() string { return fmt.Sprintf("tag%06d", tags.Add(1)) }

// want fails the test unless got is want.
func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %.500q, want %.500q", what, fmt.Sprint(got), fmt.Sprint(want))
	}
}
