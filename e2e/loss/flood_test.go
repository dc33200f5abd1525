package loss

import (
	"context"
	"fmt"
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
		"tcp reset":  {"tcp", func(c *harness.Conn) { c.Reset() }},
		"unix close": {"unix", func(c *harness.Conn) { _ = c.Close() }},
		"http2":      {},
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
					return s.queued() == 0 && descriptors(s.PID) <= before
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

// flood is a way to ask and to leave; without a network it is HTTP/2's.
type flood struct {
	network string
	leave   func(*harness.Conn)
}

// comes has all clients ask, and leave: each at once, or all when the queue is full.
func (f flood) comes(s *scene, atOnce bool) {
	s.t.Helper()
	if f.network == "" {
		s.floodByHTTP2(atOnce)
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

// floodByHTTP2 cancels the streams of one connection.
func (s *scene) floodByHTTP2(atOnce bool) {
	s.t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: protocols}, Timeout: harness.Patience}
	defer client.CloseIdleConnections()
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
		leave()
	}
	clients.Wait()
}
