"""All server hooks, each of which writes down what it was given, for both servers."""

import json
import os
import threading
import time

timeout = 30
workers = 1
threads = 2


def attempt(read, *given):
    """A value as text; the name of the exception where there is none."""
    try:
        value = read(*given)
    except Exception as error:
        return type(error).__name__
    return value if isinstance(value, (str, bool)) else repr(value)


SERVER = {
    "pid": lambda s: s.pid == int(os.environ.get("SERVER_PID") or s.pid),
    "num_workers": lambda s: s.num_workers,
    "timeout": lambda s: s.timeout,
    "proc_name": lambda s: s.proc_name,
    "address": lambda s: s.address[0][0],
    "WORKERS": lambda s: sorted(w.age for w in s.WORKERS.values()),
    "LISTENERS": lambda s: [str(one).rpartition(":")[0] for one in s.LISTENERS],
    "cfg.workers": lambda s: s.cfg.workers,
    "cfg.threads": lambda s: s.cfg.threads,
    "cfg.settings": lambda s: sorted(s.cfg.settings),
    "cfg.settings['timeout'].get()": lambda s: s.cfg.settings["timeout"].get(),
    "cfg.worker_class_str": lambda s: s.cfg.worker_class_str,
    "cfg.is_ssl": lambda s: bool(s.cfg.is_ssl),
    "cfg.env_orig": lambda s: s.cfg.env_orig["SHOP"],
    "cfg.post_fork": lambda s: s.cfg.post_fork.__name__,
    "app.cfg": lambda s: s.app.cfg is s.cfg,
    "log": lambda s: s.log.error_log.name + " " + s.log.access_log.name,
    "master_name": lambda s: s.master_name,
    "worker_age": lambda s: s.worker_age,
    "nothing": lambda s: s.nothing,
}
WORKER = {
    "pid": lambda w: (
        "own" if w.pid == os.getpid() else "a number" if isinstance(w.pid, int) and w.pid else w.pid
    ),
    "ppid": lambda w: w.ppid == os.getppid() or w.ppid == os.getpid(),
    "age": lambda w: w.age,
    "alive": lambda w: w.alive,
    "booted": lambda w: w.booted,
    "aborted": lambda w: w.aborted,
    "nr": lambda w: w.nr,
    "timeout": lambda w: w.timeout,
    "max_requests": lambda w: w.max_requests > 1 << 60,
    "sockets": lambda w: len(w.sockets),
    "str": lambda w: str(w).replace(str(w.pid), "PID"),
    "wsgi": lambda w: callable(w.wsgi),
    "app.callable": lambda w: callable(w.app.callable),
    "notify": lambda w: w.notify(),
    "cfg.workers": lambda w: w.cfg.workers,
    "nothing": lambda w: w.nothing,
}
REQUEST = {
    "method": lambda r: r.method,
    "path": lambda r: r.path,
    "uri": lambda r: r.uri,
    "query": lambda r: r.query,
    "fragment": lambda r: r.fragment,
    "version": lambda r: r.version,
    "headers": lambda r: sorted(r.headers),
    "scheme": lambda r: r.scheme,
    "body": lambda r: callable(r.body.read),
    "peer_addr": lambda r: (r.peer_addr[0], type(r.peer_addr[1])),
    "remote_addr": lambda r: r.remote_addr[0],
    "proxy_protocol_info": lambda r: r.proxy_protocol_info,
    "trailers": lambda r: r.trailers,
    "should_close()": lambda r: r.should_close(),
    "nothing": lambda r: r.nothing,
}
RESPONSE = {
    "status": lambda r: r.status,
    "status_code": lambda r: r.status_code,
    "headers": lambda r: sorted(r.headers),
    "headers_sent": lambda r: r.headers_sent,
    "sent": lambda r: r.sent,
    "response_length": lambda r: r.response_length,
    "chunked": lambda r: r.chunked,
    "is_chunked()": lambda r: r.is_chunked(),
    "upgrade": lambda r: r.upgrade,
    "must_close": lambda r: r.must_close,
    "should_close()": lambda r: r.should_close(),
}


def tell(hook, server=None, worker=None, req=None, resp=None, **others):
    facts = {name: attempt(lambda value=value: value) for name, value in others.items()}
    objects = (
        ("server", server, SERVER),
        ("worker", worker, WORKER),
        ("req", req, REQUEST),
        ("resp", resp, RESPONSE),
    )
    for kind, value, readers in objects:
        if value is not None:
            for name, read in readers.items():
                facts[f"{kind}.{name}"] = attempt(read, value)
    if hook in ("worker_exit", "child_exit"):
        del facts["worker.notify"]  # gunicorn has closed its file, Highball has none
    main = threading.current_thread() is threading.main_thread()
    if req is None:
        facts["in the main thread"] = main
    line = json.dumps({
        "hook": hook, "pid": os.getpid(), "time": time.monotonic(), "facts": facts,
        "server": getattr(server, "pid", 0) if server else 0, "age": worker.age if worker else 0,
        "listens": str(server.LISTENERS[0]) if hook == "when_ready" else "",
    })  # fmt: skip
    fd = os.open(os.environ["EVENTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, (line + "\n").encode())
    os.close(fd)


def on_starting(server):
    tell("on_starting", server)
    server.log.info("starting %s", server.proc_name)


def on_reload(server):
    tell("on_reload", server)


def when_ready(server):
    tell("when_ready", server)


def nworkers_changed(server, new_value, old_value):
    tell("nworkers_changed", None if old_value is None else server, new=new_value, old=old_value)


def pre_fork(server, worker):
    tell("pre_fork", server, worker)


def post_fork(server, worker):
    tell("post_fork", server, worker)


def post_worker_init(worker):
    tell("post_worker_init", None, worker)


def worker_int(worker):
    tell("worker_int", None, worker)


def worker_abort(worker):
    tell("worker_abort", None, worker)


def pre_exec(server):
    tell("pre_exec", server)


def pre_request(worker, req):
    tell("pre_request", None, worker, req)
    worker.log.debug("%s %s", req.method, req.path)
    if req.path == "/refused":
        raise ValueError("not this one")


def post_request(worker, req, environ, resp):
    tell(
        "post_request",
        None,
        worker,
        req,
        resp,
        PATH_INFO=environ.get("PATH_INFO"),
        response=resp is not None,
    )
    if req.path == "/late":
        raise ValueError("too late")


def child_exit(server, worker):
    tell("child_exit", server, worker)


def worker_exit(server, worker):
    tell("worker_exit", server, worker)


def on_exit(server):
    tell("on_exit", server)
