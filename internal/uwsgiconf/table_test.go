package uwsgiconf

import (
	"slices"
	"strings"
	"testing"
)

// Every name of a row is an option of uWSGI's, has one row, and every option has one.
func TestTableNamesOptions(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range Options() {
		if o.Fate != Obeyed && o.Says == "" && o.Fate != Mapped {
			t.Errorf("%v: nothing says why it is %s", o.Names, o.Fate)
		}
		for _, name := range o.Names {
			if seen[name] {
				t.Errorf("%s has two rows", name)
			}
			seen[name] = true
			if prefix, ok := strings.CutSuffix(name, "*"); ok {
				found := false
				for known := range allOptions() {
					found = found || strings.HasPrefix(known, prefix)
				}
				if !found {
					t.Errorf("%s stands for nothing", name)
				}
			} else if !isOption(name) {
				t.Errorf("%s is no option%s", name, suggestion(name, ""))
			}
		}
	}
	var without []string
	for name := range allOptions() {
		if _, ok := rows()[name]; !ok {
			without = append(without, name)
		}
	}
	slices.Sort(without)
	if len(without) > 0 {
		t.Errorf("%d options have no row: %v", len(without), without)
	}
}
