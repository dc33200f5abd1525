"""make_server(): wsgiref.simple_server's shape, with Highball in front of this process."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ._front import Application, Front, describe

if TYPE_CHECKING:
    from highball_worker.hosted import HostedSlot
    from typing_extensions import Unpack

    from ._options import Options

# What a server in a test suite is to be like: quiet, and nobody is cut by a clock.
_DEFAULTS: Mapping[str, Any] = {
    "log-level": "warning", "access-log": "off", "control": "off",
    "request-timeout": 0, "queue-timeout": 0, "drain-timeout": 1,
}  # fmt: skip

# What is for another server in this process's environment.
_FOREIGN = ("HIGHBALL_", "LISTEN_", "NOTIFY_", "WATCHDOG_")

_CLOSING = 10.0  # seconds that the front may take beyond its drain time


class WSGIServer:
    """Serves an application in the threads of this process that call it.

    With threads=1 that is the thread that calls serve_forever() or handle_request(), with
    more serve_forever() starts the others. Connections, and what they ask, are taken by
    the front, another process, from the start on: requests wait until they are served.
    """

    request_queue_size = 128
    allow_reuse_address = True
    timeout: float | None = None  # of handle_request(), in seconds

    def __init__(
        self,
        server_address: tuple[Any, ...],
        RequestHandlerClass: Any = None,
        *,
        threads: int = 1,
        application: Application | None = None,
        **settings: Any,
    ) -> None:
        _refuse_handler(RequestHandlerClass)
        for name in ("bind", "workers"):
            if name in settings:
                raise TypeError("make_server(): %s is what the call itself says" % name)
        self.application = application
        self.base_environ: dict[str, Any] = {}  # added to the environ of each request
        self._interrupted = False
        self._ended = False  # the front is gone, or this is closed
        self._closed = False
        self._stop = False
        self._idle = threading.Event()  # serve_forever() does not run
        self._idle.set()
        self.socket = self._bind(server_address)
        try:
            self._start({**_DEFAULTS, **_dashed(settings), "threads": threads})
        except BaseException:
            self.socket.close()
            raise

    def _bind(self, address: tuple[Any, ...]) -> socket.socket:
        host, port = address[:2]
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            if self.allow_reuse_address:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((host, port))
            sock.listen(self.request_queue_size)
        except BaseException:
            sock.close()
            raise
        self.server_address = sock.getsockname()
        self.server_name = socket.getfqdn(self.server_address[0])
        self.server_port: int = self.server_address[1]
        return sock

    def _start(self, settings: Mapping[str, Any]) -> None:
        environ = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
        self._front = Front(
            "make_server", settings, in_threads=True, listening=self.socket, environ=environ
        )
        from highball_worker.hosted import Hosted

        self._hosted = Hosted(self._front.command, self._call, type(self).__name__)
        self._wakeup, self._wake = socket.socketpair()
        self._wakeup.setblocking(False)
        try:
            self._hosted.start()
            self._front.await_report()
        except BaseException as exc:
            self.server_close()
            if isinstance(exc, EOFError):
                self._front.fail()
            raise

    # The application.

    def get_app(self) -> Application | None:
        return self.application

    def set_app(self, application: Application | None) -> None:
        self.application = application

    def _call(self, environ: dict[str, Any], start_response: Any) -> Any:
        application = self.get_app()
        if application is None:
            raise RuntimeError("the server has no application: call set_app()")
        if self.base_environ:
            environ.update(self.base_environ)
        try:
            return application(environ, start_response)
        except KeyboardInterrupt:
            self._interrupted = True
            raise

    # Serving.

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Serves until shutdown(). RuntimeError says that the front has ended meanwhile."""
        if self._closed:
            raise ValueError("the server is closed")
        self._idle.clear()
        others = [
            threading.Thread(
                target=self._run_thread, args=(slot, poll_interval), daemon=True,
                name="highball-slot-%d" % (index + 1),
            )
            for index, slot in enumerate(self._hosted.slots[1:])
        ]  # fmt: skip
        try:
            for thread in others:
                thread.start()
            self._serve_slot(self._hosted.slots[0], poll_interval, first=True)
        finally:
            self._stop_threads(others)
            self._idle.set()
        if self._ended:
            self._fail()

    def _stop_threads(self, threads: list[threading.Thread]) -> None:
        self._stop = True
        self._wake.send(b"\0")
        for thread in threads:
            if thread.ident is not None:
                thread.join()
        self._drain_wakeup()
        self._stop = False

    def _drain_wakeup(self) -> None:
        try:
            while self._wakeup.recv(4096):
                pass
        except BlockingIOError:
            pass

    def _run_thread(self, slot: HostedSlot, poll_interval: float) -> None:
        self.begin_thread()
        try:
            self._serve_slot(slot, poll_interval)
        finally:
            self.end_thread()

    def _serve_slot(
        self, slot: HostedSlot, poll_interval: float | None, first: bool = False
    ) -> None:
        watched = [slot, self._wakeup] + ([self._hosted.sock] if first else [])
        while not self._stop and not self._ended:
            ready = {slot} if slot.pending else _ready(watched, poll_interval)
            if self._wakeup in ready and not self._stop:
                self._drain_wakeup()  # of a shutdown() that came late
            if slot in ready and not self._stop:
                self._serve_one(slot)
            elif self._hosted.sock in ready and not self._hosted.obey():
                self._ended = True
            if first:
                self.service_actions()

    def _serve_one(self, slot: HostedSlot) -> bool:
        from highball_worker.wire import WireError

        try:
            served = slot.serve_one(self._hosted.serve, self._hosted.base)
        except (EOFError, OSError, WireError):
            self._ended = True
            return False
        if self._interrupted and threading.current_thread() is threading.main_thread():
            self._interrupted = False
            raise KeyboardInterrupt
        return served

    def handle_request(self) -> None:
        """Serves one request, or calls handle_timeout() if none comes within `timeout`."""
        if self._closed:
            raise ValueError("the server is closed")
        until = None if self.timeout is None else time.monotonic() + self.timeout
        slots = self._hosted.slots
        while not self._ended:
            pending = [slot for slot in slots if slot.pending]
            left = None if until is None else max(until - time.monotonic(), 0.0)
            ready = set(pending) or _ready([*slots, self._hosted.sock], left)
            if not ready and left == 0.0:
                self.handle_timeout()
                return
            for slot in slots:
                if slot in ready and self._serve_one(slot):
                    return
            if self._hosted.sock in ready and not self._hosted.obey():
                self._ended = True
        self._fail()

    def handle_timeout(self) -> None:
        """Called by handle_request(). For subclasses, as in socketserver."""

    def service_actions(self) -> None:
        """Called by serve_forever() between requests. For subclasses, as in socketserver."""

    def begin_thread(self) -> None:
        """Called in each thread that serve_forever() has started. For subclasses."""

    def end_thread(self) -> None:
        """Called when such a thread ends. For subclasses."""

    def _fail(self) -> None:
        if self._closed:
            return
        status = self._front.process.wait()
        raise RuntimeError("highball ended while it was needed: %s" % describe(status))

    # The end.

    def shutdown(self) -> None:
        """Has serve_forever(), which runs in another thread, return, and waits for that.

        If it does not run yet, it returns at once when it does.
        """
        self._stop = True
        self._wake.send(b"\0")
        self._idle.wait()

    def server_close(self) -> None:
        """Ends the front: responses that are ready are sent, no more requests are taken."""
        if self._closed:
            return
        self._closed = True
        self._front.ask_to_end()
        self._hosted.drain(_CLOSING)
        self._hosted.close()
        self._front.close(_CLOSING)
        self._wakeup.close()
        self._wake.close()
        self.socket.close()

    def fileno(self) -> int:
        return self.socket.fileno()

    def __enter__(self) -> WSGIServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.server_close()


