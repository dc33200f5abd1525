//go:build !windows

package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"highball/internal/control"
)

// mostProblems is how many certificates, and clauses, are told of one by one; JSON has all.
const mostProblems = 5

// certificatesText is "3, the first until 2026-12-11 20:04 UTC (www.example.com)" and, for
// each that something is wrong with, a line of its own.
func certificatesText(all []control.Certificate) (summary string, problems []string) {
	var first *control.Certificate
	for i, c := range all {
		if c.Until != nil && (first == nil || c.Until.Before(*first.Until)) {
			first = &all[i]
		}
		if c.Problem != "" {
			problems = append(problems, strings.Join(c.Names, ", ")+": "+c.Problem)
		}
	}
	summary = fmt.Sprint(len(all))
	if first != nil {
		summary += fmt.Sprintf(", the first until %s (%s)", first.Until.UTC().Format("2006-01-02 15:04 MST"), strings.Join(first.Names, ", "))
	}
	if n := len(problems); n > mostProblems {
		problems = append(problems[:mostProblems], fmt.Sprintf("and %d more: see --json", n-mostProblems))
	}
	return summary, problems
}

// handshakesText is "4412, 312 of them resumed; 20 failed, 3 of them plain http".
func handshakesText(c control.Connections) string {
	return fmt.Sprintf("%d, %d of them resumed; %d failed, %d of them plain http", c.Handshakes, c.Resumed, c.HandshakesFailed, c.PlainOnTLS)
}

// refusalsText is "12: RFC 9112 6.3 (10), RFC 9113 3.4 (2)", what is most frequent first.
func refusalsText(refusals map[string]int64) string {
	var total int64
	for _, n := range refusals {
		total += n
	}
	clauses := slices.SortedFunc(maps.Keys(refusals), func(a, b string) int {
		return cmp.Or(cmp.Compare(refusals[b], refusals[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, clause := range clauses[:min(len(clauses), mostProblems)] {
		parts = append(parts, fmt.Sprintf("%s (%d)", clause, refusals[clause]))
	}
	if len(clauses) > mostProblems {
		parts = append(parts, "...")
	}
	return fmt.Sprintf("%d: %s", total, strings.Join(parts, ", "))
}

// pressureText is what connections had to give way to, "" for nothing.
func pressureText(c control.Connections) (text string) {
	for _, part := range []struct {
		n    int64
		what string
	}{{c.RefusedPerAddress, "refused, too many of one address"}, {c.Evicted, "idle, closed for others"}, {c.Waited, "had to wait"}} {
		if part.n > 0 {
			text += fmt.Sprintf("; %d %s", part.n, part.what)
		}
	}
	return text
}
