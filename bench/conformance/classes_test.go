package main

import (
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"highball/internal/h1/h1test"
)

func loadCorpus(t *testing.T) h1test.Corpus {
	t.Helper()
	corpus, err := h1test.Load(os.DirFS("../../internal/h1/testdata"))
	if err != nil {
		t.Fatal(err)
	}
	return corpus
}

// A pattern without a case is a slip of the pen, or the case has another name now.
func TestEachPatternHasACase(t *testing.T) {
	for _, k := range kindsOf(loadCorpus(t)) {
		for _, c := range k.classes {
			if c.reason == "" || c.title == "" {
				t.Errorf("%s: %q has no reason", k.name, c.title)
			}
			for pattern := range strings.FieldsSeq(c.patterns) {
				if !slices.ContainsFunc(k.cases, func(name string) bool { m, _ := path.Match(pattern, name); return m }) {
					t.Errorf("%s, %s: nothing is %s", k.name, c.title, pattern)
				}
			}
		}
	}
}

func TestADifferenceWithoutAReasonFails(t *testing.T) {
	k := kind{name: "refuse", cases: []string{"rfc9112-1-a", "rfc9112-2-b"}, classes: []class{{"One", "rfc9112-1-*", "Because."}}}
	r := &results{peer: peer{name: "one"}, verdicts: map[string]verdict{"rfc9112-1-a": {goneOn, ""}, "rfc9112-2-b": {refused, ""}}}
	text, err := k.differences([]*results{r})
	if err != nil || !strings.Contains(text, "### One\n\nBecause.\n\n- **one**, of 1: 1 accepted, went on, as `rfc9112-1-a`") {
		t.Errorf("%v in\n%s", err, text)
	}
	r.verdicts["rfc9112-2-b"] = verdict{taken, ""}
	if _, err := k.differences([]*results{r}); err == nil || !strings.Contains(err.Error(), "refuse/rfc9112-2-b: one does otherwise") {
		t.Error(err)
	}
}
