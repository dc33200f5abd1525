package gunicorn

// workersSettings are those of worker processes.
func workersSettings() []Setting {
	return []Setting{
		{
			Name: "workers", Section: "Worker Processes", Flags: "-w --workers", integer: true, Meta: "INT", Kind: Number, Default: int64(1), Fate: Same, To: "workers",
			Note:  "0 is refused: there has to be one",
			carry: (*translator).workers,
		},
		{
			Name: "worker_class", Section: "Worker Processes", Flags: "-k --worker-class", Meta: "STRING", Kind: Class, Default: "sync", Fate: Mapped, To: "threads",
			Note:  "sync is one thread, gthread is `threads`; for gevent and eventlet up to 64 threads stand in for the greenlets. tornado, ASGI and classes of your own are refused",
			carry: (*translator).workerClass,
		},
		{
			Name: "threads", Section: "Worker Processes", Flags: "--threads", integer: true, Meta: "INT", Kind: Number, Default: int64(1), Fate: Same, To: "threads",
			carry: (*translator).nothing,
		},
		{
			Name: "worker_connections", Section: "Worker Processes", Flags: "--worker-connections", integer: true, Meta: "INT", Kind: Number, Default: int64(1000), Fate: Mapped, To: "threads",
			Note:  "for gevent, how many threads stand in for greenlets, up to 64; else no effect: connections do not belong to a worker here, see `max-connections`",
			carry: (*translator).workerConnections,
		},
		{
			Name: "max_requests", Section: "Worker Processes", Flags: "--max-requests", integer: true, Meta: "INT", Kind: Number, Default: int64(0), Fate: Same, To: "max-requests",
			Note:  "no request waits for the new process",
			carry: (*translator).number,
		},
		{
			Name: "max_requests_jitter", Section: "Worker Processes", Flags: "--max-requests-jitter", integer: true, Meta: "INT", Kind: Number, Default: int64(0), Fate: Same, To: "max-requests-jitter",
			carry: (*translator).number,
		},
		{
			Name: "timeout", Section: "Worker Processes", Flags: "-t --timeout", integer: true, Meta: "INT", Kind: Number, Default: int64(30), Fate: Mapped, To: "request-timeout start-timeout",
			Note:  "with sync, how long one request may take: its stack is logged, its client gets 504, others go on. gunicorn bounds no request of threads, and neither does this name then: give HIGHBALL_REQUEST_TIMEOUT. Above 60, or 0, also for the start of a worker",
			carry: (*translator).timeout,
		},
		{
			Name: "graceful_timeout", Section: "Worker Processes", Flags: "--graceful-timeout", integer: true, Meta: "INT", Kind: Number, Default: int64(30), Fate: Mapped, To: "drain-timeout",
			carry: (*translator).seconds,
		},
		{
			Name: "keepalive", Section: "Worker Processes", Flags: "--keep-alive", integer: true, Meta: "INT", Kind: Number, Default: int64(2), Fate: Mapped, To: "keepalive-timeout",
			Note:  "where it is given; else connections are kept for Highball's 75 s, with sync as well",
			carry: (*translator).keepalive,
		},
		{
			Name: "asgi_loop", Section: "Worker Processes", Flags: "--asgi-loop", Meta: "STRING", Kind: Choice, choices: "auto asyncio uvloop", Default: "auto", Fate: Left,
			Note: "only for ASGI applications; Highball serves WSGI",
		},
		{
			Name: "asgi_lifespan", Section: "Worker Processes", Flags: "--asgi-lifespan", Meta: "STRING", Kind: Choice, choices: "auto on off", Default: "auto", Fate: Left,
			Note: "only for ASGI applications; Highball serves WSGI",
		},
		{
			Name: "asgi_disconnect_grace_period", Section: "Worker Processes", Flags: "--asgi-disconnect-grace-period", integer: true, Meta: "INT", Kind: Number, Default: int64(3), Fate: Left,
			Note: "only for ASGI applications; Highball serves WSGI",
		},
		{
			Name: "websocket_max_message_size", Section: "Worker Processes", Flags: "--websocket-max-message-size", integer: true, Meta: "INT", Kind: Number, Default: int64(16777216), Fate: Left,
			Note: "only for ASGI applications; Highball serves WSGI",
		},
		{
			Name: "http_parser", Section: "Worker Processes", Flags: "--http-parser", Meta: "STRING", Kind: Choice, choices: "auto fast python", Default: "auto", Fate: Left,
			Note: "there is one parser, in Go",
		},
	}
}
