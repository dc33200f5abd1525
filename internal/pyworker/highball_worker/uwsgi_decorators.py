"""A small `uwsgidecorators`: what programs use of it without uWSGI's other processes."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from .uwsgi_module import Module

_INSTEAD = (
    "uwsgidecorators.%s is not available: Highball has postfork, lock and harakiri of that "
    "module; run timers, spoolers and mules as programs of their own"
)


def make(uwsgi: Module) -> ModuleType:
    chain: list[Callable[[], Any]] = []

    def run_chain() -> None:
        for function in chain:
            function()

    def postfork(function: Any) -> Any:
        """@postfork, or @postfork(WORKER)."""
        if callable(function):
            chain.append(function)
            return function
        wanted = function

        def only(function: Callable[[], Any]) -> Callable[[], Any]:
            chain.append(lambda: function() if uwsgi.worker_id() == wanted else None)
            return function

        return only

    def lock(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def locked(*args: Any, **kwargs: Any) -> Any:
            uwsgi.lock()
            try:
                return function(*args, **kwargs)
            finally:
                uwsgi.unlock()

        return locked

    def harakiri(seconds: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(function)
            def limited(*args: Any, **kwargs: Any) -> Any:
                uwsgi.set_user_harakiri(seconds)
                try:
                    return function(*args, **kwargs)
                finally:
                    uwsgi.set_user_harakiri(0)

            return limited

        return decorate

    def missing(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ImportError(_INSTEAD % name)

    module = ModuleType("uwsgidecorators", "As much of it as Highball has.")
    vars(module).update(postfork=postfork, lock=lock, harakiri=harakiri, __getattr__=missing)
    vars(uwsgi)["post_fork_hook"] = run_chain
    return module
