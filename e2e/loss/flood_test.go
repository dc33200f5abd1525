package loss

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"

	"highball/e2e/harness"
)

const (
	floodSize = 200
	queueSize = 150 // so that some are refused
)

// Clients that ask and leave while all threads are busy cost Python nothing: none
// of their requests begins, and their places in the queue are free.
func TestFloodThatLeaves(t *testing.T) {
	t.Parallel()
	for name, flood := range map[string]flood{
		// On TCP a plain close looks like a client that has said all and waits.
		"tcp reset":   {"tcp", func(c *harness.Conn) { c.Reset() }},
		"unix close":  {"unix", func(c *harness.Conn) { _ = c.Close() }},
		"http2 reset": {network: "http2"},
		"http2 close": {network: "http2 close"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := perform(t, 1, "--queue-size", fmt.Sprint(queueSize), "--queue-timeout", "0")
			gate := harness.NewGate(t)
			for i := range 2 {
				s.Dial(t).Send(harness.Request("GET", s.path("/waits?"+gate.Query()+"&id=", fmt.Sprint("blocker-", i))))
			}
			blockers := []*harness.Visitor{gate.Arrival(), gate.Arrival()}
			before := descriptors(s.PID)
			for _, atOnce := range []bool{false, true, true} {
				flood.comes(s, atOnce)
				harness.Eventually(t, "highball is done with all of them", func() bool {
					return descriptors(s.PID) <= before && s.queued() == 0
				})
			}
			for _, b := range blockers {
				b.Go()
			}
			s.start()
			s.wantAllServed(s.crowd.Stop()) // and no other has begun
			t.Logf("%d requests of clients that left, and none was served", 3*floodSize)
		})
	}
}

func (s *scene) queued() int { return harness.AskControl(s.t, s.control).Queue.Waiting }

// awaitFull waits until the queue is full, which some have to find so.
func (s *scene) awaitFull() {
	s.t.Helper()
	harness.Eventually(s.t, "the queue is full", func() bool { return s.queued() == queueSize })
}

// flood is a way to ask and to leave.
type flood struct {
	network string
	leave   func(*harness.Conn) // not for HTTP/2
}

// comes has all clients ask, and leave: each at once, or all when the queue is full.
func (f flood) comes(s *scene, atOnce bool) {
	s.t.Helper()
	if f.leave == nil {
		s.floodByHTTP2(atOnce, f.network == "http2 close")
		return
	}
	address := map[string]string{"tcp": s.Address, "unix": s.unix}[f.network]
	var all []*harness.Conn
	for range floodSize {
		c := harness.Dial(s.t, f.network, address).Send(harness.Request("GET", "/quick?id=nobody"))
		if atOnce {
			f.leave(c)
		}
		all = append(all, c)
	}
	if !atOnce {
		s.awaitFull()
		for _, c := range all {
			f.leave(c)
		}
	}
	// Connections are accepted in their order: all those are, once this one is.
	harness.Dial(s.t, f.network, address).Send("nonsense\r\n\r\n").Response("GET").WantStatus(s.t, 400)
}

// floodByHTTP2 cancels streams, or closes their connections.
func (s *scene) floodByHTTP2(atOnce, closes bool) {
	s.t.Helper()
	client, hangUp := http2Client()
	defer hangUp()
	ctx, leave := context.WithCancel(s.t.Context())
	defer leave()
	var clients sync.WaitGroup
	for range floodSize {
		clients.Go(func() {
			ctx, leave := context.WithCancel(ctx)
			defer leave()
			ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) {
				if atOnce {
					leave()
				}
			}})
			req, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.URL("/quick?id=nobody"), strings.NewReader(""))
			if res, err := client.Do(req); err == nil {
				_ = res.Body.Close()
			}
		})
	}
	if !atOnce {
		s.awaitFull()
		if closes {
			hangUp()
		}
		leave()
	}
	clients.Wait()
}

// http2Client is one whose connections can be closed while streams are on their
// way out, which its transport would keep; so would it one that nobody waits for.
func http2Client() (client *http.Client, hangUp func()) {
	var mu sync.Mutex
	var made []net.Conn
	hungUp := false
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		if hungUp {
			_ = conn.Close()
		}
		made = append(made, conn)
		return conn, nil
	}
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client = &http.Client{Transport: &http.Transport{Protocols: protocols, DialContext: dial}, Timeout: harness.Patience}
	return client, func() {
		mu.Lock()
		defer mu.Unlock()
		hungUp = true
		for _, conn := range made {
			_ = conn.Close()
		}
	}
}
