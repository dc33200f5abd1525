package behind

import (
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// How often each is done under load.
const (
	reloads  = 100
	upgrades = 4
	restarts = 3
)

func all(setup) bool { return true }

// TestReloads: new code, a hundred times, while each proxy has clients that never pause.
func TestReloads(t *testing.T) {
	t.Parallel()
	a := newTogether(t, all)
	s := harness.Start(t, a.options(t, open(a.binds())))
	loads := a.loads(t)
	progress(t, loads, 5)
	const reloaded = "reload: the new code serves"
	for n := range reloads {
		if err := s.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		s.Wait(t, func(harness.Entry) bool { return s.Count(reloaded) > n })
	}
	progress(t, loads, 5)
	a.judge(t, loads)
}

// TestUpgrades: SIGUSR2 has another process take over the sockets.
func TestUpgrades(t *testing.T) {
	t.Parallel()
	a := newTogether(t, all)
	options := a.options(t, open(a.binds()))
	options.Upgraded = true
	s := harness.Start(t, options)
	loads := a.loads(t)
	for range upgrades {
		progress(t, loads, 5)
		old := s
		s = old.Upgrade(t)
		if err := old.Exit(); err != nil {
			t.Error(err)
		}
	}
	progress(t, loads, 5)
	a.judge(t, loads)
}

// TestRestarts: the server stops and another starts, while somebody holds the sockets, as
// systemd does.
func TestRestarts(t *testing.T) {
	t.Parallel()
	a := newTogether(t, all)
	binds, files := a.held(t)
	options := a.options(t, binds)
	options.Files = files
	s := harness.Start(t, options)
	loads := a.loads(t)
	for range restarts {
		progress(t, loads, 5)
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
		s = harness.Start(t, options)
	}
	progress(t, loads, 5)
	a.judge(t, loads)
}

// TestRestartsBehindHAProxy: by TCP it connects again, so nobody has to hold the sockets.
func TestRestartsBehindHAProxy(t *testing.T) {
	t.Parallel()
	a := newTogether(t, func(u setup) bool { return strings.HasPrefix(u.name, "haproxy") && u.tcp != "" })
	s := harness.Start(t, a.options(t, open(a.binds())))
	loads := a.loads(t)
	for range restarts {
		progress(t, loads, 5)
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
		s = harness.Start(t, a.options(t, open(a.binds())))
	}
	progress(t, loads, 5)
	a.judge(t, loads)
}
