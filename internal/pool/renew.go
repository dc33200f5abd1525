package pool

// renew has the processes that are started from now on be of a new generation,
// since those of this one die: the code may have been mended meanwhile. Those that
// serve go on. A reload that is in progress makes one anyway.
func (p *Pool[S]) renew(dying *generation[S]) {
	if !p.opts.Renew || !p.reloading.TryLock() {
		return
	}
	defer p.reloading.Unlock()
	p.stateMu.Lock()
	outdated := p.current == dying && p.ctx.Err() == nil
	p.stateMu.Unlock()
	if !outdated {
		return
	}
	next := p.newGeneration() // which takes the lock
	p.stateMu.Lock()
	if p.current == dying {
		p.current, next = next, dying
	}
	p.stateMu.Unlock()
	p.leave(next)
}
