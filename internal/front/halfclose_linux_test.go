package front

import (
	"io"
	"net/http"
	"strings"
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

// What the client says of a response tells nothing of when it ended its direction,
// however late that is looked at.
func TestHalfCloseBehindPipelinedRequests(t *testing.T) {
	first := true
	_, addr := serving(t, "tcp", func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		if first {
			first = false
			eventually(t, "a while has passed", func() bool { return time.Since(began) > 5*halfCloseDelay*time.Millisecond })
			return
		}
		eventually(t, "the response was taken", func() bool { return connOf(r.Context()).Taken() > 0 })
		connOf(r.Context()).HalfClosed()
		if WhileQueued(r.Context()).Err() != nil {
			t.Error("taken for one that has left")
		}
		w.WriteHeader(http.StatusAccepted)
	})
	c := connect(t, addr)
	send(t, c, request+request)
	if err := c.(socket).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(c); err != nil || !strings.Contains(string(all), "202 Accepted") {
		t.Errorf("%q, %v", all, err)
	}
}
