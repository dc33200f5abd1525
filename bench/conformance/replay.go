package main

import (
	"fmt"
	"sync"
	"time"

	"highball/internal/h1/h1test"
)

// How long a server may be silent until it is taken to wait for more. What seems
// silent is asked once more, alone and with more patience.
const (
	patience     = time.Second
	morePatience = 3 * time.Second
	atOnce       = 8
)

// results are the verdicts of one server, by the names of cases.
type results struct {
	peer     peer
	version  string
	verdicts map[string]verdict
}

// replayer sends cases to one server.
type replayer struct {
	addr     string
	recorder *recorder
	mu       sync.Mutex
	calls    int
}

// from is an address that no connection before had.
func (p *replayer) from() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	return fmt.Sprintf("127.%d.%d.%d", 1+p.calls/(250*250), p.calls/250%250, 1+p.calls%250)
}

// replay sends the whole corpus to the server that a peer starts.
func (b *bench) replay(p peer, corpus h1test.Corpus) (*results, error) {
	r, err := newRecorder()
	if err != nil {
		return nil, err
	}
	defer r.close()
	s, err := p.start(b, r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	defer s.stop()
	got := &results{peer: p, version: s.version, verdicts: map[string]verdict{}}
	return got, (&replayer{addr: s.addr, recorder: r}).all(corpus, got)
}

// all asks atOnce cases at a time, then those that were silent one by one.
func (p *replayer) all(corpus h1test.Corpus, got *results) error {
	work := make(chan func() error)
	errs := make(chan error, atOnce)
	for range atOnce {
		go func() {
			var failure error
			for ask := range work {
				if err := ask(); err != nil {
					failure = err
				}
			}
			errs <- failure
		}()
	}
	for _, c := range corpus.Accept {
		work <- func() error { return p.askAccepted(c, got, patience) }
	}
	for _, c := range corpus.Refuse {
		work <- func() error { return p.askRefused(c, got, patience) }
	}
	close(work)
	var failure error
	for range atOnce {
		if err := <-errs; err != nil {
			failure = err
		}
	}
	return failure
}

func (p *replayer) askAccepted(c h1test.Accepted, got *results, wait time.Duration) error {
	o, err := exchange(p.addr, p.from(), p.recorder, c.Request, wait)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	v := judgeAccepted(c, o)
	if v.judgement != alike && !o.closed && wait < morePatience {
		return p.askAccepted(c, got, morePatience)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	got.verdicts[c.Name] = v
	return nil
}

func (p *replayer) askRefused(c h1test.Refused, got *results, wait time.Duration) error {
	o, err := exchange(p.addr, p.from(), p.recorder, c.Request, wait)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	v := judgeRefused(o)
	if (v.judgement == silent || v.judgement == kept) && wait < morePatience {
		return p.askRefused(c, got, morePatience)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	got.verdicts[c.Name] = v
	return nil
}
