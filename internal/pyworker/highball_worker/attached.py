"""The zygote in the place of which stands a program that serves its own application.

It forks workers on command as a zygote does. But the process is the program's: its
signals, its children and its streams are left alone, and it goes on afterwards.
"""

from __future__ import annotations

import atexit
import gc
import os
import socket
import sys
import threading
import traceback
from typing import Any, Callable, NoReturn

from . import forks, hooks, native, preload, wire, worker
from .loading import load
from .main import line_buffered
from .target import Loaded
from .zygote import Child, Zygote, _pidfd, flush

_LOOK = 250  # at the children, where there are no pidfds, in milliseconds


class Attached(Zygote):
    def __init__(self, sock: socket.socket, application: Any, name: str) -> None:
        super().__init__(sock)
        self._given = Loaded(application, name, "object")
        self._ends: dict[int, int] = {}  # the pidfd of each child that has one
        self._watched: dict[int, Callable[[], bool]] = {}
        forks.guard(sock)

    def watch(self, fd: int, ready: Callable[[], bool]) -> None:
        """Has run() call ready() when fd is readable, until that returns False."""
        self._watched[fd] = ready

    def run(self) -> None:
        """Returns when the front is gone. Workers end within."""
        try:
            while True:
                child = self._serve_one()
                if child is not None:
                    self._become(child)
        except (EOFError, OSError, wire.WireError):
            pass
        finally:
            self._reap()

    def _send(self, kind: int, value: Any, fds: list[int] | None = None) -> None:
        try:
            super()._send(kind, value, fds)
        except OSError:
            pass  # the front is gone, as the next look tells

    def wait(self) -> None:
        """Once the front has ended: its workers end with it, and are children of the program."""
        for pid in list(self.children):
            try:
                os.waitpid(pid, 0)
            except ChildProcessError:
                pass
        self.children.clear()

    def close(self) -> None:
        forks.abandon(self.sock)
        self.sock.close()
        for fd in self._ends.values():
            os.close(fd)
        self._ends.clear()
        if hasattr(gc, "unfreeze"):
            gc.unfreeze()

    def _serve_one(self) -> Child | None:
        """One look; EOFError when the front has closed the socket."""
        poll = native.poll()
        for fd in (self.sock.fileno(), *self._watched, *self._ends.values()):
            poll.register(fd, native.POLLIN)
        blind = len(self._ends) < len(self.children)
        ready = {fd for fd, _event in poll.poll(_LOOK if blind else None)}
        for fd in ready & set(self._watched):
            if not self._watched[fd]():
                del self._watched[fd]
        self._reap()
        if self.sock.fileno() not in ready:
            return None
        message = self.channel.receive()
        if message is None:
            self._reap()
            self.hooks.notify("on_exit")
            raise EOFError
        return self._obey(message)

    def _load(self, config: dict[str, Any]) -> None:
        self.config = config
        self.hooks = hooks.load(config, self._log)
        failure = self.hooks.failure or self.hooks.require("on_starting")
        if failure is None:
            self.application = load(config, given=self._given)
            failure = self.application.failure
        if failure is not None:
            self._send(wire.FAILED, failure)
            return
        preload.prepare()
        gc.collect()
        if hasattr(gc, "freeze"):
            gc.freeze()
        self._send(wire.LOADED, {"warnings": [], "sockets": []})

    def _fork(self, identifier: int, fds: list[int]) -> Child | None:
        child = super()._fork(identifier, fds)
        if child is None:
            for pid in self.children:
                if pid not in self._ends:
                    self._ends.update((pid, fd) for fd in _pidfd(pid))
        return child

    def _reap(self) -> None:
        super()._reap()
        for pid in set(self._ends) - set(self.children):
            os.close(self._ends.pop(pid))

    def _become(self, child: Child) -> NoReturn:
        """In a new process: the stack above is the program's, and must not be gone back to."""
        status = 70
        try:
            atexit._clear()  # what the program has registered is for its own end
            for stream in (sys.stdout, sys.stderr):
                line_buffered(stream)
            for fd in self._ends.values():
                os.close(fd)
            worker.run(child)
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            flush()
            os._exit(status)
