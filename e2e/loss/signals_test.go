package loss

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"
)

// Signals that reach workers and zygote, but not the front, end nothing.
func TestSignalsToWorkersAndZygote(t *testing.T) {
	eachPreload(t, func(t *testing.T, flag string) {
		s := perform(t, 2, flag)
		s.start()
		before := s.Processes()
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT} {
			for _, pid := range before {
				if pid != s.PID {
					s.kill(pid, sig)
				}
			}
			s.goesOn()
		}
		if now := s.Processes(); fmt.Sprint(now) != fmt.Sprint(before) {
			t.Errorf("the processes are %v, were %v", now, before)
		}
		s.wantAllServed(s.crowd.Stop())
	})
}

// SIGHUP to every process at once is one reload.
func TestHangupOfEveryProcess(t *testing.T) {
	eachPreload(t, func(t *testing.T, flag string) {
		s := perform(t, 2, flag)
		s.start()
		old := s.workers()
		s.signalAll(syscall.SIGHUP)
		s.WaitText(t, newCodeServes)
		s.goesOn()
		for _, pid := range s.workers() {
			if slices.Contains(old, pid) {
				t.Errorf("worker %d was not replaced", pid)
			}
		}
		s.wantAllServed(s.crowd.Stop())
	})
}

// A stop under load serves what was accepted, whichever processes are told. On
// TCP the kernel may accept one more connection while the front closes its socket.
func TestStop(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*scene){
		"TERM to the front":     func(s *scene) { s.kill(s.PID, syscall.SIGTERM) },
		"TERM to every process": func(s *scene) { s.signalAll(syscall.SIGTERM) },
		"TERM to the group":     func(s *scene) { s.kill(-s.PID, syscall.SIGTERM) },
		"INT to every process":  func(s *scene) { s.signalAll(syscall.SIGINT) },
		"all kinds, to the others": func(s *scene) {
			s.kill(s.PID, syscall.SIGTERM)
			for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGTERM} {
				for _, pid := range s.Processes() {
					if pid != s.PID {
						s.kill(pid, sig)
					}
				}
			}
		},
	} {
		for _, network := range []string{"tcp", "unix"} {
			t.Run(name+" "+network, func(t *testing.T) {
				t.Parallel()
				s := perform(t, 2)
				unheard := s.crowd.KeepAlive + s.crowd.OneShot // each may be hit once, and is refused then
				if network == "unix" {
					s.crowd.Network, s.crowd.Address, unheard = network, s.unix, 0
				}
				s.start()
				stopped := time.Now()
				stop(s)
				a := s.settle(s.crowd.Refused(), terms{unheard: unheard, stopped: stopped})
				if a.statuses[200] == 0 || len(a.books.Begun) != a.statuses[200] {
					t.Errorf("%d requests have begun", len(a.books.Begun))
				}
				if err := s.Exit(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// signalAll signals every process, the front as the last or the first, as it comes.
func (s *scene) signalAll(sig syscall.Signal) {
	for _, pid := range s.Processes() {
		s.kill(pid, sig)
	}
}
