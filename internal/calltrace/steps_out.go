package calltrace

import (
	"fmt"
	"slices"
	"strings"
)

// startResponse also says what a middleware made of the call of the layer within.
func (b *builder) startResponse(e event) *Step {
	s := &Step{Status: e.text("status"), Where: e.text("where"), Error: e.text("exc_info")}
	for _, item := range e.list("headers") {
		fields, _ := item.([]any)
		if t := texts(fields); len(t) == 2 {
			s.Headers = append(s.Headers, [2]string{t[0], t[1]})
		} else if len(t) == 1 {
			s.Headers = append(s.Headers, [2]string{"", t[0]})
		}
	}
	owner := b.caller(e) + "'s "
	if e.layer() == b.r.outer {
		owner = ""
	}
	s.Title = fmt.Sprintf("%s calls %sstart_response(%q, %s)", b.who(e), owner, s.Status, count(len(s.Headers), "header"))
	s.Why = b.once(whyStart)
	if s.Error != "" {
		s.Title = fmt.Sprintf("%s calls %sstart_response(%q, %s, exc_info)", b.who(e), owner, s.Status, count(len(s.Headers), "header"))
		s.Why = whyExcInfo
	}
	if inner := b.started[e.layer()-1]; inner != nil {
		s.Changes = headChanges(inner, s)
		if len(s.Changes) == 0 {
			s.Title += ": as it got them"
		}
	}
	b.started[e.layer()] = s
	return s
}

// headChanges compares what a middleware was given with what it passed on.
func headChanges(given, passed *Step) (found []Change) {
	if given.Status != passed.Status {
		found = append(found, Change{What: "changed", Key: "status", Old: given.Status, New: passed.Status})
	}
	rest := slices.Clone(passed.Headers)
	for _, h := range given.Headers {
		i := slices.Index(rest, h)
		if i < 0 {
			i = slices.IndexFunc(rest, func(o [2]string) bool {
				return strings.EqualFold(o[0], h[0]) && !slices.Contains(given.Headers, o)
			})
		}
		switch {
		case i < 0:
			found = append(found, Change{What: "removed", Key: h[0], Old: h[1]})
			continue
		case rest[i] != h:
			found = append(found, Change{What: "changed", Key: h[0], Old: h[1], New: rest[i][1]})
		}
		rest = slices.Delete(rest, i, i+1)
	}
	for _, h := range rest {
		found = append(found, Change{What: "added", Key: h[0], New: h[1]})
	}
	return found
}

func (b *builder) returned(e event) *Step {
	s := &Step{}
	blocks := e.number("blocks")
	kind := e.text("kind")
	switch {
	case blocks >= 0:
		s.Title = fmt.Sprintf("%s returns a %s of %s", b.who(e), kind, count(int(blocks), "block"))
		s.Why = b.once(whyList)
	case kind == "generator":
		s.Title = b.who(e) + " returns a generator"
		s.Why = b.once(whyGenerator)
	case kind == "highball_worker.filewrapper.FileWrapper":
		s.Title = b.who(e) + " returns a wsgi.file_wrapper"
		s.Why = whyFile
	default:
		s.Title = fmt.Sprintf("%s returns an iterable, a %s", b.who(e), kind)
		s.Why = b.once(whyIterable)
	}
	return s
}

func (b *builder) block(e event) *Step {
	title := fmt.Sprintf("block %d of the body of %s: %s", e.number("index"), b.who(e), sized(e))
	if e.layer() != b.r.outer {
		return b.data(e, title, whyInnerBlock)
	}
	switch {
	case e.is("whole"):
		return b.data(e, title, "")
	case e.number("size") == 0:
		return b.data(e, title, whyEmpty)
	}
	return b.data(e, title, whyBlock)
}

func (b *builder) end(e event) *Step {
	b.totals[e.layer()] = e
	s := &Step{Title: fmt.Sprintf("%s has no more blocks: %s, %s in all", b.who(e),
		count(int(e.number("blocks")), "block"), bytesText(int(e.number("bytes"))))}
	if inner, ok := b.totals[e.layer()-1]; ok {
		s.Title += fmt.Sprintf("; it got %s, %s", count(int(inner.number("blocks")), "block"), bytesText(int(inner.number("bytes"))))
	}
	return s
}

// data makes a step of an event that carries a piece of a body.
func (b *builder) data(e event, title, why string) *Step {
	s := &Step{Title: title, Where: e.text("where"), Why: b.once(why)}
	if data, ok := e["data"].([]byte); ok {
		size := int(e.number("size"))
		withData(s, data).Size = &size
	} else {
		s.Error = "not bytes but " + e.text("data")
	}
	return s
}

// withData gives the step its bytes, one character for each.
func withData(s *Step, data []byte) *Step {
	runes := make([]rune, len(data))
	for i, c := range data {
		runes[i] = rune(c)
	}
	text, size := string(runes), len(data)
	s.Data, s.Size = &text, &size
	return s
}

func sized(e event) string {
	if n := e.number("size"); n >= 0 {
		return bytesText(int(n))
	}
	return e.text("data")
}

func bytesText(n int) string { return count(n, "byte") }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
