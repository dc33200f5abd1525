package settings

import (
	"strings"
	"testing"
)

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"bind", "bind", 0}, {"bnid", "bind", 1}, {"binds", "bind", 1},
		{"bid", "bind", 1}, {"bond", "bind", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3},
	} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
		if got := distance(test.b, test.a); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.b, test.a, got, test.want)
		}
	}
}

func TestClosest(t *testing.T) {
	names := []string{"threads", "request-timeout", "queue-timeout"}
	for word, want := range map[string]string{
		"thread": "threads", "THREADS": "threads", "request_timeout": "request-timeout", "reqest-timout": "request-timeout",
		"queue-time": "queue-timeout", "queue": "", "x": "", "": "",
	} {
		if got := closest(word, names); got != want {
			t.Errorf("closest(%q) = %q, want %q", word, got, want)
		}
	}
}

// A file that is none of settings may have words of any length.
func TestALongWordIsNotCompared(t *testing.T) {
	word, names := strings.Repeat("x", 10_000), []string{"threads", "bind"}
	if n := testing.AllocsPerRun(1, func() { closest(word, names) }); n > 100 {
		t.Errorf("%v allocations: each letter was compared", n)
	}
}
