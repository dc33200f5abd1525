"""Server hooks: functions of a module of the user's, called in the process they are for.

They have the names and the arguments of gunicorn's. The zygote imports the module,
once for each generation of the code, and its workers inherit it. Here is what there
is without any; the modules hook_* are imported where there are some.
"""

from __future__ import annotations

from typing import Any, Callable

# Takes a level (debug, info, warning, error) and a text.
Sink = Callable[[str, str], None]


class Worker:
    """One that the zygote forks."""

    pid: Any = 0
    alive = True

    def __init__(self, age: int) -> None:
        self.age = age  # how many the zygote has forked, with this one


class Hooks:
    """None: no call does anything."""

    failure: dict[str, Any] | None = None  # why the module could not be loaded
    _forked = 0

    def has(self, name: str) -> bool:
        return False

    def require(self, name: str, **given: Any) -> dict[str, Any] | None:
        """Calls a hook without which there is no start; returns why there is none."""
        return None

    def notify(self, name: str, **given: Any) -> None:
        """Calls a hook; what it raises is logged, and life goes on."""

    def starting(self, config: dict[str, Any]) -> dict[str, Any] | None:
        """Calls those of the zygote before it imports the application; why it does not start."""
        return None

    def started(self, config: dict[str, Any], application: Any) -> dict[str, Any] | None:
        """Calls those of the zygote before the first fork; why it does not start."""
        return None

    def told(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Calls the hook of the zygote that the front has named; why it failed."""
        return None

    def next_worker(self) -> Any:
        """The one that is forked next."""
        self._forked += 1
        return Worker(self._forked)

    def forked(self, worker: Any, sink: Sink) -> None:
        """In the new worker, which has a log of its own."""

    def parent_of(self, worker: Any) -> None:
        """In the zygote, when the worker has been forked."""

    def reaped(self, worker: Any) -> None:
        """In the zygote, when the worker has ended."""

    def loaded(self, worker: Any, application: Any) -> dict[str, Any] | None:
        """In the worker, when there is an application; why the worker does not start."""
        return None

    def slots(self, worker: Any) -> Callable[..., Any]:
        """What makes the worker's slots: chosen once, so that hooks cost others nothing."""
        from .slot import Slot

        return Slot


def load(config: dict[str, Any], sink: Sink) -> Hooks:
    """Never raises: hooks that cannot be loaded are a failure to report."""
    if not config["hook_settings"]:
        return Hooks()
    from .hook_calls import load as load_all

    return load_all(config, sink)
