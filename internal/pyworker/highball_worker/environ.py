"""The part of environ that is the same for each request of a process."""

import sys
from typing import Any

from .filewrapper import FileWrapper


def base(config: dict[str, Any]) -> dict[str, Any]:
    """PEP 3333, "environ Variables"; the front sends what differs by request."""
    environ: dict[str, Any] = dict(config["environ"])
    environ.update(
        {
            "SERVER_SOFTWARE": "highball/" + config["version"],
            "wsgi.version": (1, 0),
            "wsgi.multithread": config["threads"] > 1,
            "wsgi.multiprocess": config["multiprocess"],
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
            "wsgi.file_wrapper": FileWrapper,
        }
    )
    return environ


def python_version() -> str:
    """As "CPython 3.13.0" or "PyPy 3.9.16", for the start-up lines."""
    name = {"cpython": "CPython", "pypy": "PyPy"}.get(sys.implementation.name)
    return "%s %s" % (name or sys.implementation.name, sys.version.split()[0])
