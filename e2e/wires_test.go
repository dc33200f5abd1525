package e2e

import (
	"slices"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// onWires runs a test body over each protocol that has these abilities, as
// TestX/<python>/<wire>. Workers do not know what is spoken in front: so all wires
// are tried with the oldest and the newest interpreter, and the first of them, which
// is h1 where it can, with the others. TestEveryWire has the rest once.
func onWires(t *testing.T, body func(t *testing.T, s *harness.Client), needs ...harness.Ability) {
	t.Helper()
	onWiresOf(t, conformance, body, needs...)
}

// onWiresOf is onWires with other servers.
func onWiresOf(t *testing.T, options func(harness.Python) harness.Options, body func(t *testing.T, s *harness.Client), needs ...harness.Ability) {
	t.Helper()
	eachPython(t, func(t *testing.T, p harness.Python) { overWires(t, options(p), wiresFor(t, p, needs), body) })
}

// wiresFor are the wires with these abilities that are tried with an interpreter.
func wiresFor(t *testing.T, p harness.Python, needs []harness.Ability) []harness.Wire {
	t.Helper()
	wires := able(needs)
	if p != harness.Pythons()[0] && p != harness.Newest(t) {
		wires = wires[:min(1, len(wires))]
	}
	return wires
}

func overWires(t *testing.T, o harness.Options, wires []harness.Wire, body func(t *testing.T, s *harness.Client)) {
	t.Helper()
	s := harness.Shared(t, o)
	for _, w := range wires {
		t.Run(w.Name, func(t *testing.T) {
			t.Parallel()
			body(t, s.Speak(w))
		})
	}
}

// able are the wires that are spoken and have these abilities.
func able(needs []harness.Ability) (wires []harness.Wire) {
	for _, w := range harness.Spoken() {
		if w.Can(needs...) {
			wires = append(wires, w)
		}
	}
	return wires
}

// wire is the wire of this name.
func wire(t *testing.T, name string) harness.Wire {
	t.Helper()
	wires := harness.Wires()
	i := slices.IndexFunc(wires, func(w harness.Wire) bool { return w.Name == name })
	if i < 0 {
		t.Fatalf("there is no wire %s", name)
	}
	return wires[i]
}

// TestWiresAreSpoken skips what the binary does not listen for, and nothing else: a
// wire that it does has its tests everywhere.
func TestWiresAreSpoken(t *testing.T) {
	for _, w := range harness.Wires() {
		t.Run(w.Name, func(t *testing.T) {
			if refusal := harness.Refusal(w); refusal != "" {
				t.Skip(refusal)
			}
		})
	}
}

// Every wire with every interpreter: a request with a body, and a response without
// a length.
func TestEveryWire(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		overWires(t, conformance(p), harness.Spoken(), func(t *testing.T, s *harness.Client) {
			for range 2 {
				s.Do(t, harness.Ask("POST", "/echo").With("a body")).Want(t, 200, "a body")
			}
			e := environOf(t, s, harness.Ask("GET", "/environ"))
			want(t, "SERVER_PROTOCOL", e.Values["SERVER_PROTOCOL"], s.Protocol)
		})
	})
}

// Where a wire differs, it does so as harness.Explained says. Fields of the connection
// in HTTP/2 or HTTP/3 fail any test: the clients take no such response.
func TestWiresDifferAsExplained(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		r := s.Get(t, "/fields")
		want(t, "a reason phrase", r.Reason() != "", s.Can(harness.Reason))
		spelled := slices.ContainsFunc(r.Fields, func(f harness.Field) bool { return f.Name != strings.ToLower(f.Name) })
		want(t, "names in more than lower case", spelled, s.Can(harness.Spelling))
		if s.Can(harness.HalfClose, harness.Raw) {
			s.Dial(t).Send(harness.Request("GET", "/hello")).CloseWrite().Response("GET").Want(t, 200, "hello")
		}
	})
}

// environOf is what the application of e2e/apps/environ says of a request.
func environOf(t *testing.T, s *harness.Client, e harness.Exchange) environ {
	t.Helper()
	var told environ
	s.Do(t, e).JSON(t, &told)
	return told
}

// wantCut fails the test unless the response to a GET is cut after this body, and
// without these fields.
func wantCut(t *testing.T, s *harness.Client, path, body string, without ...string) {
	t.Helper()
	c := s.Start(t, harness.Ask("GET", path))
	if err := c.CutAfter(s.Wire, 200, body); err != nil {
		t.Errorf("%s: %v", path, err)
		return
	}
	if s.Can(harness.Remains) {
		for _, name := range without {
			want(t, path+" has "+name, c.Head().Has(name), false)
		}
	}
}

// inSync has an exchange followed by another on the same connection, and returns the
// response to the first: nothing of it has got into the second.
func inSync(t *testing.T, s *harness.Client, e harness.Exchange) *harness.Response {
	t.Helper()
	responses := s.Together(t, e, harness.Ask("GET", "/hello"))
	responses[1].Want(t, 200, "hello")
	return responses[0]
}
