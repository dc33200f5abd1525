"""Django's live server tests, with Highball as the server.

As with Django's own server, the static files handler stands around the application, and
databases in memory are shared between the threads of the test and those of the server.
"""

from __future__ import annotations

from typing import Any

from django.contrib.staticfiles.testing import StaticLiveServerTestCase
from django.db import connections
from django.test.testcases import LiveServerTestCase, LiveServerThread

from .._wsgi_server import WSGIServer

__all__ = [
    "HighballLiveServerMixin",
    "HighballLiveServerTestCase",
    "HighballLiveServerThread",
    "HighballStaticLiveServerTestCase",
    "install",
]

# Pages ask for several things at a time, and Django's server has no bound.
THREADS = 8


class DjangoServer(WSGIServer):
    """In the place of Django's ThreadedWSGIServer: what that one is called with.

    Its threads use the connections to databases that the test uses.
    """

    def __init__(
        self,
        server_address: tuple[str, int],
        RequestHandlerClass: Any = None,
        *,
        allow_reuse_address: bool = True,
        connections_override: Any = None,
        **settings: Any,
    ) -> None:
        self.allow_reuse_address = allow_reuse_address
        self._override = connections_override or {}
        super().__init__(server_address, RequestHandlerClass, **{"threads": THREADS, **settings})

    def begin_thread(self) -> None:
        for alias, connection in self._override.items():
            connections[alias] = connection

    def end_thread(self) -> None:
        connections.close_all()


class HighballLiveServerThread(LiveServerThread):  # type: ignore[misc, unused-ignore]
    server_class = DjangoServer


class HighballLiveServerMixin:
    """In front of another class of live server tests."""

    server_thread_class = HighballLiveServerThread


class HighballLiveServerTestCase(HighballLiveServerMixin, LiveServerTestCase):  # type: ignore[misc, unused-ignore]
    """django.test.LiveServerTestCase."""


class HighballStaticLiveServerTestCase(
    HighballLiveServerMixin,
    StaticLiveServerTestCase,  # type: ignore[misc, unused-ignore]
):
    """django.contrib.staticfiles.testing.StaticLiveServerTestCase."""


def install() -> None:
    """Has all live servers of Django's tests be Highball's, those of pytest-django, too."""
    LiveServerThread.server_class = DjangoServer
