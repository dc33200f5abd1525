"""`highball trace`: tells the front each step of a request's way through the layers.

The layers are numbered from the inside: 0 is the application, each middleware
adds one. Events are dicts; docs/CHECK_AND_TRACE.md lists them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from . import wire
from .input_spy import InputSpy
from .spy import Spy, Watch
from .where import caller, defined, full_traceback, name, raised

KEEP = 65536  # of a block, in bytes
_SHOWN = 1000  # of a repr, in characters

Send = Callable[[int, Any], None]


class Tracer:
    """Puts a spy around each layer, and sends what they see."""

    def __init__(self) -> None:
        self.names: list[str] = []  # of the layers
        self._send: Send | None = None
        # The environ that each layer was called with, to find what the next one out changed.
        self.environs: dict[int, dict[Any, Any]] = {}

    def around(self, application: Callable[..., Any], layer: str) -> Callable[..., Any]:
        number = len(self.names)
        self.names.append(layer)
        return Spy(application, lambda: _LayerWatch(self, number, application))

    def connect(self, send: Send) -> None:
        self._send = send

    def emit(self, event: str, layer: int, **fields: Any) -> None:
        if self._send is not None:
            head = {"event": event, "time": time.time_ns(), "layer": layer}
            self._send(wire.TRACE, {**head, "name": self.names[layer], **fields})

    def is_outermost(self, layer: int) -> bool:
        return layer == len(self.names) - 1


class _LayerWatch(Watch):
    """One call of one layer, as events."""

    def __init__(self, tracer: Tracer, layer: int, application: Callable[..., Any]) -> None:
        self._tracer = tracer
        self._layer = layer
        self._application = application
        self._blocks = 0
        self._bytes = 0

    def _emit(self, event: str, **fields: Any) -> None:
        self._tracer.emit(event, self._layer, **fields)

    def called(self, environ: Any) -> None:
        if self._tracer.is_outermost(self._layer):
            self._tracer.environs.clear()
            self._emit("environ", items=_items(environ))
            environ["wsgi.input"] = InputSpy(environ["wsgi.input"], self._read)
        self._emit(
            "call",
            object=wire.text(name(self._application)),
            kind=type(self._application).__name__,
            where=wire.text(defined(self._application)),
            **self._changes(environ),
        )

    def misused(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._emit("misused", arguments=len(args), keywords=[wire.text(key) for key in kwargs])

    def _changes(self, environ: Any) -> dict[str, Any]:
        if type(environ) is not dict:
            return {"changes": [["is", "environ", "", "a " + type(environ).__name__]]}
        environs = self._tracer.environs
        before = environs.get(self._layer + 1)
        environs[self._layer] = dict(environ)
        return {} if before is None else {"changes": _differences(before, environ)}

    def start_response(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        status, headers, exc_info = (*args, None, None, None)[:3]
        if type(headers) is list and all(_is_pair(item) for item in headers):
            fields = [[wire.text(name), wire.text(value)] for name, value in headers]
        else:
            fields = [["", _repr(headers)]]
        self._emit(
            "start_response",
            status=wire.text(status) if isinstance(status, str) else _repr(status),
            headers=fields,
            exc_info=_repr(exc_info[1]) if isinstance(exc_info, tuple) else "",
            keywords=[wire.text(key) for key in kwargs],
            where=wire.text(caller()),
        )

    def refused(self, exc: BaseException) -> None:
        self._emit("refused", error=_error(exc))

    def write(self, data: Any) -> None:
        self._emit("write", where=wire.text(caller()), **_data(data))

    def returned(self, result: Any) -> None:
        blocks = len(result) if type(result) in (list, tuple) else -1
        close = hasattr(result, "close")
        self._emit(
            "return",
            kind=_kind(result),
            blocks=blocks,
            close=close,
            object=_repr(result) if blocks < 0 else "",
        )

    def block(self, data: Any, iterator: Any) -> None:
        self._blocks += 1
        if isinstance(data, (bytes, str)):
            self._bytes += len(data)
        self._emit("block", index=self._blocks, whole=iterator is None, **_data(data))

    def ended(self) -> None:
        self._emit("end", blocks=self._blocks, bytes=self._bytes)

    def closing(self, close: Any) -> None:
        owner = getattr(close, "__self__", None)
        self._emit("close", kind=_kind(owner), where=wire.text(defined(close)))

    def failed(self, phase: str, exc: BaseException) -> None:
        self._emit(
            "exception",
            phase=phase,
            error=_error(exc),
            where=wire.text(raised(exc)),
            traceback=wire.text(full_traceback(exc)),
        )

    def _read(self, method: str, args: tuple[Any, ...], result: Any) -> None:
        call = "iteration" if method == "__iter__" else f"{method}({', '.join(map(_repr, args))})"
        data = b"".join(result) if method == "readlines" else result
        self._emit("read", call=call, where=wire.text(caller()), **_data(data))


def _items(environ: dict[Any, Any]) -> list[list[str]]:
    return [[_key(key), type(value).__name__, _repr(value)] for key, value in environ.items()]


def _differences(before: dict[Any, Any], after: dict[Any, Any]) -> list[list[str]]:
    """Each as [what, key, old, new], in reprs."""
    found = [["removed", _key(key), _repr(before[key]), ""] for key in before if key not in after]
    for key, value in after.items():
        if key not in before:
            found.append(["added", _key(key), "", _repr(value)])
        elif not _same(before[key], value):
            found.append(["changed", _key(key), _repr(before[key]), _repr(value)])
    return found


def _same(left: Any, right: Any) -> bool:
    try:
        return left is right or (type(left) is type(right) and bool(left == right))
    except Exception:  # the == of an object of the application's own
        return False


def _data(data: Any) -> dict[str, Any]:
    if type(data) is bytes:
        return {"size": len(data), "data": data[:KEEP]}
    return {"size": -1, "data": _repr(data)}


def _is_pair(item: Any) -> bool:
    return type(item) is tuple and len(item) == 2 and all(isinstance(part, str) for part in item)


def _kind(value: Any) -> str:
    cls = type(value)
    prefix = "" if cls.__module__ in ("builtins", "__main__") else cls.__module__ + "."
    return wire.text(prefix + cls.__qualname__)


def _key(key: Any) -> str:
    return wire.text(key) if isinstance(key, str) else _repr(key)


def _error(exc: BaseException) -> str:
    text = str(exc) if type(exc).__str__ is not BaseException.__str__ or exc.args else ""
    return wire.text(type(exc).__name__ + (": " + text if text else ""))


def _repr(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:
        text = object.__repr__(value)
    return wire.text(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
