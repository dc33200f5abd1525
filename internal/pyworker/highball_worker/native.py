"""The system's threads, locks, sockets and waits, whatever the application patches.

gevent and eventlet put their own in the place of the standard library's, in its modules.
What is here was taken before: on this the machinery of Highball runs, which must not
depend on whether some greenlet gives way.
"""

from __future__ import annotations

import _thread
import os
import select
import signal
import socket
import sys
import threading
import time
from importlib import import_module
from typing import Any, Callable


def _own(module: Any, name: str) -> Any:
    """Of a program that has patched already when it comes to import this."""
    if "gevent.monkey" in sys.modules:
        return import_module("gevent.monkey").get_original(module.__name__, name)
    return getattr(module, name)


start_new_thread = _own(_thread, "start_new_thread")
allocate_lock = _own(_thread, "allocate_lock")
get_ident: Callable[[], int] = _own(_thread, "get_ident")
make_socket: type[socket.socket] = _own(socket, "socket")
poll = _own(select, "poll")
POLLIN = select.POLLIN
wait_for = _own(select, "select")
fork: Callable[[], int] = _own(os, "fork")
waitpid: Callable[[int, int], tuple[int, int]] = _own(os, "waitpid")
set_handler = _own(signal, "signal")
sleep: Callable[[float], None] = _own(time, "sleep")
read = os.read
write = os.write


def patched() -> bool:
    """Whether threads of the standard library are greenlets by now."""
    return _thread.start_new_thread is not start_new_thread


def thread(name: str, function: Callable[..., None], *arguments: Any) -> Callable[[], Any]:
    """Starts a daemon thread; what it returns waits for its end, once."""
    if not patched():
        made = threading.Thread(target=function, args=arguments, name=name, daemon=True)
        made.start()
        return made.join
    alive = allocate_lock()
    alive.acquire()

    def run() -> None:
        try:
            threading.current_thread().name = name  # an object for it, that log lines name
            function(*arguments)
        finally:
            alive.release()

    start_new_thread(run, ())
    return alive.acquire  # type: ignore[no-any-return]


def later(seconds: float, function: Callable[..., None], *arguments: Any) -> Callable[[], None]:
    """Calls function after so long, in a thread; what it returns takes that back, once."""
    waits = allocate_lock()
    waits.acquire()

    def run() -> None:
        if not waits.acquire(timeout=seconds):
            function(*arguments)

    thread("highball-timer", run)
    return waits.release  # type: ignore[no-any-return]
