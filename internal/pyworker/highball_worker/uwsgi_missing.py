"""What the module `uwsgi` does not have here, and what to use instead."""

_FAMILIES = (
    ("cache_", "use Redis, memcached or the framework's cache"),
    ("websocket_", "Highball serves WSGI, which has no WebSockets: use an ASGI server beside it"),
    ("async_", "use threads"),
    ("wait_fd_", "use threads"),
    ("green_", "use threads"),
    ("suspend", "use threads"),
    ("metric_", "use a metrics library, such as prometheus_client"),
    ("mule_", "run the program by itself, with a queue such as Celery or RQ"),
    ("farm_", "run the program by itself, with a queue such as Celery or RQ"),
    ("spool", "run the program by itself, with a queue such as Celery or RQ"),
    ("send_to_spooler", "run the program by itself, with a queue such as Celery or RQ"),
    ("add_timer", "use a timer of systemd, or Celery beat"),
    ("add_rb_timer", "use a timer of systemd, or Celery beat"),
    ("add_cron", "use cron or a timer of systemd"),
    ("add_file_monitor", "write touch-reload = FILE"),
    ("signal", "workers get no signals of uWSGI's: use a queue, or signals of the system"),
    ("register_signal", "workers get no signals of uWSGI's: use a queue, or signals of the system"),
    ("register_rpc", "use HTTP, or a library for such calls"),
    ("rpc", "use HTTP, or a library for such calls"),
    ("call", "use HTTP, or a library for such calls"),
    ("chunked_read", "read environ['wsgi.input'], which ends where the body ends"),
    ("workers", "see `highball ctl workers`"),
    ("total_requests", "see `highball ctl status`"),
    ("listen_queue", "see `highball ctl status`"),
    ("sendfile", "return environ['wsgi.file_wrapper'](file)"),
    ("offload", "return environ['wsgi.file_wrapper'](file)"),
    ("disconnect", "return the response, and go on in a thread"),
    ("connection_fd", "the front has the client's connection: `write()` tells whether it is there"),
    ("is_connected", "the front has the client's connection: `write()` tells whether it is there"),
    ("send", "return the response, or use `write()`"),
    ("start_response", "use the one that the application is called with"),
    ("setprocname", "use the package setproctitle"),
    ("alarm", "log it: alarms are the log collector's work"),
    ("sharedarea", "use multiprocessing.shared_memory"),
    ("queue_", "use Redis or another queue"),
)


def advice(name: str) -> str:
    """The end of the error's text; nothing where the name is none of uWSGI's."""
    for prefix, instead in _FAMILIES:
        if name.startswith(prefix):
            return ": it is not available under Highball; " + instead
    return ""
