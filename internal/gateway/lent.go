package gateway

import (
	"time"
	"unsafe"

	"highball/internal/wire"
)

// lent is a call whose response is complete while the application may still run, in
// its close(): most end while the response is sent, and cost nothing more. Where the
// client does not take it in time, the slot is seen to without the exchange.
type lent struct {
	g     *Gateway
	late  late
	timer *time.Timer
	text  []byte // what late.named says
}

// closeGrace is that time.
const closeGrace = 5 * time.Millisecond

func newLent(g *Gateway) *lent {
	l := &lent{g: g}
	l.timer = time.AfterFunc(time.Hour, l.fire)
	l.timer.Stop()
	return l
}

// lend is called when h has completed the response, which the exchange is about to
// send: from here on a client that takes its time does not hold the slot.
func (x *exchange) lend(h wire.Header) {
	if !x.held {
		return
	}
	if x.isFree(h) {
		x.release()
		return
	}
	l := x.g.lents.Get().(*lent)
	l.late = x.part()
	l.late.ended = true
	l.late.named = l.keep(l.late.named)
	l.late.body, x.spooled = x.spooled, nil
	x.g.late.Add(1)
	x.lent = l
	l.timer.Reset(closeGrace)
}

// keep copies the texts of a request, which go with it.
func (l *lent) keep(n named) named {
	l.text = append(append(append(l.text[:0], n.id...), n.method...), n.target...)
	text := unsafe.String(unsafe.SliceData(l.text), len(l.text))
	kept := named{proto: n.proto, pid: n.pid}
	kept.id, text = text[:len(n.id)], text[len(n.id):]
	kept.method, kept.target = text[:len(n.method)], text[len(n.method):]
	return kept
}

func (l *lent) fire() {
	defer l.g.late.Done()
	l.late.finish()
}

// takeBack is called when it has been sent.
func (x *exchange) takeBack() {
	l := x.lent
	if l == nil {
		return
	}
	x.lent = nil
	switch {
	case !l.timer.Stop(): // it has its own goroutine
	case l.late.call.Done():
		l.late.release()
		l.g.late.Done()
		l.late = late{}
		l.g.lents.Put(l)
	default:
		go l.fire()
	}
}
