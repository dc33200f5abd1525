"""What `flask run --debug` and `manage.py runserver` do before they serve."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from .callables import is_flask

__all__ = ["is_flask", "load", "set_flask_debug"]

_FALSE = ("0", "false", "no")


def load(directory: str) -> None:
    """FLASK_DEBUG, and the variables of .env and .flaskenv, as the command `flask` has it."""
    os.environ.setdefault("FLASK_DEBUG", "1")
    if os.environ.get("FLASK_SKIP_DOTENV", "").lower() not in ("", *_FALSE):
        return
    if os.path.isfile(os.path.join(directory, "manage.py")):
        return  # Django's own commands read none
    try:
        dotenv = importlib.import_module("dotenv")
    except ImportError:
        _miss_dotenv(directory)
        return
    for name in (".env", ".flaskenv"):  # what is set already stays
        path = dotenv.find_dotenv(name, usecwd=True)
        if path:
            dotenv.load_dotenv(path, encoding="utf-8")


def _miss_dotenv(directory: str) -> None:
    found = [
        name for name in (".env", ".flaskenv") if os.path.isfile(os.path.join(directory, name))
    ]
    if found:
        print(
            "%s is not read: install python-dotenv to have it read" % " and ".join(found),
            file=sys.stderr,
        )


def set_flask_debug(application: Any) -> None:
    """Exceptions then come out of the application."""
    if is_flask(application):
        application.debug = os.environ["FLASK_DEBUG"].lower() not in _FALSE
