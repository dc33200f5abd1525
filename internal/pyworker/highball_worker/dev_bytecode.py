"""No bytecode of a source that was changed just now.

A .pyc is good for a source of the same size and the same second: of two saves within a
second, the second would not be seen.
"""

from __future__ import annotations

import os
import time
from importlib.machinery import SourceFileLoader
from typing import Any

_FRESH = 2.0  # seconds


def keep_none_of_fresh_sources() -> None:
    write: Any = getattr(SourceFileLoader, "_cache_bytecode", None)
    if write is None:
        return

    def careful(self: Any, source: str, bytecode: str, data: bytes) -> None:
        try:
            fresh = time.time() - os.stat(source).st_mtime < _FRESH
        except OSError:
            fresh = True
        if not fresh:
            write(self, source, bytecode, data)

    setattr(SourceFileLoader, "_cache_bytecode", careful)  # noqa: B010 - not in the stubs
