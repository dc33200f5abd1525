"""Imports the user's modules, and tells "not there" from "broken inside"."""

from __future__ import annotations

import os
import sys
from types import ModuleType

from .load_error import LoadError
from .near_names import near_module
from .tracebacks import in_user_code, user_location


class ModuleMissing(LoadError):
    """The module itself does not exist. What fails inside it is never a ModuleMissing."""


def import_module(name: str, root: str) -> ModuleType:
    """Imports name; root is the entry of sys.path where it is expected.

    Exceptions of the module's own code pass through unchanged.
    """
    if not all(name.split(".")):
        raise LoadError(f"{name!r} is not the name of a module")
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        if not _is_missing(error, name):
            raise
        _check_not_hidden(name, root)
        raise _missing(name, root) from None
    except SystemExit as error:
        raise exited(f"module {name}", error) from error
    _check_not_hidden(name, root)
    return sys.modules[name]


def exited(what: str, error: SystemExit) -> LoadError:
    """The failure of a module or a factory that called sys.exit()."""
    place = user_location(error.__traceback__)
    at = f" at {place}" if place else ""
    return LoadError(
        f"{what} called sys.exit({error.code!r}){at} while it was loaded",
        hint='put what must not run at import under `if __name__ == "__main__":`',
    )


def _is_missing(error: ModuleNotFoundError, name: str) -> bool:
    part = error.name
    if part is None or (part != name and not name.startswith(part + ".")):
        return False
    return not in_user_code(error.__traceback__)


def _missing(name: str, root: str) -> ModuleMissing:
    stem = os.path.join(root, *name.split("."))
    tried = [stem + ".py", os.path.join(stem, "__init__.py"), "the rest of sys.path"]
    parent, _, last = name.rpartition(".")
    if hasattr(sys.modules.get(parent), last):
        hint: str | None = f"did you mean {parent}:{last}?"
    else:
        hint = near_module(name, root)
    return ModuleMissing(f"there is no module {name}", tried, hint)


def _check_not_hidden(name: str, root: str) -> None:
    """A user's socket.py can never be imported where the standard module already is."""
    top = name.partition(".")[0]
    local = os.path.join(root, top)
    candidates = [local + ".py", os.path.join(local, "__init__.py")]
    expected = next((path for path in candidates if os.path.isfile(path)), None)
    module = sys.modules.get(top)
    if expected is None or not isinstance(module, ModuleType):
        return
    file = getattr(module, "__file__", None)
    # Its directory is compared and not the file: an extension module wins over a .py.
    if file and os.path.realpath(os.path.dirname(file)) in map(os.path.realpath, (root, local)):
        return
    raise LoadError(
        f"{expected} cannot be imported: another module named {top} is loaded"
        f" ({file or 'built in'})",
        hint=f"rename {os.path.relpath(expected)}",
    )
