"""What happens in a child that the application forks: it is none of ours.

It must not hold the sockets to the front (the front would wait for the end of a
file that stays open), nor ignore the signals that the application sends it.
"""

import os
import signal
import socket
from typing import List

from . import signals


class _State:
    def __init__(self) -> None:
        self.registered = False
        self.own = False  # the zygote itself is forking a worker
        self.sockets: List[socket.socket] = []


_state = _State()


def guard(*sockets: socket.socket) -> None:
    """Closes these in children that the application forks."""
    _state.sockets.extend(sockets)
    if not _state.registered:
        _state.registered = True
        os.register_at_fork(after_in_child=_after_in_child)


def forget() -> None:
    _state.sockets.clear()


def fork() -> int:
    """Forks a worker, with our signals held back; the child has them installed again."""
    _state.own = True
    mask = signals.block()
    try:
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signals.install()
        return pid
    finally:
        _state.own = False
        signals.unblock(mask)


def _after_in_child() -> None:
    if _state.own:
        return
    for sock in _state.sockets:
        sock.close()
    _state.sockets.clear()
    signals.restore()
