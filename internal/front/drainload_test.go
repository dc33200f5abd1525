package front

import (
	"net"
	"sync"
	"testing"
	"time"

	"highball/e2e/harness"
	"highball/internal/h1"
)

// noteAccepted returns a function that knows which clients s has accepted.
func noteAccepted(s *Server) func(address string) bool {
	var accepted sync.Map
	s.http1.Watch = func(c net.Conn) h1.Watcher {
		accepted.Store(c.RemoteAddr().String(), true)
		return watch(c)
	}
	return func(address string) bool {
		_, ok := accepted.Load(address)
		return ok
	}
}

const drainRounds = 50

// Under load a drain loses no request on a connection that it has accepted. What
// the kernel has accepted between the last accept and the close is lost on TCP.
func TestDrainUnderLoad(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			var sum harness.LoadReport
			kernel, connecting, longest := 0, 0, time.Duration(0)
			for range drainRounds {
				l, s := listenOn(t, network), newServer(answers)
				accepted := noteAccepted(s)
				serve(t, s, l)
				load := &harness.Load{Network: network, Address: l.Addr().String(), Path: "/", KeepAlive: 20, OneShot: 10}
				load.Start()
				eventually(t, "a load", func() bool { return load.Answered() >= 200 })
				began := time.Now()
				if err := s.Shutdown(patient(t)); err != nil {
					t.Errorf("Shutdown: %v", err)
				}
				longest = max(longest, time.Since(began))
				report := load.Wait()
				for _, loss := range report.Losses {
					if network == "tcp" && loss.NoAnswer() && !accepted(loss.Local) {
						kernel++
						if loss.Local == "" {
							connecting++
						}
						continue
					}
					t.Errorf("lost: %v", loss)
				}
				sum.Answered += report.Answered
				sum.Told += report.Told
				sum.Refused += report.Refused
			}
			t.Logf("%d drains, the longest took %s: %d answers, %d clients told to close, %d refused at connect; %d connections reset that were never accepted, %d of them within connect",
				drainRounds, longest, sum.Answered, sum.Told, sum.Refused, kernel, connecting)
			if sum.Told == 0 || sum.Refused == 0 {
				t.Error("nobody asked during a drain: this proves nothing")
			}
			if kernel > drainRounds {
				t.Errorf("%d connections were lost in the kernel: more than one in each drain is not a race", kernel)
			}
		})
	}
}
