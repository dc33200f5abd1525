"""The objects that hooks are called with: they have what hooks use of gunicorn's."""

from __future__ import annotations

import os
import sys
import time
from random import randint
from typing import Any, Callable

from .hook_settings import HookConfig, address_of


class Described:
    """Says of an attribute that is not there which ones are."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        names = {n for n in [*self.__dict__, *dir(type(self))] if not n.startswith("_")}
        raise AttributeError(
            f"{type(self).__name__} of Highball's hooks has no attribute {name!r}: it has "
            + ", ".join(sorted(names))
        )


class App(Described):
    """server.app and worker.app."""

    def __init__(self, cfg: HookConfig) -> None:
        self.cfg = cfg
        self.callable: Callable[..., Any] | None = None

    def wsgi(self) -> Callable[..., Any]:
        """The application. Where it is not imported yet nothing imports it: hooks come first."""
        if self.callable is None:
            raise RuntimeError(
                "the application is not imported yet: use post_worker_init, or --preload"
            )
        return self.callable


class Listener(Described):
    """An address that the front listens on. The socket itself is not in this process."""

    def __init__(self, bind: str) -> None:
        self._bind = bind
        self.cfg_addr = address_of(bind)

    def getsockname(self) -> Any:
        return self.cfg_addr

    def __str__(self) -> str:
        return self._bind if "://" in self._bind or ":/" in self._bind else "http://" + self._bind


class Server(Described):
    """`server`: the zygote, which forks the workers."""

    master_name = "Master"
    master_pid = 0
    reexec_pid = 0
    systemd = False

    def __init__(self, cfg: HookConfig, log: Any) -> None:
        self.cfg = cfg
        self.log = log
        self.app = App(cfg)
        self.pid = os.getpid()
        self.worker_age = 0
        self.WORKERS: dict[int, Worker] = {}
        self.LISTENERS = [Listener(bind) for bind in cfg.bind]
        self._num_workers: int | None = None

    @property
    def num_workers(self) -> int | None:
        return self._num_workers

    @num_workers.setter
    def num_workers(self, value: int) -> None:
        raise AttributeError(
            "server.num_workers is the front's: change it by `highball ctl scale` or SIGTTIN"
        )

    @property
    def address(self) -> list[Any]:
        return self.cfg.address

    @property
    def timeout(self) -> Any:
        return self.cfg.timeout

    @property
    def proc_name(self) -> Any:
        return self.cfg.proc_name

    @property
    def worker_class(self) -> type:
        return Worker

    def changed(self, workers: int) -> int | None:
        """Notes how many there are to be; returns how many there were."""
        before, self._num_workers = self._num_workers, workers
        return before


class Heartbeat(Described):
    """worker.tmp: gunicorn's sign of life. The front has other ways to know."""

    def notify(self) -> None:
        pass

    def last_update(self) -> float:
        return time.monotonic()

    def close(self) -> None:
        pass


class Worker(Described):
    """`worker`."""

    def __init__(self, age: int, server: Server) -> None:
        cfg = server.cfg
        self.age = age  # how many the zygote has forked, with this one
        self.pid = 0  # until it is forked
        self.ppid = server.pid
        self.alive = True
        self.booted = False
        self.aborted = False
        self.cfg = cfg
        self.log = server.log
        self.app = server.app
        self.sockets = server.LISTENERS
        self.timeout = cfg.timeout / 2
        self.reloader = None
        self.tmp = Heartbeat()
        self.max_requests = sys.maxsize
        if cfg.max_requests:
            self.max_requests = cfg.max_requests + randint(0, cfg.max_requests_jitter or 0)
        self._slots: list[Any] = []
        # wsgi, the application, is there when it has been imported.

    @property
    def nr(self) -> int:
        """Requests that have begun here, and that pre_request has let pass."""
        return sum(slot.count for slot in self._slots)

    def notify(self) -> None:
        """Does nothing: the front limits each request by itself (request-timeout)."""

    def serves_by(self, slot: Any) -> Any:
        self._slots.append(slot)
        return slot

    def __str__(self) -> str:
        return f"<Worker {self.pid}>"
