"""The slots of workers that have hooks, or a log, for each request."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Callable

from . import wire
from .hook_requests import RequestView, ResponseView
from .response import Response
from .slot import Slot

if TYPE_CHECKING:
    from .hook_calls import CalledHooks
    from .hook_objects import Worker


class CountingSlot(Slot):
    """Counts its requests, for worker.nr."""

    count = 0

    def _run(
        self, application: Callable[..., Any], environ: dict[str, Any], response: Response
    ) -> BaseException | None:
        self.count += 1
        return super()._run(application, environ, response)


class HookedSlot(Slot):
    """Calls pre_request and post_request around each request, and tells the log of it.

    What comes after the request is a part of it: the slot is not free before, and the
    request's timeout holds for it.
    """

    def __init__(self, hooks: CalledHooks, worker: Worker, *given: Any) -> None:
        super().__init__(*given)
        self._hooks = hooks
        self._worker = worker
        self._before = hooks.functions.get("pre_request")
        self.count = 0

    def _run(
        self, application: Callable[..., Any], environ: dict[str, Any], response: Response
    ) -> BaseException | None:
        call = _Call(self._hooks, self._worker, environ, response)
        before = self._before
        if before is None:
            self.count += 1
            call.passed()
            failure = super()._run(application, environ, response)
        else:

            def serve(environ: dict[str, Any], start_response: Any) -> Any:
                before(self._worker, call.request)
                self.count += 1
                call.passed()
                return application(environ, start_response)

            failure = super()._run(serve, environ, response)
        response.freed = False
        call.result = response.result
        response.result = call  # whose close() comes when all has been sent
        return failure

    def send(self, kind: int, number: int, flags: int, payload: bytes, took: int = 0) -> None:
        if kind == wire.RESPONSE:
            flags &= ~wire.FREE  # there is more to do
        super().send(kind, number, flags, payload, took)


class _Call:
    """One request, and what is to be done after it."""

    def __init__(
        self, hooks: CalledHooks, worker: Worker, environ: dict[str, Any], response: Response
    ) -> None:
        self.request = RequestView(environ)
        self.result: Any = None
        self._hooks = hooks
        self._worker = worker
        self._environ = environ
        self._view = ResponseView(self.request, response)
        self._passed = False
        self._began = time.monotonic()

    def passed(self) -> None:
        """pre_request has let it pass: gunicorn has environ and a response from then on."""
        self._passed = True
        self._began = time.monotonic()

    def close(self) -> None:
        """That of what the application has returned, and what gunicorn does around it."""
        try:
            if self._hooks.accesses:
                self._log()
            close = getattr(self.result, "close", None)
            if close is not None:
                close()
        finally:
            self._hooks.notify(
                "post_request",
                worker=self._worker,
                req=self.request,
                environ=self._environ if self._passed else {},
                resp=self._view if self._passed else None,
            )

    def _log(self) -> None:
        took = timedelta(seconds=time.monotonic() - self._began)
        log = self._hooks.server.log
        try:
            log.access(self._view, self.request, self._environ, took)
        except Exception:
            log.exception("the access log failed")
