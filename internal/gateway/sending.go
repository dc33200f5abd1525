package gateway

// How an exchange uses its outlet.

// segment returns one with room for n bytes, to be filled.
func (g *Gateway) segment(n int) segment {
	bufp := g.bufs.Get().(*[]byte)
	if cap(*bufp) < n {
		*bufp = make([]byte, n)
	}
	return segment{buf: bufp, data: (*bufp)[:n]}
}

// push has the outlet send a piece of the body. What the client does not take is not
// an error of the exchange: the application is told, and ends.
func (x *exchange) push(s segment) {
	s.data = x.take(s.data)
	if len(s.data) == 0 && (!s.last || x.out != nil) {
		x.g.recycle(s.buf)
		return
	}
	if x.out == nil {
		x.startOutlet()
	}
	taken, err := x.out.offer(s)
	if !taken {
		x.guardDeadlock(func() { err = x.out.insist() })
	}
	if err != nil {
		x.unsent(err)
	}
}

// pushFirst is push for what came with the head, which leaves with it even if it is
// nothing. The buffer of the frame goes along, so that nothing is copied.
func (x *exchange) pushFirst(body []byte, last bool) {
	s := segment{buf: x.pooled, data: body, last: last}
	x.pooled = x.g.bufs.Get().(*[]byte)
	x.push(s)
}

// afford says whether the memory for the frame at hand may be kept until the client
// has taken it. One of the least size comes with every request.
func (x *exchange) afford() bool {
	size := int64(cap(*x.pooled))
	if size <= newFrame || x.kept >= size {
		return true
	}
	if !x.g.responses.memory.take(size - x.kept) {
		return false
	}
	x.kept = size
	return true
}

// watchOutlet has the outlet told when the client leaves.
func (x *exchange) watchOutlet() {
	if x.unwatch != nil {
		x.unwatch()
		x.unwatch = nil
	}
	x.watch()
}

// settle is called when the response is complete and the application perhaps still
// runs. Most end while the client takes the rest.
func (x *exchange) settle() {
	x.payDebt()
	if x.out != nil && !x.mute && x.out.endedWithin(closeGrace) && x.call.Done() {
		x.release()
		return
	}
	l := x.letGo()
	l.body, x.spooled = x.spooled, nil
	x.g.late.Go(l.finish)
}

// payDebt keeps the slot while what waits for the client has no place in the budget:
// there is nothing else that would bound it.
func (x *exchange) payDebt() {
	if x.out != nil && x.out.owes() {
		x.guardDeadlock(x.out.awaitPaid)
	}
}

// notice looks whether the outlet has found that the client takes no more.
func (x *exchange) notice() {
	if x.out == nil {
		return
	}
	if err := x.out.failed(); err != nil {
		x.unsent(err)
	}
}

// awaitClient waits until the client has taken what there is, if an outlet sends it. The
// slot may serve another request by now.
func (x *exchange) awaitClient() {
	o := x.out
	if o == nil {
		return
	}
	o.close()
	x.guardDeadlock(o.awaitEnd)
	x.unwatch()
	x.sent = o.sent
	o.queue.discard()
	if o.err != nil {
		x.unsent(o.err)
		x.cut = true
	}
	if x.out = nil; x.cut && !x.gone {
		_ = o.control.Flush() // what was produced is to arrive
	}
}
