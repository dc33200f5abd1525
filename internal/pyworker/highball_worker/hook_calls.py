"""The hooks of a module, and what is done for them in the life of zygote and workers."""

from __future__ import annotations

import json
import os
from typing import Any, Callable

from . import gunicorn_names
from .failure import describe, reason
from .hook_logs import Outlet, make_log
from .hook_module import ARGUMENTS, find, functions_of
from .hook_objects import Server, Worker
from .hook_settings import HookConfig, hooks_of
from .hooks import Hooks, Sink
from .load_error import LoadError
from .loading import set_path
from .search_path import put_first
from .tracebacks import user_location


class CalledHooks(Hooks):
    """Those of a module, which may have none, and the objects that they get."""

    def __init__(self, cfg: HookConfig, sink: Sink) -> None:
        self.outlet = Outlet(sink)
        self.cfg = cfg
        self.server = Server(cfg, make_log("", "", cfg, self.outlet, None))
        self.label = ""
        self.functions: dict[str, Callable[..., Any]] = {}
        self.accesses = False  # the log wants to know of each request

    def use(self, config: dict[str, Any]) -> None:
        """Imports what the configuration names."""
        module = None
        if config["hooks"]:
            self.label = config["hooks"]
            module = find(self.label, os.getcwd(), config["hooks_as_config"])
            self.functions = functions_of(module, self.label)
            for name, function in hooks_of(self.functions).items():
                self.cfg.give(name, function)
            if not self.functions and not config["hooks_as_config"]:
                text = "%s has none of the hooks %s"
                self.server.log.warning(text, self.label, ", ".join(ARGUMENTS))
        names = config["logger_class"], config["log_config"]
        log = make_log(*names, self.cfg, self.outlet, module)
        self.server.log = log
        self.accesses = hasattr(log, "access") and getattr(log, "access_log_enabled", True)

    def has(self, name: str) -> bool:
        return name in self.functions

    def require(self, name: str, **given: Any) -> dict[str, Any] | None:
        exc = self._call(name, given)
        if exc is None:
            return None
        return {**reason(exc, self._failed(name, exc)), "hook": name}

    def notify(self, name: str, **given: Any) -> None:
        exc = self._call(name, given)
        if exc is not None:
            self.outlet.put("error", self._failed(name, exc) + "\n" + describe(exc))

    def _failed(self, name: str, exc: BaseException) -> str:
        place = user_location(exc.__traceback__)
        at = f" at {place}" if place else ""
        text = f"the hook {name} of {self.label} failed{at}: {type(exc).__name__}: {_text(exc)}"
        return text.replace("\n", " ")

    def _call(self, name: str, given: dict[str, Any]) -> BaseException | None:
        function = self.functions.get(name)
        if function is None:
            return None
        given["server"] = self.server
        pid = os.getpid()
        try:
            function(*[given[argument] for argument in ARGUMENTS[name]])
        except BaseException as exc:  # SystemExit is an error like any other here
            return exc
        finally:
            if os.getpid() != pid:
                os._exit(70)  # a child that the hook forked has come back to us
        return None

    # In the zygote.

    def starting(self, config: dict[str, Any]) -> dict[str, Any] | None:
        before = config["workers_before"]
        self.server.changed(config["workers"])
        self.server.worker_age = config["forked"]
        failure = self.require(
            "nworkers_changed", new_value=config["workers"], old_value=before or None
        )
        return failure or self.require("on_starting")

    def started(self, config: dict[str, Any], application: Any) -> dict[str, Any] | None:
        self.server.app.callable = application
        failure = self.require("on_reload") if config["reload"] else None
        return failure or (self.require("when_ready") if config["listens"] else None)

    def told(self, message: dict[str, Any]) -> dict[str, Any] | None:
        name, new = message["name"], message.get("new")
        if name != "nworkers_changed":
            return self.require(name)
        old = self.server.changed(new or 0)
        if old != new:
            self.notify(name, new_value=new, old_value=old)
        return None

    def next_worker(self) -> Worker:
        self.server.worker_age += 1
        return Worker(self.server.worker_age, self.server)

    def parent_of(self, worker: Any) -> None:
        self.server.WORKERS[worker.pid] = worker

    def reaped(self, worker: Any) -> None:
        self.server.WORKERS.pop(worker.pid, None)
        self.notify("child_exit", worker=worker)

    # In a worker.

    def forked(self, worker: Any, sink: Sink) -> None:
        self.outlet.sink = sink

    def loaded(self, worker: Any, application: Any) -> dict[str, Any] | None:
        self.server.app.callable = worker.wsgi = application
        failure = self.require("post_worker_init", worker=worker)
        worker.booted = failure is None
        return failure

    def slots(self, worker: Any) -> Callable[..., Any]:
        from .hooked_slot import CountingSlot, HookedSlot

        if self.accesses or self.has("pre_request") or self.has("post_request"):
            return lambda *given: worker.serves_by(HookedSlot(self, worker, *given))
        return lambda *given: worker.serves_by(CountingSlot(*given))


def _text(exc: BaseException) -> str:
    try:
        return str(exc)
    except Exception:  # its own __str__ raises
        return "(no text)"


def load(config: dict[str, Any], sink: Sink) -> Hooks:
    """Never raises, see hooks.load()."""
    hooks = CalledHooks(HookConfig(json.loads(config["hook_settings"])), sink)
    set_path(config)
    put_first(os.getcwd())
    gunicorn_names.install()
    try:
        hooks.use(config)
    except BaseException as exc:
        if isinstance(exc, LoadError):
            exc.message = "hooks: " + exc.message
        text = f"the hooks of {config['hooks']} could not be imported"
        hooks.failure = {**reason(exc, text), "hook": "import"}
    return hooks
