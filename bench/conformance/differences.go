package main

import (
	"fmt"
	"slices"
	"strings"
)

// differences is the part of the page that says, class by class, who does otherwise
// and why Highball does not.
func (k kind) differences(all []*results) (string, error) {
	sorted, err := k.sort(all)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "## What Highball %ss and others do not\n", k.name)
	for _, c := range k.classes {
		if lines := k.linesOf(sorted[c.title], all); lines != "" {
			fmt.Fprintf(&b, "\n### %s\n\n%s\n\n%s", c.title, c.reason, lines)
		}
	}
	return b.String(), nil
}

// linesOf has a line for each server that does otherwise with some of these cases.
func (k kind) linesOf(names []string, all []*results) string {
	var b strings.Builder
	for _, r := range all {
		var parts []string
		for _, j := range k.judgements()[1:] {
			if found := r.judged(names, j); len(found) > 0 {
				parts = append(parts, fmt.Sprintf("%d %s, as `%s`%s", len(found), j, found[0], r.detail(found[0])))
			}
		}
		if len(parts) > 0 {
			fmt.Fprintf(&b, "- **%s**, of %d: %s\n", r.peer.name, len(names), strings.Join(parts, "; "))
		}
	}
	return b.String()
}

// judged are those of the cases that were judged so.
func (r *results) judged(names []string, j judgement) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return r.verdicts[name].judgement != j })
}

// detail is what there is to say about a case, in parentheses.
func (r *results) detail(name string) string {
	if d := r.verdicts[name].detail; d != "" {
		return " (" + strings.ReplaceAll(strings.ReplaceAll(d, "*", `\*`), "`", "\\`") + ")"
	}
	return ""
}
