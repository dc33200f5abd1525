package e2e

import (
	"sync"
	"testing"

	"highball/e2e/harness"
)

// sometimes starts the application whose one route is quick, until it is not, and
// has the server learn that it is quick.
func sometimes(t *testing.T, p harness.Python, args ...string) *harness.Server {
	t.Helper()
	s := harness.Start(t, harness.Options{App: "sometimes/wsgi.py", Python: p.Path, Args: args})
	c := s.Dial(t)
	for range 300 {
		c.Send(harness.Request("GET", "/?tag="+newTag())).Response("GET").Want(t, 200, "1")
	}
	return s
}

// Requests of a route that has always been quick are sent behind one that hangs.
// They are answered while it hangs, each by one call of the application.
func TestNobodyWaitsBehindOneThatHangs(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		s := sometimes(t, p, "--workers", "1", "--threads", "4")
		gate := harness.NewGate(t)
		for range 20 {
			slow := s.Dial(t).Send(harness.Request("GET", "/?tag="+newTag()+"&"+gate.Query()))
			quick := make([]*harness.Conn, 10)
			for i := range quick {
				quick[i] = s.Dial(t).Send(harness.Request("GET", "/?tag="+newTag()))
			}
			for _, c := range quick {
				c.Response("GET").Want(t, 200, "1")
			}
			gate.Arrival().Go()
			slow.Response("GET").Want(t, 200, "1")
		}
	})
}

// As many as the threads hang at the same time, on a route that was quick.
func TestAllThreadsMayHang(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		s := sometimes(t, p, "--workers", "2", "--threads", "3")
		gate := harness.NewGate(t)
		conns := make([]*harness.Conn, 6)
		for i := range conns {
			conns[i] = s.Dial(t).Send(harness.Request("GET", "/?tag="+newTag()+"&"+gate.Query()))
		}
		visitors := make([]*harness.Visitor, len(conns))
		for i := range visitors {
			visitors[i] = gate.Arrival()
		}
		for _, v := range visitors {
			v.Go()
		}
		for _, c := range conns {
			c.Response("GET").Want(t, 200, "1")
		}
	})
}

// Quick requests of many clients at once, some of which hang for a moment: each
// is answered, with its own answer, by one call.
func TestQuickAndHangingRequestsUnderLoad(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		s := sometimes(t, p, "--workers", "2", "--threads", "4")
		gate := harness.NewGate(t)
		const hang = 10
		var wg sync.WaitGroup
		for client := range 16 {
			c := s.Dial(t)
			wg.Go(func() {
				for i := range 200 {
					path := "/?tag=" + newTag()
					if client == 0 && i%(200/hang) == 0 {
						path += "&" + gate.Query()
					}
					c.Send(harness.Request("GET", path)).Response("GET").Want(t, 200, "1")
				}
			})
		}
		for range hang {
			gate.Arrival().Go()
		}
		wg.Wait()
		s.Get(t, "/?tag=last").Want(t, 200, "1")
	})
}
