package main

import (
	"fmt"
	"slices"
	"strings"

	"highball/internal/h1/h1test"
)

const intro = `# Conformance

<!-- Written by go run ./bench/conformance; the reasons are in bench/conformance/reasons_*.go. -->

The requests of [the corpus](../internal/h1/testdata/README.md), %d that have to be accepted and %d that have to be refused, sent
to Highball and to other servers: who does otherwise, and why Highball does what it does. The corpus is Highball's: where the RFCs leave a server a
choice it has ours, so that a difference is not a fault by itself. The reasons say where it is one. The row *engine* is Highball's HTTP/1.1 alone,
*highball* the whole server: what differs between them the gateway decides, or net/http, where that serves in the engine's place.

Each case goes over a connection of its own, with a second request right behind it. A server is judged by what its application
saw (of nginx, by what it forwards), not by what its documentation says:

- **accepted alike**: method, path, query, host, fields and body as the corpus has them, and what is behind served, or the connection closed, which a server
  may do at any time. Fields about the connection itself are not compared; names with an underscore, and Proxy, may be missing.
- **refused and closed**: an answer of 4xx or 5xx of the server itself, whichever, or none, and the connection closed.
- **accepted, went on**: what has to be refused reached the application, or an answer of 2xx came, and the connection lived on: where another server reads
  the same bytes otherwise, this is where requests are smuggled.

` + "`go run ./bench/conformance` makes this page anew; `--every` lists each difference of each server.\n\n"

// pageOf is docs/CONFORMANCE.md.
func pageOf(corpus h1test.Corpus, all []*results) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, intro, len(corpus.Accept), len(corpus.Refuse))
	b.WriteString("| Server | Version | How it is run |\n|---|---|---|\n")
	for _, r := range all {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.peer.name, r.version, r.peer.about)
	}
	kinds := kindsOf(corpus)
	for _, k := range kinds {
		b.WriteString("\n" + k.summary(all))
	}
	b.WriteString("\n## By rule\n\nHow many cases each server does otherwise with.\n")
	for _, k := range kinds {
		b.WriteString("\n" + k.sections(all))
	}
	for _, k := range kinds {
		text, err := k.differences(all)
		if err != nil {
			return "", err
		}
		b.WriteString("\n" + text)
	}
	return b.String(), nil
}

// judgements are the columns of a kind's summary, what is wanted first.
func (k kind) judgements() []judgement {
	if k.name == "accept" {
		return []judgement{alike, otherwise, declined, silent}
	}
	return []judgement{refused, kept, taken, goneOn, silent}
}

func (k kind) summary(all []*results) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## What Highball %ss: %d requests\n\n| Server |", k.name, len(k.cases))
	for _, j := range k.judgements() {
		fmt.Fprintf(&b, " %s |", j)
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(k.judgements())) + "\n")
	for _, r := range all {
		b.WriteString(k.summaryRow(r))
	}
	return b.String()
}

// summaryRow is the line of one server.
func (k kind) summaryRow(r *results) string {
	row := "| " + r.peer.name + " |"
	for _, j := range k.judgements() {
		n := 0
		for _, name := range k.cases {
			if r.verdicts[name].judgement == j {
				n++
			}
		}
		row += fmt.Sprintf(" %d |", n)
	}
	return row + "\n"
}

// sections counts the differences by where rules are from.
func (k kind) sections(all []*results) string {
	var order []string
	members := map[string][]string{}
	for _, name := range k.cases {
		s := section(name)
		if !slices.Contains(order, s) {
			order = append(order, s)
		}
		members[s] = append(members[s], name)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | cases |", k.name)
	for _, r := range all {
		fmt.Fprintf(&b, " %s |", r.peer.name)
	}
	b.WriteString("\n|---|--:|" + strings.Repeat("--:|", len(all)) + "\n")
	for _, s := range order {
		fmt.Fprintf(&b, "| %s | %d |", s, len(members[s]))
		for _, r := range all {
			fmt.Fprintf(&b, " %s |", countOrDot(r, members[s]))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func countOrDot(r *results, names []string) string {
	n := 0
	for _, name := range names {
		if !r.verdicts[name].asWanted() {
			n++
		}
	}
	if n == 0 {
		return "·"
	}
	return fmt.Sprint(n)
}
