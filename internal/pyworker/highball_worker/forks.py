"""What happens in a child that the application forks: it is none of ours.

It must not hold the sockets to the front (the front would wait for the end of a
file that stays open) and the bodies of other requests (their room on the disk), nor
ignore the signals that the application sends it.
"""

import os
import signal
from typing import Any, Protocol

from . import greenlets, native, signals


class Closable(Protocol):
    def close(self) -> None: ...


class _State:
    def __init__(self) -> None:
        self.registered = False
        self.own = False  # the zygote itself is forking a worker
        self.sockets: list[Closable] = []
        self.bodies: dict[Closable, int] = {}  # of the requests, and their threads
        self.masks: dict[int, Any] = {}  # by thread, while it forks


_state = _State()


def guard(*sockets: Closable) -> None:
    """Closes these in children that the application forks."""
    _state.sockets.extend(sockets)
    if not _state.registered:
        _state.registered = True
        os.register_at_fork(
            before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
        )


def abandon(*sockets: Closable) -> None:
    """Undoes guard(): these are closed already, in this process."""
    for sock in sockets:
        if sock in _state.sockets:
            _state.sockets.remove(sock)


def close_all() -> None:
    """In a worker: what others of this process guard is not for it."""
    for sock in _state.sockets:
        sock.close()
    _state.sockets.clear()


def hold(body: Closable) -> None:
    """Closes this in children that other threads than the calling one fork."""
    _state.bodies[body] = native.get_ident()


def release(body: Closable) -> None:
    _state.bodies.pop(body, None)


def fork() -> int:
    """Forks a worker, with our signals held back; the child has them installed again."""
    _state.own = True
    mask = signals.block()
    try:
        pid = native.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            native.set_handler(signal.SIGCHLD, signal.SIG_DFL)
            signals.install()
            greenlets.renew()
        return pid
    finally:
        _state.own = False
        signals.unblock(mask)


def _before() -> None:
    """Our signals wait until the child has the defaults back: it would lose those before."""
    if not _state.own:
        _state.masks[native.get_ident()] = signals.block()


def _after_in_parent() -> None:
    _unblock()


def _after_in_child() -> None:
    if _state.own:
        return
    close_all()
    own = native.get_ident()
    for body, thread in list(_state.bodies.items()):
        if thread != own:
            body.close()
    _state.bodies.clear()
    signals.restore()
    _unblock()


def _unblock() -> None:
    mask = _state.masks.pop(native.get_ident(), None)
    if mask is not None:
        signals.unblock(mask)
