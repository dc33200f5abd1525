package main

import (
	"fmt"
	"path"
	"strings"

	"highball/internal/h1/h1test"
)

// class is a set of cases that servers differ in for one reason.
type class struct {
	title    string
	patterns string // of the cases' names, as of path.Match, parted by spaces; a case is of the first class that has it
	reason   string // why Highball does what it does, and what the RFCs leave to servers
}

func (c class) has(name string) bool {
	for pattern := range strings.FieldsSeq(c.patterns) {
		if matched, _ := path.Match(pattern, name); matched {
			return true
		}
	}
	return false
}

// kind is one half of the corpus, with its classes.
type kind struct {
	name    string // the directory
	cases   []string
	classes []class
}

func kindsOf(corpus h1test.Corpus) []kind {
	accept := kind{name: "accept", classes: acceptClasses()}
	for _, c := range corpus.Accept {
		accept.cases = append(accept.cases, c.Name)
	}
	refuse := kind{name: "refuse", classes: refuseClasses()}
	for _, c := range corpus.Refuse {
		refuse.cases = append(refuse.cases, c.Name)
	}
	return []kind{accept, refuse}
}

// sort gives each class its cases, and an error for a difference that has no reason.
func (k kind) sort(all []*results) (map[string][]string, error) {
	sorted := map[string][]string{}
	for _, name := range k.cases {
		c, found := k.classOf(name)
		if found {
			sorted[c.title] = append(sorted[c.title], name)
			continue
		}
		for _, r := range all {
			if v := r.verdicts[name]; !v.asWanted() {
				return nil, fmt.Errorf("%s/%s: %s does otherwise (%s: %s) and no class says why Highball does not: add it to reasons_%s.go",
					k.name, name, r.peer.name, v.judgement, v.detail, k.name)
			}
		}
	}
	return sorted, nil
}

func (k kind) classOf(name string) (class, bool) {
	for _, c := range k.classes {
		if c.has(name) {
			return c, c.reason != ""
		}
	}
	return class{}, false
}

// section is the part of a case's name that says where its rule is from.
func section(name string) string {
	parts := strings.SplitN(name, "-", 3)
	if parts[0] == "limit" {
		return parts[0]
	}
	return parts[0] + "-" + parts[1]
}
