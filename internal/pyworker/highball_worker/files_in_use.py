"""Which files the application is made of, told to the front while it grows.

What is not imported yet the front cannot know of: a module may be imported by the first
request that needs it.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import traceback
from collections.abc import Callable

from . import native

# How often the modules are counted, in seconds.
_LOOK = 0.5

_STDLIB = tuple(
    os.path.join(path, "")
    for path in {sysconfig.get_paths()["stdlib"], sysconfig.get_paths()["platstdlib"]}
)
_PACKAGES = ("site-packages" + os.sep, "dist-packages" + os.sep)


class FilesInUse:
    """Tells each file once."""

    def __init__(self, send: Callable[[list[str]], None]) -> None:
        self._send = send
        self._told: set[str] = set()
        self._modules = 0

    def tell(self, failure: BaseException | None = None) -> None:
        """Tells what is new; what failed while it was imported is no module any more."""
        self._modules = len(sys.modules)
        found = set(_modules())
        while failure is not None:
            found.update(_of_failure(failure))
            failure = failure.__cause__ or failure.__context__
        fresh = sorted(found - self._told)
        self._told.update(fresh)
        if fresh:
            self._send(fresh)

    def follow(self) -> None:
        """Goes on telling, in a thread of its own."""
        native.thread("highball-files", self._follow)

    def _follow(self) -> None:
        while True:
            native.sleep(_LOOK)
            if len(sys.modules) == self._modules:
                continue
            try:
                self.tell()
            except OSError:
                return  # the front is going


def _modules() -> list[str]:
    found = []
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and counts(file):
            found.append(os.path.abspath(_source(file)))
    return found


def _of_failure(failure: BaseException) -> list[str]:
    files = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(failure.__traceback__)]
    if isinstance(failure, SyntaxError) and failure.filename:
        files.append(failure.filename)
    return [os.path.abspath(file) for file in files if counts(file) and os.path.exists(file)]


def counts(file: str) -> bool:
    """Not what is built in or ours, nor the standard library, which nobody edits."""
    if file.startswith("<"):
        return False
    if any(packages in file for packages in _PACKAGES):
        return True
    return not file.startswith(_STDLIB)


def _source(file: str) -> str:
    """A module that was loaded without its source still goes by it."""
    return file[:-1] if file.endswith(".pyc") else file
