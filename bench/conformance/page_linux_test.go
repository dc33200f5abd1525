package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The page says of the engine what is true: the corpus is sent to it, as it is to
// the others when the page is made.
func TestThePageIsTrueOfTheEngine(t *testing.T) {
	text, err := os.ReadFile("../../docs/CONFORMANCE.md")
	if err != nil {
		t.Fatal(err)
	}
	page, corpus := string(text), loadCorpus(t)
	engine, err := (&bench{}).replay(peers()[0], corpus)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{fmt.Sprintf("%d that have to be accepted and %d that have to be refused", len(corpus.Accept), len(corpus.Refuse))}
	for _, k := range kindsOf(corpus) {
		want = append(want, k.summaryRow(engine))
		sorted, err := k.sort([]*results{engine})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range k.classes {
			want = append(want, k.linesOf(sorted[c.title], []*results{engine}))
		}
	}
	for _, line := range want {
		if !strings.Contains(page, line) {
			t.Errorf("docs/CONFORMANCE.md does not have\n%sWrite it anew: go run ./bench/conformance", line)
		}
	}
	if n, lines := strings.Count(page, "- **engine**"), strings.Count(strings.Join(want, ""), "- **engine**"); n != lines {
		t.Errorf("docs/CONFORMANCE.md has %d differences of the engine, there are %d: go run ./bench/conformance", n, lines)
	}
}
