"""Finds the application of a directory for which the user named none."""

from __future__ import annotations

import os
import re

from .callables import is_flask
from .django_project import load_project
from .guesses import in_directory
from .load_error import LoadError
from .near_names import near_path
from .target import Loaded, from_file, from_module


def discover(directory: str) -> Loaded:
    """Django's manage.py first, then FLASK_APP, then wsgi.py and app.py.

    The first that exists decides: what is wrong with it is reported, and nothing
    else is tried. directory is the current one.
    """
    project = load_project(directory)
    if project is not None:
        return project
    named = os.environ.get("FLASK_APP")
    if named:
        return _named_by_flask(named, directory)
    for name in ("wsgi", "app"):
        for path in (f"{name}.py", os.path.join(name, "__init__.py")):
            if os.path.isfile(os.path.join(directory, path)):
                return _flask(from_file(os.path.join(directory, path), None, path))
    raise LoadError(
        f"no application was named, and none was found in {directory}",
        [
            "manage.py of a Django project",
            "the environment variable FLASK_APP",
            "wsgi.py",
            "app.py",
        ],
        _by_dotenv(directory)
        or in_directory(directory)
        or "name it as module:name, such as shop.wsgi:application",
    )


def _by_dotenv(directory: str) -> str:
    """`flask` reads it; what a server reads should not lie in files of developers."""
    for name in (".env", ".flaskenv"):
        try:
            with open(os.path.join(directory, name), encoding="utf-8") as file:
                found = re.search(r"(?m)^(?:export )?FLASK_APP=[\"']?([^\s\"']+)", file.read())
        except (OSError, ValueError):
            continue
        if found:
            named = found.group(1)
            return f"FLASK_APP of {name} is for `highball dev` alone: name it here, as {named}"
    return ""


def _named_by_flask(value: str, directory: str) -> Loaded:
    place, *rest = re.split(r":(?![\\/])", value.strip(), maxsplit=1)
    text = rest[0] if rest else None
    path = os.path.join(directory, place)
    try:
        if os.path.exists(path):
            loaded = from_file(path, text, place, bare_factory=True)
        elif os.sep in place or place.endswith(".py"):
            raise LoadError(f"there is no file {place}", [path], near_path(path))
        else:
            loaded = from_module(place, text, directory, bare_factory=True)
    except LoadError as error:
        message = f"{error.message} (the environment variable FLASK_APP is {value!r})"
        raise LoadError(message, error.tried, error.hint) from error.__cause__
    return loaded._replace(kind="flask")


def _flask(loaded: Loaded) -> Loaded:
    return loaded._replace(kind="flask") if is_flask(loaded.application) else loaded
