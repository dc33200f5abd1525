package highball

import "highball/internal/control"

// What `highball ctl status` says of what waits: bodies of requests for a thread,
// responses for their clients, and both in files.

func (t *target) bodies() (sum control.Bodies) {
	for _, g := range t.s.gateways() {
		n := g.BodyCounts()
		sum.Spooled += n.Spooled
		sum.SpooledBytes += n.SpooledBytes
		sum.Streamed += n.Streamed
		sum.TooLarge += n.TooLarge
		sum.TooSlow += n.TooSlow
		sum.NoRoom += n.NoRoom
	}
	return sum
}

func (t *target) responses() (sum control.Responses) {
	for _, g := range t.s.gateways() {
		n := g.ResponseStats()
		sum.Memory = n.Memory // of one budget for all
		sum.Spooled += n.Spooled
		sum.SpooledBytes += n.Bytes
		sum.Stalls += n.Stalls
	}
	return sum
}

func (t *target) spool() control.Spool {
	store := t.s.spool
	if store == nil {
		return control.Spool{}
	}
	held := store.Stats()
	return control.Spool{Dir: store.Dir(), Files: held.Open, Held: held.Held, Quota: max(t.s.cfg.SpoolQuota, 0)}
}
