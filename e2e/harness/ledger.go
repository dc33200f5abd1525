package harness

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Ledger is where the application e2e/apps/ledger writes down which requests
// begin and end in which process.
type Ledger struct {
	t   testing.TB
	dir string
}

// NewLedger makes an empty one for the time of the test.
func NewLedger(t testing.TB) *Ledger { return &Ledger{t, t.TempDir()} }

// Variable is for the server's environment.
func (l *Ledger) Variable() string { return "LEDGER=" + l.dir }

// Hold has every import of the application wait until the ledger is told to Go on.
func (l *Ledger) Hold() {
	l.t.Helper()
	if err := os.WriteFile(filepath.Join(l.dir, "hold"), nil, 0o600); err != nil {
		l.t.Fatal(err)
	}
}

// Go ends a Hold.
func (l *Ledger) Go() {
	l.t.Helper()
	if err := os.Remove(filepath.Join(l.dir, "hold")); err != nil {
		l.t.Fatal(err)
	}
}

// Books are what stands in the ledger at a moment: for each kind of line what was
// noted, with the processes that noted it.
type Books struct {
	Begun, Ended map[string][]int // by a request's id
	Child        map[string][]int // by the number of a process
	Imported     map[string][]int // by the number of the process
}

// Read reads what has been written so far.
func (l *Ledger) Read() Books {
	l.t.Helper()
	b := Books{Begun: map[string][]int{}, Ended: map[string][]int{}, Child: map[string][]int{}, Imported: map[string][]int{}}
	kinds := map[string]map[string][]int{"begun": b.Begun, "ended": b.Ended, "child": b.Child, "imported": b.Imported}
	paths, _ := filepath.Glob(filepath.Join(l.dir, "*.book"))
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			l.t.Fatal(err)
		}
		pid, _ := strconv.Atoi(strings.TrimSuffix(filepath.Base(path), ".book"))
		lines := bufio.NewScanner(bytes.NewReader(text))
		for lines.Scan() {
			kind, name, _ := strings.Cut(lines.Text(), " ")
			if kinds[kind] == nil {
				l.t.Fatalf("%s has the line %q", path, lines.Text())
			}
			kinds[kind][name] = append(kinds[kind][name], pid)
		}
	}
	return b
}
