package front

import (
	"net/http"
	"testing"
	"time"
)

// One that closes its direction long after its request has probably left; on a Unix
// socket it is known.
func TestLateCloseIsLeaving(t *testing.T) {
	for _, late := range []bool{false, true} {
		began, abandoned := make(chan struct{}, 1), make(chan bool, 1)
		_, addr := serving(t, "tcp", func(_ http.ResponseWriter, r *http.Request) {
			began <- struct{}{}
			<-r.Context().Done()
			abandoned <- HalfClosed(r.Context()) && Abandoned(r.Context())
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
		if got := wait(t, "the end of the context", abandoned); got != late {
			t.Errorf("late %v: abandoned %v", late, got)
		}
	}
}
