"""Highball serves WSGI applications.

`serve` and `make_server` serve an application that this program has made. The two
exceptions are what an application may see while it is served.
"""

import sys
from typing import TYPE_CHECKING, Any

__all__ = ["ClientDisconnected", "RequestTimeout", "Server", "__version__", "make_server", "serve"]

if TYPE_CHECKING or "highball_worker.public" not in sys.modules:
    from ._exceptions import ClientDisconnected, RequestTimeout
else:  # this is a worker: what it raises is what the application is to catch
    from highball_worker.public import ClientDisconnected, RequestTimeout

if TYPE_CHECKING:
    from ._server import Server, serve
    from ._wsgi_server import make_server

    __version__: str

# Imported when they are asked for: an application in a worker wants none of them.
_LATER = {"Server": "_server", "serve": "_server", "make_server": "_wsgi_server"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("highball")
    if name not in _LATER:
        raise AttributeError("module 'highball' has no attribute %r" % name)
    from importlib import import_module

    return getattr(import_module("highball." + _LATER[name]), name)
