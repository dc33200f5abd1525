"""Werkzeug's interactive debugger, where Werkzeug is installed.

It is asked for a page when the application has raised something, and not wrapped around
the application: so the rules of responses stay the server's, and who asks by curl gets text.
"""

from __future__ import annotations

import importlib
import io
import sys
import threading
from collections.abc import Callable
from typing import Any

from .failure import below_ours

Page = tuple[str, list[tuple[str, str]], bytes]

_CONTEXT = "werkzeug.debug.preserve_context"  # Flask keeps its contexts for the console by it
_ASKED = "__debugger__=yes"


class Debugger:
    """Makes Werkzeug's on first use: its import takes time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: Any = None
        self._missing = False
        self._application: Any = None

    def pin(self, application: Any) -> str:
        """The PIN, if Werkzeug is there; applications that do without it do not pay for it."""
        self._application = application
        if "werkzeug" not in sys.modules:
            return ""
        made = self._get()
        return str(made.pin or "") if made is not None else ""

    def around(self, application: Callable[..., Any]) -> Callable[..., Any]:
        def serve(environ: dict[str, Any], start_response: Any) -> Any:
            if _ASKED in environ["QUERY_STRING"]:
                made = self._get()
                if made is not None:
                    return made(environ, start_response)
            contexts: list[Any] = []
            environ[_CONTEXT] = contexts.append
            environ["highball.contexts"] = contexts
            return application(environ, start_response)

        return serve

    def page(self, exc: BaseException, environ: dict[str, Any]) -> Page | None:
        """Werkzeug's page; None where it has none."""
        if not isinstance(exc, Exception):
            return None
        made = self._get()
        if made is None:
            return None
        head: list[Any] = []

        def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
            head[:] = [status, list(headers)]

        asked = dict(environ)
        asked["highball.raised"] = exc
        asked["wsgi.errors"] = io.StringIO()  # the log has it already
        body = b"".join(made.debug_application(asked, start_response))
        return head[0], head[1], body

    def _get(self) -> Any:
        with self._lock:
            if self._made is None and not self._missing:
                try:
                    werkzeug = importlib.import_module("werkzeug.debug")
                except ImportError:
                    self._missing = True
                    return None
                raises = _Raises(self._application)
                self._made = werkzeug.DebuggedApplication(raises, evalex=True, pin_logging=False)
            return self._made


class _Raises:
    """Raises what the application has raised, with its contexts; the PIN is by its name."""

    def __init__(self, application: Any) -> None:
        kind = type(application)
        self.__name__ = getattr(application, "__name__", kind.__name__)
        self.__module__ = getattr(application, "__module__", kind.__module__)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        __traceback_hide__ = True  # noqa: F841 - Werkzeug looks for it
        for context in environ.get("highball.contexts", ()):
            environ[_CONTEXT](context)
        exc = environ["highball.raised"]
        raise exc.with_traceback(below_ours(exc.__traceback__))
