package e2e

import (
	"fmt"
	"testing"

	"highball/e2e/harness"
)

type concurrency struct{ Multithread, Multiprocess bool }

// twoAtOnce sends two requests that wait for each other, and returns where both
// were served and what the applications were told. together is false where the
// second can only be served after the first.
func twoAtOnce(t *testing.T, p harness.Python, workers, threads int, together bool) (a, b *harness.Visitor, told concurrency) {
	t.Helper()
	s := harness.Start(t, harness.Options{
		App: "meets/wsgi.py", Python: p.Path,
		Args: []string{"--workers", fmt.Sprint(workers), "--threads", fmt.Sprint(threads)},
	})
	gate := harness.NewGate(t)
	request := harness.Request("GET", "/?"+gate.Query())
	first, second := s.Dial(t).Send(request), s.Dial(t).Send(request)
	a = gate.Arrival()
	if together {
		b = gate.Arrival()
		a.Go()
	} else {
		gate.Nobody()
		a.Go()
		b = gate.Arrival()
	}
	b.Go()
	first.Response("GET").JSON(t, &told)
	second.Response("GET").WantStatus(t, 200)
	return a, b, told
}

func TestMultithreadIsTrueWhereThreadsMeet(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		a, b, told := twoAtOnce(t, p, 1, 2, true)
		want(t, "pid", a.PID, b.PID)
		want(t, "wsgi.multithread, wsgi.multiprocess", told, concurrency{true, false})
	})
}

func TestMultiprocessIsTrueWhereProcessesMeet(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		a, b, told := twoAtOnce(t, p, 2, 1, true)
		if a.PID == b.PID {
			t.Errorf("both were in process %d", a.PID)
		}
		want(t, "wsgi.multithread, wsgi.multiprocess", told, concurrency{false, true})
	})
}

func TestOneThreadServesOneRequestAtATime(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		a, b, told := twoAtOnce(t, p, 1, 1, false)
		want(t, "pid", a.PID, b.PID)
		want(t, "thread", a.Label, "MainThread")
		want(t, "wsgi.multithread, wsgi.multiprocess", told, concurrency{false, false})
	})
}
