package calltrace

import (
	"fmt"
	"slices"
	"strings"
)

// Steps returns what was recorded, in the order of time.
func (r *Recorder) Steps() []*Step {
	r.mu.Lock()
	defer r.mu.Unlock()
	entries := slices.Clone(r.entries)
	slices.SortStableFunc(entries, func(a, b entry) int { return int(min(max(a.at-b.at, -1), 1)) })
	b := builder{r: r, said: map[string]bool{}, started: map[int]*Step{}, totals: map[int]event{}}
	for _, e := range entries {
		step := b.step(e)
		if step == nil {
			continue
		}
		step.Number = len(b.steps) + 1
		step.Kind = e.event.kind()
		step.Layer = e.event.text("name")
		step.Time = max(0, (e.at-r.start)/1000)
		b.steps = append(b.steps, step)
	}
	return b.steps
}

// builder makes steps of entries, each in the light of those before.
type builder struct {
	r       *Recorder
	steps   []*Step
	said    map[string]bool // what has been explained
	started map[int]*Step   // the last start_response of each layer
	totals  map[int]event   // the end of each layer's body
	names   map[int]string
	answers int // pieces of the response
}

// once returns the text the first time it is asked for.
func (b *builder) once(text string) string {
	if b.said[text] {
		return ""
	}
	b.said[text] = true
	return text
}

// who is the layer of the event: "the application" or a middleware's name.
func (b *builder) who(e event) string { return e.text("name") }

// caller is the next layer out, to which this one is the application.
func (b *builder) caller(e event) string {
	if e.layer() == b.r.outer {
		return "the server"
	}
	return b.names[e.layer()+1]
}

func (b *builder) step(en entry) *Step {
	e := en.event
	if e.text("name") != "" {
		if b.names == nil {
			b.names = map[int]string{}
		}
		b.names[e.layer()] = e.text("name")
	}
	switch e.kind() {
	case "request":
		return b.request(en.bytes)
	case "response":
		return b.response(en.bytes)
	case "environ":
		return b.environ(e)
	case "call":
		return b.call(e)
	case "misused":
		return &Step{Title: fmt.Sprintf("%s calls %s in another way than with (environ, start_response): %d positional arguments, keywords %q",
			b.caller(e), b.who(e), e.number("arguments"), e.texts("keywords")), Why: whyMisused}
	case "start_response":
		return b.startResponse(e)
	case "refused":
		return &Step{Title: b.caller(e) + " refuses that: " + e.text("error"), Error: e.text("error"), Why: b.once(whyRefused)}
	case "write":
		return b.data(e, fmt.Sprintf("%s calls write(%s)", b.who(e), sized(e)), whyWrite)
	case "read":
		return b.data(e, fmt.Sprintf("wsgi.input.%s returns %s of the request's body", e.text("call"), sized(e)), whyRead)
	case "return":
		return b.returned(e)
	case "block":
		return b.block(e)
	case "end":
		return b.end(e)
	case "close":
		return &Step{Title: fmt.Sprintf("%s calls close() of the %s", b.caller(e), e.text("kind")), Where: e.text("where"), Why: b.once(whyClose)}
	case "exception":
		return &Step{Title: b.who(e) + " raises " + firstLine(e.text("error")), Where: e.text("where"), Error: e.text("error"),
			Traceback: e.text("traceback"), Why: b.once(whyException(e.text("phase"), e.layer() == b.r.outer))}
	}
	return &Step{Title: e.kind()}
}

func (b *builder) request(data []byte) *Step {
	return withData(&Step{Title: fmt.Sprintf("the client sends %s", bytesText(len(data))), Why: whyRequest, raw: true}, data)
}

func (b *builder) response(data []byte) *Step {
	b.answers++
	s := withData(&Step{Title: fmt.Sprintf("the client receives %s", bytesText(len(data))), raw: true}, data)
	if b.answers > 1 {
		return s
	}
	if !b.isApplications(data) {
		s.Why = whyOwnAnswer
		return s
	}
	s.Why = whyResponse
	if b.r.Request.Method == "HEAD" {
		s.Why += " " + whyHead
	}
	if names := b.added(data); len(names) > 0 {
		s.Why += " The server added " + strings.Join(names, ", ") + "."
		if slices.Contains(names, "Transfer-Encoding") {
			s.Why += " " + whyChunked
		}
	}
	return s
}

// isApplications says whether the response is the one that start_response was
// called with; else the server has answered in its place.
func (b *builder) isApplications(data []byte) bool {
	started := b.started[b.r.outer]
	_, status, ok := strings.Cut(string(data), " ")
	return started != nil && ok && len(status) > 3 && strings.HasPrefix(started.Status, status[:3])
}

// added names the fields of the response that start_response was not given.
func (b *builder) added(data []byte) (names []string) {
	started := b.started[b.r.outer]
	head, _, _ := strings.Cut(string(data), "\r\n\r\n")
	for _, line := range strings.Split(head, "\r\n")[1:] {
		name, _, _ := strings.Cut(line, ":")
		if started != nil && !slices.ContainsFunc(started.Headers, func(h [2]string) bool { return strings.EqualFold(h[0], name) }) {
			names = append(names, name)
		}
	}
	return names
}

func (b *builder) environ(e event) *Step {
	s := &Step{Why: whyEnviron}
	for _, item := range e.list("items") {
		fields, _ := item.([]any)
		if t := texts(fields); len(t) == 3 {
			s.Environ = append(s.Environ, Variable{Key: t[0], Type: t[1], Value: t[2], From: b.r.origin(t[0])})
		}
	}
	slices.SortStableFunc(s.Environ, func(x, y Variable) int {
		if d := group(x.From) - group(y.From); d != 0 {
			return d
		}
		return strings.Compare(x.Key, y.Key)
	})
	s.Title = fmt.Sprintf("the server makes environ, a dict of %d entries", len(s.Environ))
	return s
}

func (b *builder) call(e event) *Step {
	object := e.text("object")
	s := &Step{
		Title: fmt.Sprintf("%s calls %s: %s(environ, start_response)", b.caller(e), b.who(e), object),
		Where: e.text("where"), Why: b.once(whyCall),
	}
	if strings.Contains(object, " ") { // "a Flask object"
		s.Title = fmt.Sprintf("%s calls %s, %s, with (environ, start_response)", b.caller(e), b.who(e), object)
	}
	if e.text("kind") == "type" {
		s.Why += " " + whyClass
	}
	if e.layer() < b.r.outer {
		s.Why = b.once(whyInner)
		s.Changes = changes(e)
		if len(s.Changes) == 0 {
			s.Title += "; environ is unchanged"
		}
	}
	return s
}

func changes(e event) (found []Change) {
	for _, item := range e.list("changes") {
		fields, _ := item.([]any)
		if t := texts(fields); len(t) == 4 {
			found = append(found, Change{What: t[0], Key: t[1], Old: t[2], New: t[3]})
		}
	}
	return found
}
