"""What `highball dev` has its worker do beside serving.

An application that does not load is no end: a page says why. What it raises in a request
becomes a page as well, or Werkzeug's debugger where that may be used.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from wsgiref import validate

from . import dev_bytecode, dev_environment, dev_page, dev_terminal
from .dev_advice import advice_of
from .dev_debugger import Debugger

Application = Callable[..., Any]
Page = tuple[str, list[tuple[str, str]], bytes]  # status, headers, body


class Development:
    """Of one worker."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.code: str = options["code"]  # a name of this generation of the code
        self._debugger = Debugger() if options["debugger"] else None
        self._terminal: bool = options["terminal"]

    def prepare(self) -> None:
        """Before the application is looked for."""
        dev_bytecode.keep_none_of_fresh_sources()
        dev_environment.load(os.getcwd())
        if self._terminal:
            dev_terminal.attach()

    def dress(self, application: Application, kind: str) -> Application:
        """What the frameworks' own servers for development do with an application."""
        if kind == "flask" or dev_environment.is_flask(application):
            dev_environment.set_flask_debug(application)
        return application

    def pin(self, application: Application) -> str:
        """Of the debugger; "" where there is none."""
        return self._debugger.pin(application) if self._debugger is not None else ""

    def around(self, application: Application) -> Application:
        """Serves what the debugger's own page asks for."""
        return self._debugger.around(application) if self._debugger is not None else application

    def broken(self, failure: dict[str, Any], exc: BaseException) -> Application:
        """An application in place of one that does not load."""

        def page(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            kind, body = dev_page.of_load(failure, exc, environ, self.code)
            start_response(_STATUS, _headers(kind, body))
            return [body]

        return page

    def trim(self, exc: BaseException) -> None:
        """Takes off the frames above the application's: ours, and the validator's."""
        trace = exc.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_ABOVE):
            trace = trace.tb_next
        if trace is not None:
            exc.__traceback__ = trace

    def page(self, exc: BaseException, environ: dict[str, Any]) -> Page:
        """For what the application has raised."""
        if self._debugger is not None and dev_page.wants_html(environ):
            answer = self._debugger.page(exc, environ)
            if answer is not None:
                return answer
        kind, body = dev_page.of_request(exc, environ, self.code, advice_of(exc))
        return _STATUS, _headers(kind, body), body


_ABOVE = ("<highball>/", validate.__file__)

_STATUS = "500 Internal Server Error"


def _headers(kind: str, body: bytes) -> list[tuple[str, str]]:
    return [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
