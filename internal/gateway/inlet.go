package gateway

import (
	"sync/atomic"
	"time"

	"highball/internal/obs"
)

// The exchange's side of an outlet: where a piece of the body goes, and the waits.

// responses is what all responses that wait for their clients share.
type responses struct {
	memory  *budget
	create  func() (spoolFile, error) // nil: no files
	spooled atomic.Int64
	bytes   atomic.Int64
	stalls  atomic.Int64
	noRoom  obs.Reminder
}

// ResponseStats is what the responses of a Gateway have taken and take.
type ResponseStats struct {
	Memory  int64 // bytes in memory now, for clients that have not taken them
	Spooled int64 // responses so far of which a part was in a file
	Bytes   int64 // so far, to files
	Stalls  int64 // waits so far for a client, because there was room nowhere
}

// ResponseStats returns the counters. They are read one after the other.
func (g *Gateway) ResponseStats() ResponseStats {
	r := &g.responses
	return ResponseStats{
		Memory: r.memory.used.Load(), Spooled: r.spooled.Load(), Bytes: r.bytes.Load(), Stalls: r.stalls.Load(),
	}
}

// noRoom tells the log, now and then, that responses keep their slots because of err.
func (g *Gateway) noRoom(err error) {
	if due, missed := g.responses.noRoom.DueAfter(); due {
		g.opts.Logger.Warn("no room for responses: slow clients keep threads of the application busy", "error", err, "not_told", missed)
	}
}

// offer hands s over, if there is room for it. Otherwise insist is to be called. An
// error says that the client takes no more.
func (o *outlet) offer(s segment) (taken bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pending = s
	return o.place(), o.err
}

// insist waits until there is room for what was offered. When everything before it has
// been sent, it need not have any: it is on its way at once.
func (o *outlet) insist() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queue.g.responses.stalls.Add(1)
	for !o.place() {
		if o.queue.empty() && !o.sending {
			o.queue.force(o.pending)
			o.wake()
			break
		}
		o.wait()
	}
	return o.err
}

// place puts what is pending into memory or into the file, or drops it when the
// client takes no more.
func (o *outlet) place() bool {
	q := &o.queue
	if o.err == nil && !q.keep(o.pending) && !o.keepSoon() {
		return o.spool()
	}
	if o.err != nil {
		q.g.recycle(o.pending.buf)
		return true
	}
	o.wake()
	return true
}

// keepSoon waits a little for a client that may be quick.
func (o *outlet) keepSoon() bool {
	q := &o.queue
	if o.patience <= 0 || q.filed() || q.held == 0 {
		return false
	}
	began := time.Now()
	kept := o.until(func() bool { return o.err != nil || q.keep(o.pending) }, o.patience)
	o.patience -= time.Since(began)
	return kept
}

// spool writes what is pending to the file, without the lock. What the file does not
// take stays pending.
func (o *outlet) spool() bool {
	q, r := &o.queue, &o.queue.g.responses
	q.rewind()
	if r.create == nil || q.tail+int64(len(o.pending.data)) > q.g.opts.ResponseSpoolLimit {
		return false
	}
	q.grows = true
	file := q.file
	o.mu.Unlock()
	var n int
	var err error
	if file == nil {
		if file, err = r.create(); err == nil {
			r.spooled.Add(1)
		}
	}
	if err == nil {
		n, err = file.Write(o.pending.data)
		r.bytes.Add(int64(n))
	}
	o.mu.Lock()
	q.grows = false
	q.file = file
	q.tail += int64(n)
	o.pending.data = o.pending.data[n:]
	if n > 0 {
		o.wake()
	}
	if err != nil {
		q.g.noRoom(err)
		return false
	}
	q.g.recycle(o.pending.buf)
	return true
}

// wait waits for a change, under the lock.
func (o *outlet) wait() {
	o.waiting = true
	o.changed.Wait()
	o.waiting = false
}

// until waits for what is asked for, under the lock, but no longer than limit.
func (o *outlet) until(there func() bool, limit time.Duration) bool {
	over := false
	timer := time.AfterFunc(limit, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		over = true
		o.changed.Broadcast()
	})
	defer timer.Stop()
	for !there() {
		if over {
			return false
		}
		o.wait()
	}
	return true
}

// close says that nothing more comes.
func (o *outlet) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.wake()
}

// endedWithin says whether the client has everything, or has left, within limit.
func (o *outlet) endedWithin(limit time.Duration) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.exited || o.until(func() bool { return o.exited }, limit)
}

// awaitEnd waits for that as long as it takes.
func (o *outlet) awaitEnd() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for !o.exited {
		o.wait()
	}
}

// owes says whether memory is in use that the budget does not have.
func (o *outlet) owes() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.queue.owed
}

// awaitPaid waits until that is not so.
func (o *outlet) awaitPaid() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.queue.owed && !o.exited {
		o.wait()
	}
}

// failed says why the client gets no more, if that is so.
func (o *outlet) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
