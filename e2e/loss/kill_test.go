package loss

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// between is the time from one kill to the next.
const between = 100 * time.Millisecond

// kill -9 of one worker after the other: what had begun there gets 502, all else is
// served, and nothing twice. With one thread that is one request of a worker.
func TestWorkersAreKilled(t *testing.T) {
	eachPreload(t, func(t *testing.T, flag string) {
		for name, flags := range map[string][]string{"502": nil, "retried": {"--retry-idempotent"}} {
			retried := name == "retried"
			threads := map[string]int{"--preload": 1, "--no-preload": 2}[flag]
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := perform(t, 4, append(flags, flag, "--threads", strconv.Itoa(threads))...)
				s.start()
				victims := s.killOneAfterTheOther(lasting(30 * time.Second))
				a := s.settle(s.crowd.Stop(), terms{victims: victims, threads: threads, statuses: []int{502}, retried: retried})
				t.Logf("%d workers were killed", len(victims))
				if len(victims) < 4 || a.statuses[http.StatusBadGateway]+a.repeated() == 0 {
					t.Error("no request was in a worker that was killed: this proves nothing")
				}
				if again := a.repeated(); retried != (again > 0) {
					t.Errorf("%d requests have begun more than once", again)
				}
			})
		}
	})
}

// killOneAfterTheOther kills a random worker at a time, when there is one.
func (s *scene) killOneAfterTheOther(lasts time.Duration) (victims []int) {
	s.t.Helper()
	ticker := time.NewTicker(between)
	defer ticker.Stop()
	for end := time.Now().Add(lasts); time.Now().Before(end); <-ticker.C {
		if pids := s.workers(); len(pids) > 0 {
			pid := pids[rand.IntN(len(pids))]
			s.kill(pid, syscall.SIGKILL)
			victims = append(victims, pid)
		}
	}
	return victims
}
