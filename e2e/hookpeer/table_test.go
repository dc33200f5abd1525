package hookpeer

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// differences are what is not the same under both servers: calls by where they are, with
// both, and what objects say by its name, with the hooks where it differs.
func differences(theirs, ours facts) map[string][]string {
	found := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(theirs)) {
		if theirs[name] == ours[name] {
			continue
		}
		parts := fact.FindStringSubmatch(name)
		if parts == nil {
			found[name] = []string{theirs[name], ours[name]}
			continue
		}
		if _, asked := ours[name]; asked && !slices.Contains(found[parts[2]], parts[1]) {
			found[parts[2]] = append(found[parts[2]], parts[1])
		}
	}
	for name := range ours { // calls that only one of them has
		if _, ok := theirs[name]; !ok && fact.FindStringSubmatch(name) == nil {
			found[name] = []string{"", ours[name]}
		}
	}
	for name, list := range found {
		if !strings.Contains(name, ": ") {
			slices.Sort(list)
		}
	}
	return found
}

// fact is the name of what an object said: phase, hook, its number in the phase, attribute.
var fact = regexp.MustCompile(`^[^:]+: (\w+) \d+: (.+)$`)

// documented are the differences in the manual's table.
func documented(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), "docs", "OPERATIONS.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n### Where hooks differ from gunicorn's\n")
	section, _, _ = strings.Cut(section, "\n## ")
	found := map[string][]string{}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 3 || !strings.Contains(cells[0], "`") {
			continue
		}
		first := quoted(cells[0])
		if strings.HasPrefix(first[0], "SIG") {
			found[first[0]+": calls in "+first[1]] = []string{strings.Join(quoted(cells[1]), " "), strings.Join(quoted(cells[2]), " ")}
			continue
		}
		hooks := first[1:]
		slices.Sort(hooks)
		found[first[0]] = hooks
	}
	return found
}

var quotes = regexp.MustCompile("`([^`]*)`")

func quoted(cell string) (texts []string) {
	for _, match := range quotes.FindAllStringSubmatch(cell, -1) {
		texts = append(texts, match[1])
	}
	return texts
}

// What differs is what the manual says, and nothing else.
func TestHooksAreGunicorns(t *testing.T) {
	found := map[string][]string{}
	for _, last := range []struct {
		signal  syscall.Signal
		leaving []string
	}{
		{syscall.SIGTERM, []string{"on_exit 1", "child_exit 2"}},
		{syscall.SIGQUIT, []string{"worker_int 2", "worker_exit 2", "on_exit 1"}},
	} {
		theirs := underGunicorn(t, last.signal, last.leaving...)
		ours := underHighball(t, last.signal, last.leaving...)
		for name, list := range differences(theirs, ours) {
			for _, hook := range list {
				if strings.Contains(name, ": ") || !slices.Contains(found[name], hook) {
					found[name] = append(found[name], hook)
				}
			}
			if strings.Contains(name, ": ") {
				found[name] = list
			} else {
				slices.Sort(found[name])
			}
		}
	}
	said := documented(t)
	for name, list := range found {
		if !slices.Equal(said[name], list) {
			t.Errorf("%s differs: %q, and the manual says %q", name, list, said[name])
		}
	}
	for name := range said {
		if found[name] == nil {
			t.Errorf("the manual says that %s differs, and it does not", name)
		}
	}
}
