package front

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"highball/internal/h1"
	"highball/internal/h3"
)

// How many lines what is refused may have in the log, so that nobody can fill a disk.
const (
	ruleEvery      = time.Second // one line for each rule
	linesPerSecond = 10          // for all of them together
)

// refusals counts what is no request, and tells the log of some of it.
type refusals struct {
	logger *slog.Logger

	mu      sync.Mutex
	counts  map[string]int64     // by rule
	told    map[string]time.Time // of each rule
	second  time.Time            // when the lines that are counted began
	lines   int                  // since then
	leftOut int64                // refusals since the last line
	queue   []func()             // lines that are to be written
	writing bool
}

func newRefusals(logger *slog.Logger) *refusals {
	return &refusals{logger: logger, counts: map[string]int64{}, told: map[string]time.Time{}}
}

// Refused counts, and tells the log of, what a handler refuses for a fault of the request
// of ctx, as it does of what the engine refuses.
func Refused(ctx context.Context, status int, clause, reason string) {
	refusal := &h1.Refusal{Status: status, Clause: clause, Reason: reason}
	if c := connOf(ctx); c != nil {
		c.server.refusals.note(c.conn, refusal)
	} else {
		h3.Refused(ctx, refusal)
	}
}

// note counts one. It never waits for the log, whose reader may be slow.
func (r *refusals) note(nc net.Conn, refusal *h1.Refusal) { r.noteOf(nc.RemoteAddr(), refusal) }

func (r *refusals) noteOf(remote net.Addr, refusal *h1.Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[refusal.Clause]++
	if !r.due(refusal.Clause, time.Now()) {
		r.leftOut++
		return
	}
	attrs := []any{"client", remote.String(), "status", refusal.Status, "reason", refusal.Reason, "clause", refusal.Clause}
	line := "a request was refused"
	if refusal.Status == 0 { // without an answer
		attrs, line = slices.Delete(attrs, 2, 4), "a connection was refused"
	}
	if r.leftOut > 0 {
		attrs = append(attrs, "left_out", r.leftOut)
		r.leftOut = 0
	}
	r.queue = append(r.queue, func() { r.logger.Info(line, attrs...) })
	if !r.writing {
		r.writing = true
		go r.write()
	}
}

// due says whether a refusal by a rule gets a line. A log that takes none gets no more
// than it could have had in a second.
func (r *refusals) due(rule string, now time.Time) bool {
	if now.Sub(r.second) >= time.Second {
		r.second, r.lines = now, 0
	}
	if r.lines >= linesPerSecond || len(r.queue) >= linesPerSecond || now.Sub(r.told[rule]) < ruleEvery {
		return false
	}
	r.lines++
	r.told[rule] = now
	return true
}

// write writes the lines that there are, in order.
func (r *refusals) write() {
	for {
		r.mu.Lock()
		if len(r.queue) == 0 {
			r.writing = false
			r.mu.Unlock()
			return
		}
		line := r.queue[0]
		r.queue = r.queue[1:]
		r.mu.Unlock()
		line()
	}
}

// all are the counts, by rule.
func (r *refusals) all() map[string]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.counts)
}
