"""Slots in processes where gevent has patched the standard library.

Each slot is a thread as ever, in which gevent has a loop of its own. Greenlets that a
request leaves behind go on while their thread waits for the next one.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import native
from .public import RequestTimeout

if TYPE_CHECKING:
    from .slot import Slot, Stream

# What the loop passes on to the thread's main greenlet, which is the one that serves.
_NOT_OURS = (RequestTimeout, SystemExit, KeyboardInterrupt, SystemError)

_alone = native.allocate_lock()


def renew() -> None:
    """In a child, right after a fork that gevent does not know of."""
    if "gevent" in sys.modules:
        import_module("gevent").reinit()


def join(slot: Slot) -> None:
    """Makes the calling thread, which is to serve the slot, one that gevent runs in.

    The main thread's loop comes first: it is the only one that can watch child processes.
    """
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None or not monkey.is_module_patched("threading"):
        return
    with _alone:  # its modules' locks are patched, and wait by the very loop that is made
        hub = import_module("gevent").get_hub()
    # The exception may come while the loop runs, or another greenlet: it is the request's.
    hub.SYSTEM_ERROR = (*hub.SYSTEM_ERROR, RequestTimeout)
    hub.NOT_ERROR = (*hub.NOT_ERROR, RequestTimeout)
    # gevent refuses to wait for a lock that another thread holds where its loop has nothing
    # else to wait for, and takes it for a deadlock.
    awake = hub.loop.async_()
    awake.start(_nothing)
    slot.interruption.wake = awake.send
    slot.sock = _Waiting(slot.sock, hub)


def _nothing() -> None:
    """Called in the loop: with it comes what another thread has set to be raised there."""


class _Waiting:
    """A slot's pipes. Whoever waits for a request lets other greenlets run meanwhile."""

    def __init__(self, pipes: Stream, hub: Any) -> None:
        self._pipes = pipes
        self._hub = hub
        self._readable = hub.loop.io(pipes.fileno(), 1)
        self.recv_into = pipes.recv_into
        self.sendall = pipes.sendall
        self.fileno = pipes.fileno

    def recv(self, size: int, /) -> bytes:
        while True:
            try:
                self._hub.wait(self._readable)
                break
            except _NOT_OURS:  # of a greenlet whose request is over
                pass
        return self._pipes.recv(size)
