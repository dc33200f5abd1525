"""Server hooks: functions of a module of the user's, called in the process they are for.

They have the names and the arguments of gunicorn's. The zygote imports the module,
once for each generation of the code, and its workers inherit it.
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any, Callable

from .callables import accepts, is_asgi
from .failure import describe, reason
from .hook_log import Log, Sink
from .importing import import_module
from .load_error import LoadError
from .loading import set_path
from .near_names import near_path
from .search_path import put_first
from .target import module_of

# What each hook is called with.
ARGUMENTS = {
    "on_starting": ("server",),
    "pre_fork": ("server", "worker"),
    "post_fork": ("server", "worker"),
    "post_worker_init": ("worker",),
    "worker_abort": ("worker",),
    "worker_exit": ("server", "worker"),
    "child_exit": ("server", "worker"),
    "on_exit": ("server",),
}

# gunicorn's others: a module that has one expects what does not happen.
_NOT_CALLED = (
    "on_reload", "when_ready", "worker_int", "pre_exec", "pre_request", "post_request",
    "nworkers_changed", "ssl_context",
)  # fmt: skip


class Server:
    """What hooks get as `server`: the zygote, which forks the workers."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.pid = os.getpid()


class Worker:
    """What hooks get as `worker`."""

    def __init__(self, age: int, server: Server) -> None:
        self.age = age  # how many the zygote has forked, with this one
        self.pid = 0  # until it is forked
        self.ppid = server.pid
        self.alive = True
        self.log = server.log


class Hooks:
    """The hooks that there are. Without --hooks there are none, and no call does anything."""

    def __init__(self, sink: Sink) -> None:
        self.server = Server(Log(sink))
        self.failure: dict[str, Any] | None = None  # why the module could not be loaded
        self._label = ""
        self._functions: dict[str, Callable[..., Any]] = {}
        self._forked = 0

    def has(self, name: str) -> bool:
        return name in self._functions

    def require(self, name: str, worker: Worker | None = None) -> dict[str, Any] | None:
        """Calls a hook without which there is no start; returns why there is none."""
        exc = self._call(name, worker)
        if exc is None:
            return None
        return reason(exc, f"the hook {name} of {self._label} failed")

    def notify(self, name: str, worker: Worker | None = None) -> None:
        """Calls a hook; what it raises is logged, and life goes on."""
        exc = self._call(name, worker)
        if exc is not None:
            text = describe(exc)
            self.server.log.error("the hook %s of %s failed\n%s", name, self._label, text)

    def _call(self, name: str, worker: Worker | None) -> BaseException | None:
        function = self._functions.get(name)
        if function is None:
            return None
        given = {"server": self.server, "worker": worker}
        pid = os.getpid()
        try:
            function(*[given[argument] for argument in ARGUMENTS[name]])
        except BaseException as exc:  # SystemExit is an error like any other here
            return exc
        finally:
            if os.getpid() != pid:
                os._exit(70)  # a child that the hook forked has come back to us
        return None

    def next_worker(self) -> Worker:
        """The one that is forked next."""
        self._forked += 1
        return Worker(self._forked, self.server)

    def use(self, module: ModuleType, label: str) -> None:
        """Takes the hooks of a module, and warns of such as will not be called."""
        self._label = label
        for name in ARGUMENTS:
            if hasattr(module, name):
                self._functions[name] = _checked(getattr(module, name), name, label)
        others = [name for name in _NOT_CALLED if callable(getattr(module, name, None))]
        if others:
            what = "has hooks that are not called: " + ", ".join(others)
        elif not self._functions:
            what = "has none of the hooks " + ", ".join(ARGUMENTS)
        else:
            return
        self.server.log.warning("%s %s", label, what)


def load(config: dict[str, Any], sink: Sink) -> Hooks:
    """Never raises: hooks that cannot be loaded are a failure to report."""
    hooks = Hooks(sink)
    spec = config["hooks"]
    if not spec:
        return hooks
    set_path(config)
    put_first(os.getcwd())
    try:
        hooks.use(_find(spec, os.getcwd()), spec)
    except BaseException as exc:
        if isinstance(exc, LoadError):
            exc.message = "hooks: " + exc.message
        hooks.failure = reason(exc, f"the hooks of {spec} could not be imported")
    return hooks


def _find(spec: str, directory: str) -> ModuleType:
    if os.sep not in spec and not spec.endswith(".py"):
        return import_module(spec, directory)
    path = os.path.normpath(os.path.join(directory, spec))
    if not os.path.isfile(path):
        raise LoadError(f"there is no file {spec}", [path], near_path(path))
    return module_of(path)


def _checked(hook: Any, name: str, label: str) -> Callable[..., Any]:
    wanted = ", ".join(ARGUMENTS[name])
    if not callable(hook):
        raise LoadError(
            f"{name} of {label} is not callable: it is of type {type(hook).__name__}",
            hint=f"define it as `def {name}({wanted})`, or rename it: the name is a hook's",
        )
    if is_asgi(hook):
        raise LoadError(f"{name} of {label} is an async function; a hook must be a plain one")
    if accepts(hook, len(ARGUMENTS[name])) is False:
        raise LoadError(
            f"{name} of {label} cannot be called with the arguments ({wanted})",
            hint=f"define it as `def {name}({wanted})`",
        )
    return hook  # type: ignore[no-any-return]
