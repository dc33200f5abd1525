"""Stands around one layer, application or middleware, and tells a Watch what it does.

`highball trace` and `highball check` put one around the application and around
each middleware. A spy hands everything on as it is: arguments, results and
exceptions. Lists and tuples stay what they are, since the server sends them in
one piece; all other iterables are wrapped, so that each block is seen in its time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .filewrapper import FileWrapper


class Watch:
    """Is told of one call of one layer. This one takes no notice."""

    def called(self, environ: Any) -> None:
        """The layer is called with (environ, start_response)."""

    def misused(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """The layer is called with something else."""

    def start_response(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """The layer calls start_response."""

    def refused(self, exc: BaseException) -> None:
        """start_response, or write(), raised this."""

    def write(self, data: Any) -> None:
        """The layer calls write()."""

    def returned(self, result: Any) -> None:
        """The layer has returned this iterable."""

    def block(self, data: Any, iterator: Any) -> None:
        """The iterable gave a block; iterator is None for a list or a tuple."""

    def ended(self) -> None:
        """The iterable has no more blocks."""

    def closing(self, close: Any) -> None:
        """close() of the iterable is called, which it has."""

    def failed(self, phase: str, exc: BaseException) -> None:
        """The layer raised: in "call", "iteration" or "close"."""


class Spy:
    """A WSGI application that is another one, watched."""

    def __init__(self, application: Callable[..., Any], watch: Callable[[], Watch]) -> None:
        self._application = application
        self._watch = watch

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        watch = self._watch()
        if kwargs or len(args) != 2:
            watch.misused(args, kwargs)
            return self._application(*args, **kwargs)
        environ, start_response = args
        watch.called(environ)
        try:
            result = self._application(environ, _start_response(start_response, watch))
        except BaseException as exc:
            watch.failed("call", exc)
            raise
        watch.returned(result)
        return watched(result, watch)

    def __getattr__(self, name: str) -> Any:
        """Middleware may ask the application that it wraps for more than a call."""
        return getattr(self.__dict__["_application"], name)


def _start_response(inner: Any, watch: Watch) -> Callable[..., Any]:
    def start_response(*args: Any, **kwargs: Any) -> Any:
        watch.start_response(args, kwargs)
        try:
            write = inner(*args, **kwargs)
        except BaseException as exc:
            watch.refused(exc)
            raise
        return _write(write, watch)

    return start_response


def _write(inner: Any, watch: Watch) -> Callable[..., Any]:
    def write(data: Any, /) -> Any:
        watch.write(data)
        try:
            return inner(data)
        except BaseException as exc:
            watch.refused(exc)
            raise

    return write


def watched(result: Any, watch: Watch) -> Any:
    """The iterable, made to tell of its blocks and its end."""
    kind = type(result)
    if kind is list or kind is tuple:
        for block in result:
            watch.block(block, None)
        watch.ended()
        return result
    if kind is FileWrapper:  # the server sends the file itself, without iterating
        if hasattr(result, "close"):
            result.close = _close(result.close, watch)
        return result
    return Blocks(result, watch)


def _close(inner: Any, watch: Watch) -> Callable[[], Any]:
    def close() -> Any:
        watch.closing(inner)
        try:
            return inner()
        except BaseException as exc:
            watch.failed("close", exc)
            raise

    return close


class Blocks:
    """An iterable that is another one, watched. It has close() if that one has."""

    def __init__(self, result: Any, watch: Watch) -> None:
        self._result = result
        self._watch = watch
        self._iterator: Any = None

    def __iter__(self) -> Blocks:
        try:
            self._iterator = iter(self._result)
        except BaseException as exc:
            self._watch.failed("iteration", exc)
            raise
        return self

    def __next__(self) -> Any:
        iterator = self._result if self._iterator is None else self._iterator
        try:
            block = next(iterator)
        except StopIteration:
            self._watch.ended()
            raise
        except BaseException as exc:
            self._watch.failed("iteration", exc)
            raise
        self._watch.block(block, iterator)
        return block

    def __len__(self) -> int:
        return len(self._result)

    def __bool__(self) -> bool:
        return bool(self._result)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.__dict__["_result"], name)
        return _close(value, self._watch) if name == "close" else value
