"""Tells what it finds around it, as an application of uWSGI's does: the module uwsgi,
its environment, its path, its processes."""

import os
import sys
import threading

import uwsgi
from support import query, reply

IMPORTED_IN = uwsgi.worker_id()
forked = []

try:
    from uwsgidecorators import lock, postfork
except ImportError:  # Debian's uWSGI has it in a package of its own
    chain = []
    uwsgi.post_fork_hook = lambda: [function() for function in chain]

    def lock(function):
        return function

    def postfork(wanted):
        if callable(wanted):
            return chain.append(wanted)
        return lambda f: chain.append(lambda: uwsgi.worker_id() == wanted and f())


@postfork
def note():
    forked.append(uwsgi.worker_id())


@postfork(1)
def note_of_the_first():
    forked.append("first")


def ended():
    print("atexit called in worker", uwsgi.worker_id(), flush=True)


uwsgi.atexit = ended

CALLS = {
    "worker_id": lambda: uwsgi.worker_id(),
    "masterpid": lambda: uwsgi.masterpid(),
    "request_id": lambda: uwsgi.request_id(),
    "mule_id": lambda: uwsgi.mule_id(),
    "in_farm": lambda: uwsgi.in_farm(),
    "i_am_the_spooler": lambda: uwsgi.i_am_the_spooler(),
    "ready": lambda: uwsgi.ready(),
    "mem": lambda: uwsgi.mem(),
    "micros": lambda: uwsgi.micros(),
    "log": lambda: uwsgi.log("told by uwsgi.log"),
    "logsize": lambda: uwsgi.logsize(),
    "set_logvar": lambda: uwsgi.set_logvar("a", "b"),
    "get_logvar": lambda: uwsgi.get_logvar("a"),
    "get_logvar of none": lambda: uwsgi.get_logvar("zz"),
    "set_user_harakiri": lambda: uwsgi.set_user_harakiri(30),
    "set_user_harakiri back": lambda: uwsgi.set_user_harakiri(0),
    "lock": lambda: uwsgi.lock(),
    "is_locked": lambda: uwsgi.is_locked(),
    "unlock": lambda: uwsgi.unlock(),
    "is_locked then": lambda: uwsgi.is_locked(),
    "@lock": lock(lambda: 7),
    "opt": lambda: uwsgi.opt.get("strange"),
    "opt of a flag": lambda: uwsgi.opt.get("master"),
    "opt given twice": lambda: uwsgi.opt.get("env"),
    "numproc": lambda: uwsgi.numproc,
    "cores": lambda: uwsgi.cores,
    "has_threads": lambda: uwsgi.has_threads,
    "buffer_size": lambda: uwsgi.buffer_size,
    "started_on": lambda: uwsgi.started_on,
    "hostname": lambda: uwsgi.hostname,
    "version": lambda: uwsgi.version,
    "version_info": lambda: uwsgi.version_info,
    "applications": lambda: uwsgi.applications,
    "unbit": lambda: uwsgi.unbit,
    "is_a_reload": lambda: uwsgi.is_a_reload,
    "SPOOL_OK": lambda: uwsgi.SPOOL_OK,
    "websocket": lambda: hasattr(uwsgi, "websocket_handshake_of_none"),
}


def application(environ, start_response):
    wanted = query(environ).get("call")
    if wanted in ("harakiri", "stuck"):
        uwsgi.set_user_harakiri(1)
        for _ in range(600):
            threading.Event().wait(60 if wanted == "stuck" else 0.1)
    if wanted == "reload":
        return reply(start_response, {"reload": uwsgi.reload()})
    if wanted == "missing":
        try:
            uwsgi.cache_get("x")
        except AttributeError as exc:
            return reply(start_response, {"missing": str(exc)})
    results = {name: call() for name, call in CALLS.items()}
    return reply(
        start_response,
        {
            "values": {k: v if isinstance(v, str) else repr(v) for k, v in environ.items()},
            "types": {name: type(value).__name__ for name, value in results.items()},
            "results": {name: repr(value) for name, value in results.items()},
            "opt": {k: repr(v) for k, v in uwsgi.opt.items()},
            "imported in": IMPORTED_IN,
            "forked": forked,
            "pid": os.getpid(),
            "cwd": os.getcwd(),
            "path": [entry for entry in sys.path if "from" in entry],
            "env": {name: os.environ.get(name) for name in ("ONE", "TWO")},
        },
    )
