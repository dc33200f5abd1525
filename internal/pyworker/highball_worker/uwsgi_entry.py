"""Where the Python side meets the modules `uwsgi` and `uwsgidecorators`.

They are imported only where `highball uwsgi` asks for them: the start of others does not
pay for them.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from .slot import Slot
    from .uwsgi_module import Module

_installed: Module | None = None


def install(known: dict[str, Any]) -> None:
    """Before the application is imported. known: what the front tells, {} for no module."""
    global _installed
    if not known or _installed is not None:
        return
    from .uwsgi_module import Decorators, Module

    _installed = module = Module(known)
    sys.modules["uwsgi"] = module
    sys.meta_path.append(Decorators(module))


def become(number: int, slots: list[Slot]) -> None:
    """In a new worker: which one it is, and what serves its requests."""
    if _installed is not None:
        _installed.become(number, slots)


def environ() -> dict[str, Any]:
    """What uWSGI adds to each environ, but for the number of the thread."""
    if _installed is None:
        return {}
    return {"uwsgi.version": _installed.version, "uwsgi.node": _installed.hostname}


def numbered(base: dict[str, Any], number: int) -> dict[str, Any]:
    """The base of the thread's environs: of several, uWSGI says which one it is."""
    several = _installed is not None and _installed.cores > 1
    return {**base, "uwsgi.core": number} if several else base


def call(name: str) -> None:
    """Calls what an application has set as `uwsgi.post_fork_hook` or `uwsgi.atexit`."""
    function: Callable[[], Any] | None = None
    if _installed is not None:
        function = vars(_installed).get(name)
    if function is not None:
        function()
