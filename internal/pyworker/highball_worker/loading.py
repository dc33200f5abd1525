"""Loads the application and says, in one message, what became of it."""

import os
import sys
from typing import TYPE_CHECKING, Any, Callable, Optional

from . import app_static, environ, wire
from .failure import reason
from .loader import Loaded, wrap
from .loader import load as find
from .queuetime import with_field

if TYPE_CHECKING:
    from .dev import Development
    from .trace import Tracer

# Replaces a layer, whose name it is told.
Around = Callable[[Callable[..., Any], str], Callable[..., Any]]


class Application:
    """The callable to serve, or why there is none."""

    def __init__(self, serve: Any, target: str, kind: str) -> None:
        self.serve: Callable[..., Any] = serve
        self.target = target
        self.kind = kind
        self.shown = ""
        self.failure: Optional[dict[str, Any]] = None
        self.tracer: Optional[Tracer] = None
        self.static = app_static.Found([], [])
        self.development: Optional[Development] = None
        self.raised: Optional[BaseException] = None  # while it was loaded
        self.broken: Optional[dict[str, Any]] = None  # a page in its place says why
        self.pin = ""

    def report(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "python": environ.python_version(),
            "application": wire.text(self.shown),
            "target": wire.text(self.target),
            "kind": self.kind,
            **self.static.report(),
            "broken": self.broken or {},
            "pin": self.pin,
        }


def failed(failure: dict[str, Any], raised: Optional[BaseException] = None) -> Application:
    """No application, and why."""
    application = Application(None, "", "")
    application.failure = failure
    application.raised = raised
    return application


def load(
    config: dict[str, Any], around: Optional[Around] = None, given: Optional[Loaded] = None
) -> Application:
    """Never raises: an application that does not load is a failure to report.

    around, if given, is put around the application and each middleware, see wrap().
    given is an application that is there already.
    """
    tracer = None
    if config["trace"]:
        from .trace import Tracer  # costs the start of others nothing

        tracer = Tracer()
        around = tracer.around
    development = _development(config)
    set_path(config)
    try:
        found = given or find(config["app"] or None, os.getcwd())
        dressed = found.application
        if development is not None:
            dressed = development.dress(dressed, found.kind)
        served = wrap(dressed, config["middleware"], config["validate"], around)
    except BaseException as exc:
        failure = reason(exc, "the application could not be imported")
        if development is None:
            return failed(failure, exc)
        return _page_in_place(development, failure, exc)
    if config["queue_time_header"]:
        served = with_field(served)
    application = Application(served, found.target, found.kind)
    application.shown = _repr(found.application)
    application.tracer = tracer
    application.static = app_static.of(found.application, config["app_static"])
    if development is not None:
        application.development = development
        application.pin = development.pin(found.application)
        application.serve = development.around(served)
    return application


def _development(config: dict[str, Any]) -> "Optional[Development]":
    if not config.get("dev"):
        return None
    from .dev import Development  # costs the start of others nothing

    development = Development(config["dev"])
    development.prepare()
    return development


def _page_in_place(
    development: "Development", failure: dict[str, Any], exc: BaseException
) -> Application:
    application = Application(development.broken(failure, exc), "", "")
    application.broken = failure
    application.raised = exc
    return application


def set_path(config: dict[str, Any]) -> None:
    """Puts what --pythonpath names on sys.path, once."""
    sys.path[:0] = [entry for entry in config["pythonpath"] if entry not in sys.path]


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception:
        return object.__repr__(value)
