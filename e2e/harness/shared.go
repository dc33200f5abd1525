package harness

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// shared are servers that many tests use at once. They live until the run ends.
var shared struct {
	sync.Mutex
	servers map[string]*sharedServer
}

type sharedServer struct {
	once   sync.Once
	server *Server
	err    error
}

// Shared returns the one server with these options, which it starts if needed.
func Shared(t testing.TB, o Options) *Server {
	t.Helper()
	key := fmt.Sprintf("%q", []string{o.App, o.Dir, o.Python, strings.Join(o.Args, "\x00"), strings.Join(o.Binds, "\x00"), strings.Join(o.Env, "\x00")})
	shared.Lock()
	if shared.servers == nil {
		shared.servers = map[string]*sharedServer{}
	}
	s := shared.servers[key]
	if s == nil {
		s = &sharedServer{}
		shared.servers[key] = s
	}
	shared.Unlock()
	s.once.Do(func() { s.server, s.err = Launch(o) })
	if s.err != nil {
		t.Fatal(s.err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the shared server's log ends:\n%s", s.server.Tail(3))
		}
	})
	return s.server
}

// stopShared ends the shared servers and says what they left behind.
func stopShared() error {
	shared.Lock()
	defer shared.Unlock()
	var mu sync.Mutex
	var errs []error
	var wg sync.WaitGroup
	for _, s := range shared.servers {
		if s.server == nil {
			continue
		}
		wg.Go(func() {
			err := s.server.Stop()
			if n := s.server.Count("DATA RACE"); n > 0 {
				err = errors.Join(err, fmt.Errorf("the race detector reports:\n%s", s.server.Tail(200)))
			}
			mu.Lock()
			errs = append(errs, err)
			mu.Unlock()
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
