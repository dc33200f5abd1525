package gunicorn

// hooksSettings are those of functions that are called, and dirty workers.
func hooksSettings() []Setting {
	return []Setting{
		{
			Name: "on_starting", Section: "Server Hooks", Kind: Callable, arity: 1, Fate: Same, To: "hooks",
			carry: (*translator).nothing,
		},
		{
			Name: "on_reload", Section: "Server Hooks", Kind: Callable, arity: 1, Fate: Same, To: "hooks",
			carry: (*translator).nothing,
		},
		{
			Name: "when_ready", Section: "Server Hooks", Kind: Callable, arity: 1, Fate: Same, To: "hooks",
			carry: (*translator).nothing,
		},
		{
			Name: "pre_fork", Section: "Server Hooks", Kind: Callable, arity: 2, Fate: Same, To: "hooks",
			carry: (*translator).nothing,
		},
		{
			Name: "post_fork", Section: "Server Hooks", Kind: Callable, arity: 2, Fate: Same, To: "hooks",
			carry: (*translator).nothing,
		},
		{
			Name: "post_worker_init", Section: "Server Hooks", Kind: Callable, arity: 1, Fate: Same, To: "hooks",
			carry: (*translator).nothing,
		},
		{
			Name: "worker_int", Section: "Server Hooks", Kind: Callable, arity: 1, Fate: Same, To: "hooks",
			carry: (*translator).nothing,
		},
		{
			Name: "worker_abort", Section: "Server Hooks", Kind: Callable, arity: 1, Fate: Same, To: "hooks",
			carry: (*translator).nothing,
		},
		{
			Name: "pre_exec", Section: "Server Hooks", Kind: Callable, arity: 1, Fate: Same, To: "hooks",
			carry: (*translator).nothing,
		},
		{
			Name: "pre_request", Section: "Server Hooks", Kind: Callable, arity: 2, Fate: Same, To: "hooks",
			carry: (*translator).nothing,
		},
		{
			Name: "post_request", Section: "Server Hooks", Kind: Callable, arity: -1, Fate: Same, To: "hooks",
			carry: (*translator).nothing,
		},
		{
			Name: "child_exit", Section: "Server Hooks", Kind: Callable, arity: 2, Fate: Same, To: "hooks",
			carry: (*translator).nothing,
		},
		{
			Name: "worker_exit", Section: "Server Hooks", Kind: Callable, arity: 2, Fate: Same, To: "hooks",
			carry: (*translator).nothing,
		},
		{
			Name: "nworkers_changed", Section: "Server Hooks", Kind: Callable, arity: 3, Fate: Same, To: "hooks",
			carry: (*translator).nothing,
		},
		{
			Name: "on_exit", Section: "Server Hooks", Kind: Callable, arity: 1, Fate: Same, To: "hooks",
			carry: (*translator).nothing,
		},
		{
			Name: "ssl_context", Section: "Server Hooks", Kind: Callable, arity: 2, Fate: Refused,
			Note: "TLS is not spoken by Python: certfile and keyfile take several certificates, tls-profile and client-ca the rest",
		},
	}
}

// dirtySettings are those of dirty workers, which there are none of.
func dirtySettings() []Setting {
	return []Setting{
		{
			Name: "dirty_apps", Section: "Dirty Arbiters", Flags: "--dirty-app", action: appendTo, Meta: "STRING", Kind: Texts, Default: list(), Fate: Refused,
			Note: "there are no dirty workers: serve long work by a server of its own, or by a task queue",
		},
		{
			Name: "dirty_workers", Section: "Dirty Arbiters", Flags: "--dirty-workers", integer: true, Meta: "INT", Kind: Number, Default: int64(0), Fate: Left,
			Note: "only with dirty_apps, which is refused",
		},
		{
			Name: "dirty_timeout", Section: "Dirty Arbiters", Flags: "--dirty-timeout", integer: true, Meta: "INT", Kind: Number, Default: int64(300), Fate: Left,
			Note: "only with dirty_apps, which is refused",
		},
		{
			Name: "dirty_threads", Section: "Dirty Arbiters", Flags: "--dirty-threads", integer: true, Meta: "INT", Kind: Number, Default: int64(1), Fate: Left,
			Note: "only with dirty_apps, which is refused",
		},
		{
			Name: "dirty_graceful_timeout", Section: "Dirty Arbiters", Flags: "--dirty-graceful-timeout", integer: true, Meta: "INT", Kind: Number, Default: int64(30), Fate: Left,
			Note: "only with dirty_apps, which is refused",
		},
	}
}

// dirtyHooks are what would be called for them.
func dirtyHooks() []Setting {
	return []Setting{
		{
			Name: "on_dirty_starting", Section: "Dirty Arbiter Hooks", Kind: Callable, arity: 1, Fate: Left,
			Note: "only with dirty_apps, which is refused",
		},
		{
			Name: "dirty_post_fork", Section: "Dirty Arbiter Hooks", Kind: Callable, arity: 2, Fate: Left,
			Note: "only with dirty_apps, which is refused",
		},
		{
			Name: "dirty_worker_init", Section: "Dirty Arbiter Hooks", Kind: Callable, arity: 1, Fate: Left,
			Note: "only with dirty_apps, which is refused",
		},
		{
			Name: "dirty_worker_exit", Section: "Dirty Arbiter Hooks", Kind: Callable, arity: 2, Fate: Left,
			Note: "only with dirty_apps, which is refused",
		},
	}
}
