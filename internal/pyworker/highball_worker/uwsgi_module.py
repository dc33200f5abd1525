"""The modules `uwsgi` and `uwsgidecorators` for applications that were written for uWSGI.

Only `highball uwsgi` makes them. What a name gives has the type that it has under uWSGI;
what cannot be had is an AttributeError that says what to use instead.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .uwsgi_locks import Locks
from .uwsgi_missing import advice
from .uwsgi_requests import Requests

if TYPE_CHECKING:
    from .slot import Slot

VERSION = (2, 0, 31)  # the one whose module this is like


class Module(ModuleType):
    """The module itself: what the master of uWSGI and its workers tell."""

    SPOOL_OK = -2
    SPOOL_RETRY = -1
    SPOOL_IGNORE = 0

    def __init__(self, known: dict[str, Any]) -> None:
        super().__init__("uwsgi", "uWSGI's API, as far as Highball has it.")
        self.opt: dict[str, Any] = dict(known["options"])
        self.numproc: int = known["numproc"]
        self.cores: int = known["cores"]
        self.buffer_size: int = known["buffer_size"]
        self.has_threads = 1
        self.hostname = socket.gethostname().encode()
        self.version = ".".join(map(str, VERSION)).encode()
        self.version_info = (*VERSION, 0, b"")
        self.started_on = int(time.time())
        self.applications: Any = None
        self.unbit = None
        self.loop = None
        self.is_a_reload = False
        self._master: int = known["masterpid"]
        self._worker = 0  # in the process that imports the application for all
        self._locks = Locks()
        self._requests = Requests()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError("module 'uwsgi' has no attribute %r%s" % (name, advice(name)))

    def become(self, number: int, slots: list[Slot]) -> None:
        """In a new worker: which one it is, and what serves its requests."""
        self._worker = number
        self._requests.connect(slots)

    # Which process this is.

    def worker_id(self) -> int:
        return self._worker

    def masterpid(self) -> int:
        return self._master

    def mule_id(self) -> int:
        return 0

    def in_farm(self, name: str = "") -> None:
        return None

    def i_am_the_spooler(self) -> None:
        return None

    def i_am_the_lord(self, name: str) -> bool:
        return False

    def ready(self) -> bool:
        return True

    def mem(self) -> tuple[int, int]:
        """The process's resident and its virtual memory, in bytes."""
        try:
            with open("/proc/self/statm") as statm:
                pages = statm.read().split()
        except OSError:  # no /proc
            return 0, 0
        size = os.sysconf("SC_PAGE_SIZE")
        return int(pages[1]) * size, int(pages[0]) * size

    def micros(self) -> int:
        return time.time_ns() // 1000

    # What can be asked of the server.

    def reload(self) -> bool:
        os.kill(self._master, signal.SIGHUP)
        return True

    def stop(self) -> bool:
        os.kill(self._master, signal.SIGTERM)
        return True

    def log(self, message: str | bytes) -> bool:
        text = message.decode("utf-8", "replace") if isinstance(message, bytes) else message
        sys.stderr.write(text if text.endswith("\n") else text + "\n")
        return True

    def logsize(self) -> int:
        return 0

    def lock(self, number: int = 0) -> None:
        self._locks.acquire(number)

    def unlock(self, number: int = 0) -> None:
        self._locks.release(number)

    def is_locked(self, number: int = 0) -> bool:
        return self._locks.held(number)

    # The request that the calling thread serves.

    def request_id(self) -> int:
        return self._requests.number()

    def set_user_harakiri(self, seconds: int) -> None:
        self._requests.limit(seconds)

    def set_logvar(self, name: str | bytes, value: str | bytes) -> None:
        self._requests.variables()[_bytes(name)] = _bytes(value)

    def get_logvar(self, name: str | bytes) -> bytes | None:
        return self._requests.variables().get(_bytes(name))


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


class Decorators:
    """Finds `uwsgidecorators` where uWSGI's own is not installed: postfork and lock."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != "uwsgidecorators":
            return None
        import importlib.util

        loader: Any = self
        return importlib.util.spec_from_loader(name, loader, origin="<highball>")

    def create_module(self, spec: Any) -> ModuleType:
        from .uwsgi_decorators import make

        return make(self.module)

    def exec_module(self, module: ModuleType) -> None:
        pass
