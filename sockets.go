package highball

import (
	"fmt"

	"highball/internal/listen"
)

// DefaultBacklog is how many connections may wait on a listening socket, as in gunicorn.
const DefaultBacklog = 2048

// maxBacklog is what the system call takes.
const maxBacklog = 1<<31 - 1

// checkSockets refuses what cannot be listened on, and what would be listened on twice.
func (c *Config) checkSockets() error {
	if c.Backlog < 1 || c.Backlog > maxBacklog {
		return fmt.Errorf("backlog: %d is not a number of connections: write 1 or more", c.Backlog)
	}
	var binds []listen.Bind
	for _, bind := range c.Bind {
		b, err := listen.ParseBind(bind)
		if err != nil {
			return err
		}
		b.Options = c.socketOptions(b)
		for _, other := range binds {
			if err := b.CollidesWith(other); err != nil {
				return err
			}
		}
		binds = append(binds, b)
	}
	return nil
}

// socketOptions are a bind's own, and for the rest what is set for all.
func (c *Config) socketOptions(b listen.Bind) listen.Options {
	o := b.Options
	if o.Backlog == 0 {
		o.Backlog = c.Backlog
	}
	if b.Address.Network() == "tcp" && c.ReusePort {
		o.ReusePort = true
	}
	return o
}

// tellBacklog says once that the system allows less than was asked for.
func (r *run) tellBacklog() {
	most := 0
	for _, b := range r.binds {
		if b.Address.Network() != "" {
			most = max(most, r.s.cfg.socketOptions(b).Backlog)
		}
	}
	if allowed := listen.MaxBacklog(); allowed > 0 && most > allowed {
		r.s.logger.Info("the system lets fewer connections wait than backlog says: net.core.somaxconn is the limit",
			"backlog", most, "somaxconn", allowed)
	}
}
