package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"highball/internal/h1/h1test"
)

// judgement is what a server made of a case.
type judgement string

const (
	// Of what has to be accepted.
	alike     judgement = "accepted alike"
	otherwise judgement = "accepted otherwise"
	declined  judgement = "refused"

	// Of what has to be refused.
	refused judgement = "refused and closed"
	kept    judgement = "refused, kept open"
	taken   judgement = "accepted, then closed"
	goneOn  judgement = "accepted, went on" // with what is behind it on the connection

	// Of either.
	silent judgement = "no answer"
)

// verdict is the judgement, with what there is to say about it.
type verdict struct {
	judgement judgement
	detail    string
}

func (v verdict) asWanted() bool { return v.judgement == alike || v.judgement == refused }

// judgeRefused says what was made of a request that has to be refused.
func judgeRefused(o outcome) verdict {
	before, behindToo := split(o.seen)
	for _, m := range before {
		if m.whole {
			return took(o, names(before))
		}
	}
	switch {
	case len(o.answers) > 0 && o.answers[0].status < 400 && !o.answers[0].seen:
		return took(o, fmt.Sprintf("answered %d by the server itself", o.answers[0].status))
	case strings.Contains(o.strange, "\x00"):
		return verdict{taken, "answered in another protocol"}
	case behindToo && len(o.answers) < 2:
		return verdict{goneOn, "passed over"}
	case behindToo:
		return verdict{kept, o.status() + ", and the request behind it served"}
	case o.closed:
		return verdict{refused, o.status()}
	case len(o.answers) > 0:
		return verdict{kept, o.status() + ", and the connection left open"}
	}
	return verdict{silent, "waits for more"}
}

// took is the verdict of what should have been refused.
func took(o outcome, detail string) verdict {
	if _, behindToo := split(o.seen); behindToo || len(o.seen) > 1 || !o.closed {
		return verdict{goneOn, detail}
	}
	return verdict{taken, detail}
}

// judgeAccepted says what was made of a request that has to be accepted.
func judgeAccepted(c h1test.Accepted, o outcome) verdict {
	before, behindToo := split(o.seen)
	if len(before) == 0 {
		return notSeen(o)
	}
	if difference := compare(before[0], c); difference != "" {
		return verdict{otherwise, difference}
	}
	switch {
	case len(before) > 1:
		return verdict{otherwise, "taken for several requests: " + names(before)}
	case c.Close && behindToo:
		return verdict{otherwise, "the request behind it is served, though the connection had to end"}
	case !c.Close && !behindToo && !o.closed:
		return verdict{otherwise, "the request behind it is not answered"}
	case len(o.answers) == 0:
		return verdict{otherwise, "served, but not answered"}
	}
	return verdict{alike, ""}
}

// notSeen is the verdict of a well-formed request that no application has seen.
func notSeen(o outcome) verdict {
	switch {
	case len(o.answers) > 0 && o.answers[0].status < 400:
		return verdict{otherwise, fmt.Sprintf("answered %d by the server itself", o.answers[0].status)}
	case len(o.answers) > 0 || o.closed:
		return verdict{declined, o.status()}
	}
	return verdict{silent, "waits for more"}
}

// compare says what the application saw otherwise than it should.
func compare(got message, c h1test.Accepted) string {
	all, unambiguous := wanted(c)
	for _, pair := range []struct{ what, got, want string }{
		{"method", got.method, all.method},
		{"path", got.path, all.path},
		{"query", got.query, all.query},
		{"host", got.host, all.host},
	} {
		if pair.got != pair.want {
			return fmt.Sprintf("%s %s", pair.what, shown(pair.got))
		}
	}
	if difference := fieldsDiffer(got.fields, all.fields); difference != "" && fieldsDiffer(got.fields, unambiguous.fields) != "" {
		return difference
	}
	switch {
	case !got.whole:
		return "the body cannot be read"
	case got.body != all.body:
		return fmt.Sprintf("body of %d bytes for %d", len(got.body), len(all.body))
	}
	return ""
}

func fieldsDiffer(got, want map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if have, ok := got[name]; !ok {
			return "field missing: " + shown(name)
		} else if have != want[name] {
			return "field differs: " + shown(name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[name]; !ok {
			return "field added: " + shown(name)
		}
	}
	return ""
}

// split parts the case's own requests from the one that was sent behind it.
func split(seen []message) (before []message, behindToo bool) {
	for _, m := range seen {
		if m.isBehind() {
			behindToo = true
		} else {
			before = append(before, m)
		}
	}
	return before, behindToo
}

func (o outcome) status() string {
	switch {
	case len(o.answers) > 0:
		return fmt.Sprint(o.answers[0].status)
	case o.strange != "":
		return "an answer without a head"
	}
	return "closed without an answer"
}

func names(seen []message) string {
	var list []string
	for _, m := range seen {
		name := shown(m.method + " " + m.path)
		if m.body != "" || m.method == "POST" {
			name += fmt.Sprintf(" with %d bytes", len(m.body))
		}
		list = append(list, name)
	}
	return strings.Join(list, ", ")
}

// shown is text on one short line of ASCII.
func shown(text string) string {
	text = h1test.Escape([]byte(text))
	if len(text) > 40 {
		text = text[:40] + "..."
	}
	return text
}
