"""Holds one call of one layer to PEP 3333, block by block."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .environ_rules import environ_problems
from .findings import Findings
from .headers import check
from .spy import Watch
from .where import caller, defined, full_traceback, name, raised, suspended

_REFERENCE = re.compile(r" \((PEP 3333|RFC).*\)\Z")


class Refused(AssertionError):
    """Raised by the probing server itself, which has reported why."""


class Layer:
    """The application or a middleware, and what stands around it."""

    def __init__(self, label: str, target: Callable[..., Any]) -> None:
        self.label = label
        self.target = target
        self.outer: Layer | None = None

    @property
    def where(self) -> str:
        return defined(self.target)


class LayerRules(Watch):
    """Each method checks what the layer has just done."""

    def __init__(self, layer: Layer, findings: Findings, method: str) -> None:
        self._layer = layer
        self._findings = findings
        self._head = method == "HEAD"
        self._status: str | None = None
        self._length: int | None = None
        self._started = ""  # where start_response was called
        self._calls = 0  # of start_response
        self._sent = 0
        self._has_close = False
        self._closed = False
        self._failed = False
        self._iterable = True

    def _add(self, rule: str, problem: str, where: str = "") -> None:
        self._findings.add(rule, problem, where or self._layer.where, self._layer.label)

    # What the layer is called with is the doing of the layer around it.

    def called(self, environ: Any) -> None:
        outer = self._layer.outer
        if outer is not None:
            for rule, problem in environ_problems(environ):
                self._findings.add(rule, f"it hands on {problem}", outer.where, outer.label)

    def misused(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        outer = self._layer.outer
        if outer is not None:
            with_what = f"{len(args)} positional arguments"
            if kwargs:
                with_what += " and the keywords " + ", ".join(kwargs)
            problem = f"it calls {self._layer.label} with {with_what}"
            self._findings.add("arguments", problem, caller(), outer.label)

    # start_response and write().

    def start_response(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        place = caller()
        if kwargs or len(args) not in (2, 3):
            names = f", keywords {', '.join(kwargs)}" if kwargs else ""
            problem = f"start_response is called with {len(args)} positional arguments{names}"
            self._add("start-arguments", problem, place)
            return
        status, headers = args[:2]
        exc_info = args[2] if len(args) == 3 else None
        if exc_info is not None and type(exc_info) is not tuple:
            self._add("start-arguments", f"exc_info is {_shown(exc_info)}, no tuple", place)
        if self._calls and exc_info is None:
            self._add("start-twice", "start_response is called a second time", place)
        self._calls += 1
        self._started = place
        self._check(status, [])
        if type(headers) is not list:
            self._check("200 OK", headers)
            headers = []
        good = [header for header in headers if self._check("200 OK", [header])]
        self._length = self._check_length(good)
        self._status = status if isinstance(status, str) else ""

    def _check(self, status: Any, headers: Any) -> bool:
        try:
            check(status, headers)
        except Exception as exc:
            problem = _REFERENCE.sub("", str(exc))
            self._add(_rule_of(problem), problem, self._started)
            return False
        return True

    def _check_length(self, headers: Any) -> int | None:
        try:
            return check("200 OK", headers)
        except ValueError as exc:
            self._add("length", _REFERENCE.sub("", str(exc)), self._started)
            return None

    def write(self, data: Any) -> None:
        if type(data) is bytes:
            self._count(data, caller())
        else:
            self._add("bytes", f"write() is given {_shown(data)}, not bytes", caller())

    # The body.

    def returned(self, result: Any) -> None:
        self._has_close = hasattr(result, "close")
        if isinstance(result, (str, bytes)):
            what = f"the application returns a {type(result).__name__}, which is sent by single"
            self._add("bytes", what + " characters or not at all: put it into a list")
        elif not is_iterable(result):
            self._iterable = False
            what = "None" if result is None else _shown(result)
            self._add("iterable", f"{name(self._layer.target)} returns {what}: no iterable")

    def block(self, data: Any, iterator: Any) -> None:
        place = suspended(iterator)
        if type(data) is bytes:
            self._count(data, place)
        elif not isinstance(data, int):  # of a bytes object, reported above
            self._add("bytes", f"the body has {_shown(data)}, not bytes", place)
            self._length = None  # cannot be compared

    def _count(self, data: bytes, place: str) -> None:
        if not data:
            return
        if self._status is None:
            self._add("start-before-body", "a block comes before start_response is called", place)
            self._status = ""  # said once
        if self._status[:3] in ("204", "304") and not self._head:
            problem = f"the response {self._status} has a body of {len(data)} bytes or more"
            self._add("no-body", problem, place or self._started)
        self._sent += len(data)

    def ended(self) -> None:
        if self._status is None:
            self._add("start-before-body", "start_response is not called at all")
        if self._length is None or self._head or (self._status or "")[:3] in ("204", "304"):
            return
        if self._sent != self._length:
            rule = "too-long" if self._sent > self._length else "too-short"
            problem = f"Content-Length is {self._length}, and the body has {self._sent} bytes"
            self._add(rule, problem, self._started)

    def closing(self, close: Any) -> None:
        self._closed = True

    def failed(self, phase: str, exc: BaseException) -> None:
        self._failed = True
        known = self._findings.is_known(exc)  # on its way out through the layers
        if known or isinstance(exc, Refused) or not self._iterable:
            return
        rule = {"iteration": "exception-late", "close": "exception-close"}.get(phase, "exception")
        place = raised(exc) or self._layer.where
        if self._findings.only_notes:
            if self._findings.is_broken(place):
                return  # other probes show it as well
            rule = "optional-keys"
        text = f"{type(exc).__name__}: {exc}".rstrip(": ")
        problem = f"an exception is not handled: {text}"
        trace = full_traceback(exc)
        self._findings.add(rule, problem, place, self._layer.label, traceback=trace)

    def finish(self) -> None:
        """After the probe: whoever took the iterable must have closed it."""
        outer = self._layer.outer
        if not self._has_close or self._closed or self._failed or outer is None:
            return
        problem = f"it does not call close() of what {self._layer.label} returned"
        self._findings.add("close", problem, outer.where, outer.label)


def is_iterable(result: Any) -> bool:
    return hasattr(type(result), "__iter__") or hasattr(type(result), "__getitem__")


def _rule_of(problem: str) -> str:
    """Which rule a complaint of headers.check is about."""
    if "hop-by-hop" in problem:
        return "hop-by-hop"
    if "latin-1" in problem:
        return "latin1"
    if problem.startswith("Content-Length"):
        return "length"
    return "status" if problem.startswith("status") else "headers"


def _shown(value: Any) -> str:
    text = repr(value)
    kind = type(value).__name__
    article = "an" if kind[:1] in "aeiou" else "a"
    return f"{article} {kind}, {text if len(text) <= 60 else text[:60] + '…'}"
