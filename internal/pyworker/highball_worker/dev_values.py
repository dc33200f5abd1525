"""Values as the pages of development show them: short, and without secrets."""

from __future__ import annotations

import re
import reprlib
import types
from typing import Any

# What is called so is not shown, as a variable, a key, or a field of the request.
_SECRET = re.compile(
    r"passw|passphrase|pwd|secret|token|api_?key|private_?key|credential|signature|cookie"
    r"|authorization|session_?(id|key)",
    re.IGNORECASE,
)
_MASK = "••••••••"
_LONGEST = 1000  # characters of one value


def is_secret(name: object) -> bool:
    return isinstance(name, str) and _SECRET.search(name) is not None


class _Short(reprlib.Repr):
    """repr() that ends soon, and masks what dicts have under the names of secrets."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = 20
        self.maxstring = self.maxother = 300
        self.maxlong = 80

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        if level <= 0 and x:
            return "{...}"
        shown = []
        for key, value in list(x.items())[: self.maxdict]:
            text = _MASK if is_secret(key) else self.repr1(value, level - 1)
            shown.append(f"{self.repr1(key, level - 1)}: {text}")
        if len(x) > self.maxdict:
            shown.append("...")
        return "{" + ", ".join(shown) + "}"


def shown(name: str, value: Any) -> str:
    """Never raises, whatever the value's own repr() does."""
    if is_secret(name):
        return _MASK
    try:
        text = _Short().repr(value)
    except Exception as exc:
        return f"<{type(value).__name__}: its repr() raised {type(exc).__name__}>"
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


def variables(values: dict[str, Any], module: bool) -> list[tuple[str, str]]:
    """(name, value) of a frame's. Of a module what it imports and defines says nothing."""
    found = []
    for name, value in list(values.items()):
        if name.startswith("__") and name.endswith("__"):
            continue
        if module and isinstance(value, (types.ModuleType, types.FunctionType, type)):
            continue
        found.append((name, shown(name, value)))
    return found
