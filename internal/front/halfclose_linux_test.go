package front

import (
	"net/http"
	"testing"
	"time"
)

// One that closes its direction long after its request has probably left: its wait in
// a queue ends, and the request's own context does not.
func TestLateCloseEndsTheWaitInAQueue(t *testing.T) {
	for _, late := range []bool{false, true} {
		began, finish, abandoned := make(chan struct{}, 1), make(chan struct{}), make(chan bool, 1)
		_, addr := serving(t, "tcp", func(_ http.ResponseWriter, r *http.Request) {
			began <- struct{}{}
			<-finish
			if late {
				wait(t, "the end of the wait", WhileQueued(r.Context()).Done())
			}
			abandoned <- WhileQueued(r.Context()).Err() != nil
			if r.Context().Err() != nil {
				t.Errorf("late %v: the request's context has ended", late)
			}
		})
		c := connect(t, addr)
		send(t, c, request)
		sent := time.Now()
		if late {
			wait(t, "the handler", began)
			eventually(t, "a while has passed", func() bool { return time.Since(sent) > 5*halfCloseDelay*time.Millisecond })
			_ = c.Close()
		} else if err := c.(socket).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		close(finish)
		if got := wait(t, "the handler's end", abandoned); got != late {
			t.Errorf("late %v: abandoned %v", late, got)
		}
	}
}
