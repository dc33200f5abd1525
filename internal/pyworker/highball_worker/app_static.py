"""Which static files the application's framework knows of, for the front to serve.

Nothing here may break the application: what goes wrong is a note for the log.
"""

import os
import sys
from typing import Any, NamedTuple

from . import wire

OFF = "off"
DEPLOYED = "deployed"
DEV = "dev"  # another mode is "", which is deployed for Django alone


class Directory(NamedTuple):
    """Files below a path."""

    url: str
    #: whether url comes behind SCRIPT_NAME
    relative: bool
    dir: str
    #: Cache-Control; empty: the front's to say
    cache: str = ""
    #: names have a digest of their content in them
    hashed: bool = False


class Found(NamedTuple):
    directories: list[Directory]
    notes: list[str]

    def report(self) -> dict[str, Any]:
        return {
            "static": [_plain(directory) for directory in self.directories],
            "static_notes": [wire.text(note) for note in self.notes],
        }


def _plain(directory: Directory) -> dict[str, Any]:
    fields = directory._asdict()
    fields.update(url=wire.text(directory.url), dir=wire.text(directory.dir))
    return fields


def of(application: Any, mode: str) -> Found:
    """What is known of an application as it was loaded, without the server's middleware."""
    found = Found([], [])
    if mode == OFF:
        return found
    try:
        _look(application, mode, found)
    except Exception as exc:
        found.notes.append(
            "those of the application are not served: %s: %s" % (type(exc).__name__, exc)
        )
    return found


def _look(application: Any, mode: str, found: Found) -> None:
    # Imported only where the framework is: they cost the start of others nothing.
    if "django.conf" in sys.modules and sys.modules["django.conf"].settings.configured:
        from . import django_static

        django_static.add(mode, found)
    flask = sys.modules.get("flask")
    if mode and flask is not None and isinstance(application, flask.Flask):
        from . import flask_static

        flask_static.add(application, mode, found)


def is_directory(path: Any) -> bool:
    return bool(path) and os.path.isdir(path)
