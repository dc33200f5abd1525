"""How manage.py becomes the server: its command line, and the settings that go with it."""

import datetime
import json
import os
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

#: Read by cmd/highball/django.go.
VARIABLE = "DJANGO_HIGHBALL"

# Django's own options, which manage.py takes before any command does.
_WITH_VALUE = ("--settings", "-v", "--verbosity")
_ALONE = ("--traceback", "--no-color", "--force-color", "--skip-checks")


class Line(NamedTuple):
    """A command line of manage.py, taken apart."""

    dev: bool
    help: bool
    #: what the binary is to get
    flags: list[str]


def read_line(arguments: list[str]) -> Line:
    """Takes out what is Django's; the rest is the server's to judge.

    The first argument may be an address, as runserver's.
    """
    dev = wants_help = False
    flags = []
    rest = iter(_with_bind(arguments))
    for argument in rest:
        if argument in ("-h", "--help"):
            wants_help = True
        elif argument == "--dev":
            dev = True
        elif argument in _WITH_VALUE:
            next(rest, None)
        elif argument not in _ALONE and argument.split("=")[0] not in _WITH_VALUE:
            flags.append(argument)
    return Line(dev, wants_help, flags)


def _with_bind(arguments: list[str]) -> list[str]:
    if not arguments or arguments[0].startswith("-"):
        return arguments
    return ["--bind", address(arguments[0]), *arguments[1:]]


def address(text: str) -> str:
    """What runserver means by it: 8000 is a port of this machine alone, 0 every address."""
    if text.isdigit():
        return "127.0.0.1:" + text
    return "0.0.0.0" + text[1:] if text.startswith("0:") else text


class SettingsError(Exception):
    """HIGHBALL is not what it is to be."""


def values(given: Any, defaults: Mapping[str, str]) -> dict[str, Any]:
    """What HIGHBALL says, as JSON can hold it, with defaults for what it does not say.

    Whether a name is a setting, and a value right for it, the server says.
    """
    if not isinstance(given, Mapping):
        raise SettingsError("HIGHBALL is a %s: write a dict" % type(given).__name__)
    found: dict[str, Any] = {}
    for name, value in given.items():
        if not isinstance(name, str):
            raise SettingsError("HIGHBALL[%r]: the name of a setting is a string" % (name,))
        key = name.lower().replace("-", "_")
        if key in found:
            raise SettingsError("HIGHBALL[%r]: the setting is there twice" % name)
        if value is not None:
            found[key] = _plain(value, "HIGHBALL[%r]" % name)
    return {**defaults, **found}


def _plain(value: Any, place: str) -> Any:
    if isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, (list, tuple)):
        return [_plain(entry, "%s[%d]" % (place, index)) for index, entry in enumerate(value)]
    if isinstance(value, Mapping):
        return {str(name): _plain(entry, "%s[%r]" % (place, name)) for name, entry in value.items()}
    if value.__class__.__module__ == "django.utils.functional":  # a lazy text
        return str(value)
    raise SettingsError("%s: a %s is no setting's value" % (place, type(value).__name__))


def application(wsgi_application: Optional[str]) -> str:
    """Django's dotted path as the server wants it."""
    if not wsgi_application:
        return "django.core.wsgi:get_wsgi_application()"
    module, _, name = wsgi_application.rpartition(".")
    return "%s:%s" % (module, name)


def project(script: str) -> str:
    """The directory of manage.py; of django-admin, the current one."""
    if os.path.basename(script) == "manage.py":
        return os.path.dirname(os.path.abspath(script))
    return os.getcwd()


def environ(found: dict[str, Any], module: str, time_zone: Optional[str]) -> dict[str, str]:
    """The environment of the server: it is this process, which becomes it."""
    handover = {"pid": os.getpid(), "name": module + ": HIGHBALL", "settings": found}
    environ = {**os.environ, VARIABLE: json.dumps(handover)}
    if time_zone and environ.get("TZ") == time_zone:  # Django's, for this process: not the log's
        before = _at_start("TZ")
        if before is None:
            del environ["TZ"]
        else:
            environ["TZ"] = before
    return environ


def _at_start(name: str) -> Optional[str]:
    """What a variable was when this process began."""
    try:
        with open("/proc/self/environ", "rb") as source:
            entries = source.read().split(b"\0")
    except OSError:  # not Linux
        return None
    prefix = os.fsencode(name) + b"="
    return next((os.fsdecode(e[len(prefix) :]) for e in entries if e.startswith(prefix)), None)


def as_flags(found: Mapping[str, str]) -> list[str]:
    """For `highball dev`, which takes no settings over."""
    return ["--%s=%s" % (name, value) for name, value in found.items()]


def defaults() -> dict[str, str]:
    """What is known here, and the server would have to find."""
    return {"chdir": project(sys.argv[0]), "python": sys.executable}
