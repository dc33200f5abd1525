package hostile

import (
	"testing"
	"time"

	"highball/e2e/harness"
)

// Who is refused all the time cannot fill the disk by the log: of one kind of
// refusal there is a line a second, or less, and one that says how many more.
func TestRefusalsDoNotFillTheLog(t *testing.T) {
	const kinds = 3 // the rules that these break; each may have a line a second
	texts := [kinds]string{
		"GET / HTTP/1.1\r\nHost: a\r\nX-A : b\r\n\r\n",
		harness.Request("POST", "/body", "Content-Length: 1", "Transfer-Encoding: chunked") + "0\r\n\r\n",
		"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
	}
	s := perform(t)
	lines := func() int { return len(s.Find(func(harness.Entry) bool { return true })) }
	before, began := lines(), time.Now()
	n := scaled(60_000, 6000)
	concurrently(t, n, 32, func(i int) error { return s.isRefused(i, texts[i%kinds], stays) })
	seconds := int(time.Since(began).Seconds()) + 2 // begun ones, and the summary behind them
	s.settles()
	s.wantNoCalls()
	written := lines() - before
	t.Logf("%d refused in %s: %d lines", n, time.Since(began).Round(time.Millisecond), written)
	if most := kinds * seconds * 2; written > most || written < kinds { // a line, and one that counts the others
		t.Errorf("%d lines for %d refusals of %d kinds in %d seconds, want %d to %d", written, n, kinds, seconds, kinds, most)
	}
}
