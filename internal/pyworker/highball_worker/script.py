"""Runs a file that has no importable name, as mod_wsgi runs its scripts."""

from __future__ import annotations

import os
import sys
from types import ModuleType

from .importing import exited


def run_script(path: str, name: str = "") -> ModuleType:
    """Executes the file as a module of its own name, or of this one, which is also in sys.modules.

    As under mod_wsgi, the script's directory is not put on sys.path, and no
    bytecode is written.
    """
    path = os.path.abspath(path)
    if not name:
        name = "_mod_wsgi_" + "".join(char if char.isalnum() else "_" for char in path)
    module = ModuleType(name)
    module.__file__ = path
    with open(path, "rb") as source:
        code = compile(source.read(), path, "exec", dont_inherit=True)
    sys.modules[name] = module
    try:
        exec(code, module.__dict__)
    except SystemExit as error:
        del sys.modules[name]
        raise exited(path, error) from error
    except BaseException:
        del sys.modules[name]
        raise
    return module
