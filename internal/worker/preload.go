package worker

// What the application has done while it was imported, and forks do not agree with.

func (z *zygote) warnOfThreads(v any) {
	names, _ := v.([]any)
	if len(names) > 0 {
		z.opts.Logger.Warn("the application started threads while it was imported; they do not exist "+
			"in the workers, which were forked afterwards: start them later, or use --no-preload", "threads", names)
	}
}

func (z *zygote) warnOfSockets(v any) {
	sockets, _ := v.([]any)
	if len(sockets) > 0 {
		z.opts.Logger.Warn("the application opened sockets while it was imported; all workers, which were forked afterwards, "+
			"share them and ruin what is said over them: open them later, or use --no-preload", "sockets", sockets)
	}
}

func (z *zygote) warnOfConnections(d map[string]any) {
	if closed := texts(d["connections"]); len(closed) > 0 {
		z.opts.Logger.Warn("the application opened connections to databases while it was imported: they were closed before the workers were forked, "+
			"which would share them, and open their own", "connections", closed)
	}
	if unclosed := texts(d["unclosed"]); len(unclosed) > 0 {
		z.opts.Logger.Warn("the application opened connections to databases while it was imported that cannot be closed: all workers, "+
			"which were forked afterwards, share them: open them later, or use --no-preload", "connections", unclosed)
	}
}
