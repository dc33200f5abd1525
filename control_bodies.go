package highball

import "highball/internal/control"

// What `highball ctl status` says of what waits: bodies of requests for a thread,
// responses for their clients, and both in files.

func (t *target) bodies() control.Bodies {
	n := t.s.gateway.BodyCounts()
	return control.Bodies{
		Spooled: n.Spooled, SpooledBytes: n.SpooledBytes, Streamed: n.Streamed,
		TooLarge: n.TooLarge, TooSlow: n.TooSlow, NoRoom: n.NoRoom,
	}
}

func (t *target) responses() control.Responses {
	n := t.s.gateway.ResponseStats()
	return control.Responses{Memory: n.Memory, Spooled: n.Spooled, SpooledBytes: n.Bytes, Stalls: n.Stalls}
}

func (t *target) spool() control.Spool {
	store := t.s.spool
	if store == nil {
		return control.Spool{}
	}
	held := store.Stats()
	return control.Spool{Dir: store.Dir(), Files: held.Open, Held: held.Held, Quota: max(t.s.cfg.SpoolQuota, 0)}
}
