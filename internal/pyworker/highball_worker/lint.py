"""What wsgiref.validate says, beyond our own rules."""

from __future__ import annotations

import re
import traceback
import warnings
from collections.abc import Callable
from typing import Any
from wsgiref import validate

from .findings import NOTE, Findings
from .probe_server import Outcome
from .rules import Refused, is_iterable
from .where import deepest, raised

# What it refuses, as our rule. What is not here our own rules see, and better.
_MEANINGS = (
    (r"No Content-Type header found", "content-type", NOTE),
    (r"Content-Type header found in a", "content-type", NOTE),
    (r"The Status header", "validate", NOTE),
    (r"Bad header name|Names may not end|Bad header value", "validate", NOTE),
    (r"close\(\) must not be called", "stream-methods", ""),
    (r"'(InputWrapper|ErrorWrapper)' object has no attribute", "stream-methods", ""),
    (r"Iterator read after closed", "after-close", ""),
)


class Lint:
    """Runs layers inside wsgiref's validator."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self._iterators: list[Any] = []

    def call(self, layer: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        result = validate.validator(_only_iterables(layer))(*args, **kwargs)
        self._iterators.append(result)
        return result

    def run(self, exchange: Callable[[], Outcome], where: str, label: str) -> None:
        with warnings.catch_warnings():
            # About methods that it does not know, and the like.
            warnings.simplefilter("ignore", validate.WSGIWarning)
            outcome = exchange()
        self._report(outcome.error, where, label)

    def _report(self, error: BaseException | None, where: str, label: str) -> None:
        """Reports what came out of the probe, if it is the validator's."""
        for iterator in self._iterators:
            iterator.closed = True  # its __del__ would print what our own rules report
        self._iterators.clear()
        if error is None:
            return
        message = str(error)
        place = raised(error) or where
        for pattern, rule, level in _MEANINGS:
            if re.search(pattern, message):
                if level == NOTE and self.findings.is_broken(place):
                    return  # the same, seen by our own rules
                said = f"{type(error).__name__}: {message}" if rule == "validate" else message
                more = {"level": level} if level else {}
                self.findings.add(rule, said, place, label, **more)
                return
        if _is_errors_write(error):
            self.findings.add("errors-str", "wsgi.errors is given something else", place, label)


def _only_iterables(layer: Callable[..., Any]) -> Callable[..., Any]:
    """The validator's wrapper of what is no iterable would complain from its __del__."""

    def call(environ: Any, start_response: Any) -> Any:
        result = layer(environ, start_response)
        if not is_iterable(result):
            raise Refused("no iterable, as our own rules say")
        return result

    return call


def _is_errors_write(error: BaseException) -> bool:
    file, _ = deepest(error.__traceback__)
    if not isinstance(error, AssertionError) or file != validate.__file__:
        return False
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return len(frames) > 1 and isinstance(frames[-2].f_locals.get("self"), validate.ErrorWrapper)
