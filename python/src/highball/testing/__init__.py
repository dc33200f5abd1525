"""Live servers for test suites: an application of this process, asked over real sockets."""

import threading
from types import TracebackType
from typing import Any, Optional

from .._front import Application
from .._wsgi_server import WSGIServer, make_server

__all__ = ["LiveServer"]


class LiveServer:
    """Serves app in threads of this process, so that the two share memory, databases, patches.

    A context manager; start() and stop() do the same. The settings are make_server's.
    """

    def __init__(
        self,
        app: Application,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        threads: int = 4,
        **settings: Any,
    ) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._settings = {**settings, "threads": threads}
        self._server: Optional[WSGIServer] = None
        self._thread: Optional[threading.Thread] = None
        self._failure: Optional[BaseException] = None

    @property
    def server(self) -> WSGIServer:
        if self._server is None:
            raise RuntimeError("the live server has not been started: use it in a with statement")
        return self._server

    @property
    def host(self) -> str:
        return self._host

    @property
    def port(self) -> int:
        """The one that the server listens on, also where 0 was asked for."""
        return self.server.server_port

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        host = "[%s]" % self._host if ":" in self._host else self._host
        return "http://%s:%d" % (host, self.port)

    def __str__(self) -> str:
        return self.url

    def __add__(self, path: str) -> str:
        return self.url + path

    def start(self) -> None:
        """Returns when requests are taken."""
        if self._server is not None:
            raise RuntimeError("the live server has been started already")
        self._server = make_server(self._host, self._port, self._app, **self._settings)
        self._thread = threading.Thread(target=self._serve, name="highball-live", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        try:
            self.server.serve_forever()
        except BaseException as exc:  # for stop(), whose caller would not learn of it
            self._failure = exc

    def stop(self) -> None:
        """Requests in progress finish first. Raises what the server has failed by."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = self._thread = None
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def __enter__(self) -> "LiveServer":
        self.start()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.stop()
