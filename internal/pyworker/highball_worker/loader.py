"""Loads the WSGI application that the user named, or finds it where none was named.

This module and those that it imports are imported before the user's directory is
on sys.path, so that a file there named socket.py or types.py cannot replace what
they need.
"""

from __future__ import annotations

import os

from .discovery import discover
from .importing import ModuleMissing
from .load_error import LoadError
from .middleware import wrap
from .near_names import near_path
from .search_path import enter, put_first
from .target import Loaded, from_file, from_module
from .tracebacks import trimmed_traceback

__all__ = ["LoadError", "Loaded", "load", "trimmed_traceback", "wrap"]


def load(spec: str | None, directory: str) -> Loaded:
    """The application that spec names, with directory the current one.

    spec is `module`, `module:name`, `module:obj.attr`, `module:factory("literal")`, the
    same with the path of a .py file, the path of a mod_wsgi script, the path of a
    directory, or None for the current directory. directory becomes the first entry of
    sys.path, before which only the directory that a path named may come.

    Raises LoadError for what cannot be found or served, and whatever the user's own
    code raises while it is imported.
    """
    put_first(directory)
    if spec is None or not spec.strip():
        return discover(directory)
    place, text = _split(spec.strip(), directory)
    path = os.path.normpath(os.path.join(directory, place))
    if _is_directory(place, text, path):
        return _from_directory(path, text, place)
    if not _is_path(place, path, directory):
        return _from_name(place, text, directory)
    if not os.path.exists(path):
        raise LoadError(f"there is no file {place}", [path], near_path(path))
    if os.path.basename(path) == "manage.py" and text is None:
        return _from_directory(os.path.dirname(path), None, place)
    return from_file(path, text, place)


def _split(spec: str, directory: str) -> tuple[str, str | None]:
    """The place, and the expression after its first colon."""
    if os.path.exists(os.path.join(directory, spec)):
        return spec, None
    place, colon, text = spec.partition(":")
    return place, text if colon else None


def _is_directory(place: str, text: str | None, path: str) -> bool:
    if not os.path.isdir(path):
        return False
    if os.sep in place or place in (".", ".."):
        return True
    # A bare name is rather the package of that name, unless it is a Django project.
    package = os.path.isfile(os.path.join(path, "__init__.py"))
    return text is None and (not package or os.path.isfile(os.path.join(path, "manage.py")))


def _is_path(place: str, path: str, directory: str) -> bool:
    if os.sep in place or place.endswith(".py"):
        return True
    # shop.wsgi is a script, or else the module wsgi of shop; the module comes first.
    module = os.path.join(directory, *place.split(".")) + ".py"
    return "." in place and os.path.isfile(path) and not os.path.isfile(module)


def _from_name(place: str, text: str | None, directory: str) -> Loaded:
    try:
        return from_module(place, text, directory)
    except ModuleMissing as error:
        if not place.endswith(".wsgi"):
            raise
        path = os.path.join(directory, place)
        message = f"there is neither a module nor a script {place}"
        raise LoadError(
            message, [*error.tried, path], _likelier(error.hint, near_path(path))
        ) from None


def _likelier(module: str | None, path: str | None) -> str | None:
    """A question is worth more than a list of what there is."""
    return module if module and module.startswith("did you mean") else path or module


def _from_directory(path: str, text: str | None, place: str) -> Loaded:
    manage = os.path.isfile(os.path.join(path, "manage.py"))
    if os.path.isfile(os.path.join(path, "__init__.py")) and not (manage and text is None):
        return from_file(path, text, place)
    if text is not None:
        raise LoadError(
            f"{place} is a directory, and not a package, so it has no {text}",
            hint=f"name a file of it: {os.path.join(place, 'app.py')}:{text}",
        )
    enter(path)
    return discover(path)
