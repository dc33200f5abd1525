package behind

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"highball/e2e/harness"
)

// piecesComeAsTheyAreMade: the application waits until the client has the piece before.
func piecesComeAsTheyAreMade(t *testing.T, s *site) {
	for _, http2 := range []bool{false, true} {
		gate := harness.NewGate(t)
		r, err := s.client(t, http2).Get(s.url("/passes/pieces?" + gate.Query()))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		for number := range 3 {
			want := fmt.Sprintf("data: piece %d\n\n", number)
			got := make([]byte, len(want))
			if _, err := io.ReadFull(r.Body, got); err != nil || string(got) != want {
				t.Fatalf("HTTP/2 %t: got %q, %v; want %q", http2, got, err, want)
			}
			gate.Arrival().Go()
		}
		if rest, err := io.ReadAll(r.Body); err != nil || len(rest) > 0 {
			t.Errorf("HTTP/2 %t: at the end %q, %v", http2, rest, err)
		}
	}
}

var tags atomic.Int64

// theClientsEndIsNoticed: a client that leaves in the middle of a response ends the
// application's iteration, and the thread is free.
func theClientsEndIsNoticed(t *testing.T, s *site) {
	for _, http2 := range []bool{false, true} {
		tag := fmt.Sprintf("leaves%d", tags.Add(1))
		r, err := s.client(t, http2).Get(s.url("/endless/?size=65536&tag=" + tag))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r.Body, make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close() // a reset of the stream or of the connection
		s.WaitText(t, tag, "closed after")
	}
}

// requests is how many are sent on one connection of a client.
const requests = 60

// connectionsAreKept: by HTTP the proxy asks on connections that it has.
func connectionsAreKept(t *testing.T, s *site) {
	client := s.client(t, false)
	ask := func() {
		r, err := client.Get(s.url("/hello/"))
		read(t, r, err)
	}
	ask()
	before := harness.AskControl(t, s.control).Connections.Accepted
	for range requests {
		ask()
	}
	made := harness.AskControl(t, s.control).Connections.Accepted - before
	t.Logf("%d requests by %d connections", requests, made)
	switch {
	case s.uwsgi && made != requests:
		t.Errorf("%d connections for %d requests: the protocol has one each", made, requests)
	case !s.uwsgi && made > requests/10:
		t.Errorf("%d connections for %d requests: they are not kept", made, requests)
	}
}

// refusalsPass: what Highball says of a body that is too large reaches the client, though
// the body never ends.
func refusalsPass(t *testing.T, s *site) {
	if strings.HasPrefix(s.file, "apache") && !s.uwsgi {
		t.Log("Apache takes a body to its end before it says that it could not be passed on")
		return
	}
	const length = 99999999999
	for _, http2 := range []bool{false, true} {
		_, r := upload(t, s.client(t, http2), s.url("/passes/up"), io.LimitReader(zeros{}, length), length)
		if r.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("HTTP/2 %t: %s", http2, r.Status)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
