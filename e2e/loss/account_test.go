package loss

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"highball/e2e/harness"
)

// terms are what a test lets happen to requests other than an answer of 200.
type terms struct {
	victims  []int // the processes that may have taken requests with them
	threads  int   // at most so many each: what a process had begun
	statuses []int // what these requests may be answered with
	retried  bool  // a GET may begin again elsewhere, and is never lost
	unheard  int   // so many connections may be reset before the server accepts them

	// What is sent a linger later than this, by a client that was slow, may cross the
	// server's close of the connection; zero: nothing may.
	stopped time.Time
}

// account is what became of all requests, as both sides see it.
type account struct {
	t        *testing.T
	outcomes []harness.Outcome
	books    harness.Books
	statuses map[int]int
	unheard  int
	crossed  int
}

// linger is how long a drain keeps a connection on which nothing is asked.
const linger = time.Second

// settle checks that each request has been answered once, has begun once at most,
// and that none is missing but what the terms allow; and prints the sums.
func (s *scene) settle(outcomes []harness.Outcome, may terms) account {
	s.t.Helper()
	a := account{t: s.t, outcomes: outcomes, books: s.ledger.Read(), statuses: map[int]int{}}
	for _, o := range outcomes {
		a.statuses[o.Status]++
		a.check(o, may)
	}
	a.checkNames(s.others)
	a.print()
	if a.unheard > may.unheard {
		s.t.Errorf("%d connections were reset before an answer, want at most %d", a.unheard, may.unheard)
	}
	s.checkVictims(a, may)
	if n := s.Count("broke the protocol") + s.Count("were cut") + s.Count("DATA RACE") + s.Count("panic"); n > 0 {
		s.t.Errorf("%d lines of the log say that highball is wrong", n)
	}
	return a
}

func (a *account) check(o harness.Outcome, may terms) {
	a.t.Helper()
	begun, ended := len(a.books.Begun[o.ID]), len(a.books.Ended[o.ID])
	mayRepeat := may.retried && o.Method == http.MethodGet
	wrong := func(what string) {
		a.t.Helper()
		a.t.Errorf("%s %s, id %s: %s; status %d, %v, begun %d times, ended %d times", o.Method, o.Path, o.ID, what, o.Status, o.Err, begun, ended)
	}
	switch {
	case o.Lost() && begun == 0 && !may.stopped.IsZero() && o.Sent.Sub(may.stopped) >= linger:
		a.crossed++
	case o.Lost() && begun == 0 && o.NoAnswer():
		a.unheard++
	case o.Lost():
		wrong("no answer")
	case o.Err != nil:
		wrong("not its answer alone")
	case begun > 1 && !mayRepeat || ended > 1 && !mayRepeat:
		wrong("served twice")
	case o.Status == http.StatusOK && ended == 0:
		wrong("answered and not served")
	case o.Status != http.StatusOK && (!slices.Contains(may.statuses, o.Status) || mayRepeat):
		wrong("not served")
	}
}

// checkNames looks for requests in the ledger that nobody has sent.
func (a *account) checkNames(others map[string]bool) {
	a.t.Helper()
	sent := maps.Clone(others)
	for _, o := range a.outcomes {
		if sent[o.ID] {
			a.t.Errorf("id %s has been sent twice: the test is wrong", o.ID)
		}
		sent[o.ID] = true
	}
	for id := range a.books.Begun {
		if !sent[id] {
			a.t.Errorf("the application served %q, which nobody has sent", id)
		}
	}
}

func (a *account) print() {
	a.t.Helper()
	unfinished, early := 0, 0
	for id, pids := range a.books.Begun {
		unfinished += len(pids) - len(a.books.Ended[id])
	}
	for _, o := range a.outcomes {
		if len(a.books.Begun[o.ID]) == 0 && (o.Status == http.StatusBadGateway || o.Status == http.StatusGatewayTimeout) {
			early++
		}
	}
	kinds := []string{}
	for _, status := range slices.Sorted(maps.Keys(a.statuses)) {
		if status != 0 {
			kinds = append(kinds, fmt.Sprintf("%d answered %d", a.statuses[status], status))
		}
	}
	a.t.Logf("%d sent: %s, %d lost, %d reset before they were accepted, %d too late for a drain; by the application %d begun, %d ended, %d begun and not ended; "+
		"%d failed when the worker had them and the application had not noted it",
		len(a.outcomes), strings.Join(kinds, ", "), a.statuses[0]-a.unheard-a.crossed, a.unheard, a.crossed,
		count(a.books.Begun), count(a.books.Ended), unfinished, early)
}

// repeated counts the requests that have begun more than once.
func (a *account) repeated() (n int) {
	for _, pids := range a.books.Begun {
		if len(pids) > 1 {
			n++
		}
	}
	return n
}

func count(notes map[string][]int) (n int) {
	for _, pids := range notes {
		n += len(pids)
	}
	return n
}

// checkVictims compares what was not answered 200 with what the log says of the
// process that had it: a victim, where at most as many had begun as it has threads.
func (s *scene) checkVictims(a account, may terms) {
	s.t.Helper()
	by := map[int]int{}
	where := s.blamed()
	for _, o := range a.outcomes {
		if o.Status == http.StatusOK || o.Lost() {
			continue
		}
		pid, said := where[o.ID]
		if !said {
			s.t.Errorf("id %s was answered %d, and the log does not say why", o.ID, o.Status)
		}
		if begun := a.books.Begun[o.ID]; len(begun) > 0 && begun[len(begun)-1] != pid {
			s.t.Errorf("id %s was answered %d for process %d, but had begun in %v", o.ID, o.Status, pid, begun)
		}
		by[pid]++
	}
	for pid, n := range by {
		if !slices.Contains(may.victims, pid) {
			s.t.Errorf("process %d lost %d requests, though nothing happened to it", pid, n)
		} else if n > may.threads {
			s.t.Errorf("process %d lost %d requests, but had begun %d at most", pid, n, may.threads)
		}
	}
}

// blamed says in which process each request was lost, as the log has it.
func (s *scene) blamed() map[string]int {
	where := map[string]int{}
	for _, e := range s.Find(func(e harness.Entry) bool {
		return e.Has("the worker died while it served a request") || e.Message() == "request timed out"
	}) {
		_, rest, _ := strings.Cut(e.Text("line"), "id=")
		id, _, _ := strings.Cut(rest, " ")
		where[id], _ = strconv.Atoi(e.Text("pid"))
	}
	return where
}

// wantAllServed settles with no exception.
func (s *scene) wantAllServed(outcomes []harness.Outcome) account {
	s.t.Helper()
	a := s.settle(outcomes, terms{})
	if a.statuses[http.StatusOK] == 0 {
		s.t.Error("nobody asked: this proves nothing")
	}
	return a
}
