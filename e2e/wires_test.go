package e2e

import (
	"testing"

	"highball/e2e/harness"
)

// onWires runs a test body over each protocol that has these abilities, as
// TestX/<python>/<wire>. Workers do not know what is spoken in front: so all wires
// are tried with the oldest and the newest interpreter, and the first of them, which
// is h1 where it can, with the others. TestEveryWire has the rest once.
func onWires(t *testing.T, body func(t *testing.T, s *harness.Client), needs ...harness.Ability) {
	t.Helper()
	pythons := harness.Pythons()
	eachPython(t, func(t *testing.T, p harness.Python) {
		wires := able(needs)
		if p != pythons[0] && p != harness.Newest(t) {
			wires = wires[:min(1, len(wires))]
		}
		overWires(t, p, wires, body)
	})
}

func overWires(t *testing.T, p harness.Python, wires []harness.Wire, body func(t *testing.T, s *harness.Client)) {
	t.Helper()
	s := harness.Shared(t, conformance(p))
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
		overWires(t, p, harness.Spoken(), func(t *testing.T, s *harness.Client) {
			for range 2 {
				s.Do(t, harness.Ask("POST", "/echo").With("a body")).Want(t, 200, "a body")
			}
			e := clientEnviron(t, s, harness.Ask("GET", "/environ"))
			want(t, "SERVER_PROTOCOL", e.Values["SERVER_PROTOCOL"], s.Protocol)
		})
	})
}

// clientEnviron is what the application of e2e/apps/environ says of a request.
func clientEnviron(t *testing.T, s *harness.Client, e harness.Exchange) environ {
	t.Helper()
	var told environ
	s.Do(t, e).JSON(t, &told)
	return told
}

// inSync has an exchange followed by another on the same connection, and returns the
// response to the first: nothing of it has got into the second.
func inSync(t *testing.T, s *harness.Client, e harness.Exchange) *harness.Response {
	t.Helper()
	responses := s.Together(t, e, harness.Ask("GET", "/hello"))
	responses[1].Want(t, 200, "hello")
	return responses[0]
}
