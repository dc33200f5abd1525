package front

import (
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"highball/internal/h1"
)

// refusal is one by a rule of that number.
func refusal(rule int) *h1.Refusal {
	return &h1.Refusal{Status: 400, Clause: fmt.Sprint("RFC 0 ", rule), Reason: "no request"}
}

// Of what is refused all is counted, and little is told: a line a second for each
// rule, ten in all, and with the next one how many had none.
func TestRefusalsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines logged
		r := newRefusals(lines.logger())
		client, server := net.Pipe()
		defer client.Close()
		defer server.Close()
		for range 1000 {
			r.note(server, refusal(1))
		}
		for rule := range 30 {
			r.note(server, refusal(rule))
		}
		synctest.Wait()
		if n := strings.Count(lines.text(), "a request was refused"); n != linesPerSecond {
			t.Errorf("%d lines in the first second:\n%s", n, lines.text())
		}
		<-time.After(time.Second)
		r.note(server, refusal(1))
		synctest.Wait()
		told := strings.Split(strings.TrimSpace(lines.text()), "\n")
		last := told[len(told)-1]
		for _, want := range []string{"level=INFO", "client=pipe", "status=400", `reason="no request"`, `clause="RFC 0 1"`} {
			if !strings.Contains(last, want) {
				t.Errorf("%s is not in %s", want, last)
			}
		}
		// Before it were 1000 of the first rule and 30 of others: ten had lines.
		if sum := leftOut(t, told); sum+len(told) != 1031 {
			t.Errorf("%d were told and %d left out:\n%s", len(told), sum, lines.text())
		}
		if got := r.all(); got["RFC 0 1"] != 1002 || got["RFC 0 29"] != 1 || len(got) != 30 {
			t.Errorf("counted %v", got)
		}
	})
}

func leftOut(t *testing.T, lines []string) (sum int) {
	t.Helper()
	for _, line := range lines {
		n := 0
		if _, text, ok := strings.Cut(line, "left_out="); ok {
			if _, err := fmt.Sscan(text, &n); err != nil {
				t.Error(err)
			}
		}
		sum += n
	}
	return sum
}

// stuck is a log that nobody reads, until it is let.
type stuck struct{ let chan struct{} }

func (s stuck) Write(p []byte) (int, error) {
	<-s.let
	return len(p), nil
}

// A log that takes nothing holds up no answer, and what waits for it is bounded.
func TestRefusalsDoNotWaitForTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := stuck{make(chan struct{})}
		r := newRefusals(slog.New(slog.NewTextHandler(log, nil)))
		client, server := net.Pipe()
		defer client.Close()
		defer server.Close()
		for second := range 60 {
			for range 50 {
				r.note(server, refusal(second))
			}
			synctest.Wait()
			<-time.After(time.Second)
		}
		r.mu.Lock()
		waiting := len(r.queue)
		r.mu.Unlock()
		if waiting > linesPerSecond {
			t.Errorf("%d lines wait", waiting)
		}
		close(log.let)
		synctest.Wait()
		if r.writing || len(r.queue) > 0 {
			t.Error("lines are left")
		}
	})
}