def make_server(
    host: str,
    port: int,
    app: Application | None,
    server_class: type[WSGIServer] | None = None,
    handler_class: Any = None,
    *,
    threads: int = 1,
    **settings: Unpack[Options],
) -> WSGIServer:
    """A server for app, which runs in this process, on host and port (0: a free one).

    It takes the place of wsgiref.simple_server.make_server: what that one's server has,
    this one has. The settings are those of `highball run`, with underscores; request_timeout
    is off by default, nothing is logged but warnings, and neither variables nor files are
    read. handler_class is for wsgiref's own handler, and has no effect.
    """
    made: Any = server_class or WSGIServer
    if not (isinstance(made, type) and issubclass(made, WSGIServer)):
        raise TypeError(
            "make_server(): server_class is %r: want none, or a subclass of highball's WSGIServer"
            % (server_class,)
        )
    return made((host, port), handler_class, threads=threads, application=app, **settings)


def _refuse_handler(handler_class: Any) -> None:
    """wsgiref's handlers, and what is made of them, are known to do without."""
    if handler_class is None:
        return
    from socketserver import BaseRequestHandler

    if not (isinstance(handler_class, type) and issubclass(handler_class, BaseRequestHandler)):
        raise TypeError(
            "make_server(): handler_class is %r: it is no handler of wsgiref's, "
            "and would have no effect" % (handler_class,)
        )


def _dashed(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("_", "-"): value for name, value in settings.items()}


def _ready(watched: list[Any], timeout: float | None) -> set[Any]:
    poll = select.poll()
    by_number: dict[int, socket.socket | HostedSlot] = {}
    for source in watched:
        by_number[source.fileno()] = source
        poll.register(source, select.POLLIN)
    found = poll.poll(None if timeout is None else timeout * 1000)
    return {by_number[fd] for fd, _event in found}
