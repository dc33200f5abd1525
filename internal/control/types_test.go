package control

import "testing"

// Ready is who has a state that welcomes requests, and a worker that takes them.
func TestReady(t *testing.T) {
	leaving, ready := Worker{State: WorkerLeaving}, Worker{State: WorkerReady}
	for _, c := range []struct {
		state   string
		workers []Worker
		want    bool
	}{
		{StateReady, []Worker{leaving, ready}, true},
		{StateReady, []Worker{leaving}, false},
		{StateReady, nil, false},
		{StateFailing, []Worker{ready}, true},
		{StateFailing, []Worker{leaving}, false},
		{StateDraining, []Worker{ready}, false},
		{StateStarting, []Worker{ready}, false},
	} {
		if s := (&Status{State: c.state, Workers: c.workers}); s.Ready() != c.want {
			t.Errorf("%s with %v: %t", c.state, c.workers, s.Ready())
		}
	}
}
