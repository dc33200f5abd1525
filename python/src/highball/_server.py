"""serve(): an application that this program has made, in workers forked from it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ._front import Application, Front, describe, name_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._options import ServeOptions

# The signals that end the server, with what Python makes of them of itself.
_ENDING = (
    (signal.SIGINT, (signal.default_int_handler, signal.SIG_DFL)),
    (signal.SIGTERM, (signal.SIG_DFL,)),
)


class Server:
    """Serves app by workers that are forked from the thread that calls run().

    The settings are those of `highball run`, with underscores. ValueError and TypeError
    say what is wrong with one, when run() is called.
    """

    def __init__(self, app: Application, **settings: Unpack[ServeOptions]) -> None:
        if not callable(app):
            raise TypeError(
                "serve(): the application is not callable: it is of type %s" % type(app).__name__
            )
        self._app = app
        self._settings = settings
        self._front: Front | None = None
        self._lock = threading.RLock()  # a signal may come within
        self._stop = False
        self._listens = threading.Event()
        self._ended = threading.Event()
        self._ended.set()

    @property
    def addresses(self) -> list[str]:
        """The URLs that the server answers on; none before it listens."""
        return list(self._front.addresses) if self._front is not None else []

    def wait_until_ready(self, timeout: float | None = None) -> bool:
        """Waits, in another thread than run()'s, until the server listens, or has ended.

        Says whether it listens.
        """
        self._listens.wait(timeout)
        return bool(self.addresses) and not self._ended.is_set()

    def run(self) -> None:
        """Serves until stop(), shutdown(), SIGINT or SIGTERM.

        In the main thread the two signals are handled, where they have Python's own
        handlers. OSError says that an address cannot be had, RuntimeError that the
        server has failed.
        """
        with self._lock:
            if not self._ended.is_set():
                raise RuntimeError("the server runs already")
            self._ended.clear()
            self._listens.clear()
            self._stop = False
        try:
            front = Front("serve", self._settings, in_threads=False)
            with self._lock:
                self._front = front
                stop = self._stop
            if stop:
                front.ask_to_end()
            self._serve(front)
        finally:
            self._ended.set()
            self._listens.set()

    def _serve(self, front: Front) -> None:
        from highball_worker.attached import Attached

        zygote = Attached(front.command, self._app, name_of(self._app))
        zygote.watch(front.report_fd, self._reported)
        try:
            with self._signals():
                zygote.run()
        except BaseException:  # of a handler of the program's: it wants to end
            self.stop()
            zygote.run()
            raise
        finally:
            zygote.close()
            front.close()
            zygote.wait()
        if not front.asked:
            front.raise_told()
            if front.process.returncode or not front.addresses:
                raise RuntimeError("highball failed: %s" % describe(front.process.returncode))

    def _reported(self) -> bool:
        assert self._front is not None
        more = self._front.read_report()
        if not more:
            self._listens.set()
        return more

    def stop(self) -> None:
        """Has run() end, in whatever thread: requests in progress finish first.

        A second call ends them at once.
        """
        with self._lock:
            self._stop = True
            front = self._front
        if front is not None and not self._ended.is_set():
            front.ask_to_end()

    def shutdown(self) -> None:
        """stop(), and waits until run() is about to return: not in run()'s own thread."""
        self.stop()
        self._ended.wait()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM stop the server, unless the program has its own handlers."""
        before: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            pid = os.getpid()

            def stop(number: int, frame: Any) -> None:
                if os.getpid() == pid:
                    self.stop()

            for number, own in _ENDING:
                if signal.getsignal(number) in own:
                    before[number] = signal.signal(number, stop)
        try:
            yield
        finally:
            for changed, handler in before.items():
                signal.signal(changed, handler)


def serve(app: Application, **settings: Unpack[ServeOptions]) -> None:
    """Serves app, a WSGI application that this program has made, until it is told to end.

    The settings are those of `highball run`, with underscores: bind="0.0.0.0:8000",
    workers=4, threads=8. Variables HIGHBALL_… are read as well, highball.toml is not. Workers
    are forked from this process once app is there, as with gunicorn's --preload: threads,
    sockets and database connections that exist by now are better made later.

    Returns after SIGINT, SIGTERM or the end by `highball ctl stop`. ValueError and TypeError
    say what is wrong with a setting, OSError that an address cannot be had, RuntimeError
    that the server has failed.
    """
    Server(app, **settings).run()
