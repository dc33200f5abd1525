"""Settings as arguments: values of Python as the texts that the binary reads."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from os import PathLike, fspath
from typing import Any, Union

Scalar = Union[str, int, float, bool, timedelta, "PathLike[str]"]
Setting = Union[Scalar, Iterable[Scalar], Mapping[str, Scalar], None]


def texts(caller: str, settings: Mapping[str, Any]) -> dict[str, list[str]]:
    """None means that a setting is not given. Raises TypeError."""
    return {
        name: _texts(caller, name, value) for name, value in settings.items() if value is not None
    }


def _texts(caller: str, name: str, value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return ["%s=%s" % (key, _text(caller, name, entry)) for key, entry in value.items()]
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, PathLike)):
        return [_text(caller, name, entry) for entry in value]
    return [_text(caller, name, value)]


def _text(caller: str, name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return "%gs" % value.total_seconds()
    if isinstance(value, float):
        return "%gs" % value  # only a time has a fraction
    if isinstance(value, (str, int)):
        return str(value)
    if isinstance(value, PathLike):
        path = fspath(value)
        if isinstance(path, str):
            return path
    raise TypeError("%s(): %s: a value of type %s" % (caller, name, type(value).__name__))
