"""The code of a worker, which the binary brings: the two can never be of different versions.

It comes as bootstrap.py of the binary has it, by a pipe: a length, that bootstrap, which
is not for us, and a marshalled dict of sources.
"""

import importlib.util
import marshal
import os
import sys
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Optional

from . import _exceptions

_PACKAGE = "highball_worker"


def is_loaded() -> bool:
    return _PACKAGE in sys.modules or any(type(f) is Importer for f in sys.meta_path)


def load(fd: int) -> None:
    """Reads the code from a pipe, if it comes, and has it be importable."""
    with os.fdopen(fd, "rb") as pipe:
        length = pipe.readline()
        if not length.strip():
            return  # the binary has failed, and says so elsewhere
        pipe.read(int(length))
        sources = marshal.loads(pipe.read())
    # What a worker raises is what this package exports.
    sys.modules.setdefault(_PACKAGE + ".public", _exceptions)
    sys.meta_path.insert(0, Importer(sources))


class Importer(Loader):
    """Finds and loads the modules of a dict of sources."""

    def __init__(self, sources: dict[str, str]) -> None:
        self.sources = sources

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Optional[ModuleSpec]:
        if name not in self.sources:
            return None
        origin = "<highball>/" + name.replace(".", "/") + ".py"
        return importlib.util.spec_from_loader(
            name, self, origin=origin, is_package=name == _PACKAGE
        )

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def get_source(self, name: str) -> str:
        return self.sources[name]

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        assert spec is not None and spec.origin is not None
        module.__file__ = spec.origin
        exec(compile(self.sources[spec.name], spec.origin, "exec"), module.__dict__)
