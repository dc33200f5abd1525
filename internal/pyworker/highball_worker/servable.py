"""Whether what was found can be served, and if not, what it is instead."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from .callables import accepts, is_asgi, is_factory
from .guesses import FACTORIES, applications
from .load_error import LoadError
from .near_names import did_you_mean

_ASGI_HINT = "serve it by an ASGI server such as uvicorn, or wrap it by a2wsgi.ASGIMiddleware"


def check(value: Any, module: ModuleType, label: str, text: str) -> Any:
    """Returns value if it can be a WSGI application; text is its expression in module."""
    target = f"{label}:{text}"
    if not callable(value):
        raise _not_callable(value, module, label, text)
    if is_asgi(value):
        raise _asgi(value, module, label, text)
    named_factory = text in FACTORIES and is_factory(value)
    if accepts(value, 2) is not False and not named_factory:
        return value
    hint = None
    if not text.endswith(")") and accepts(value, 0):
        hint = did_you_mean([target + "()"])
    elif not text.endswith(")") and getattr(value, "__name__", "") in FACTORIES:
        hint = f"did you mean to call it, as {target}(...) with its arguments as literals?"
    raise LoadError(
        f"{target} is not a WSGI application: it cannot be called with (environ, start_response)",
        hint=hint or _others(module, label, text),
    )


def _not_callable(value: Any, module: ModuleType, label: str, text: str) -> LoadError:
    kind = type(value).__name__
    if kind == "coroutine":
        value.close()
        return LoadError(f"{label}:{text} is an async function; a factory must be a plain one")
    returned = "returned" if text.endswith(")") else "is"
    what = "None" if value is None else f"a {kind}"
    return LoadError(
        f"{label}:{text} {returned} {what}, which is not callable",
        hint=_others(module, label, text),
    )


def _asgi(value: Any, module: ModuleType, label: str, text: str) -> LoadError:
    hint = _others(module, label, text) or _ASGI_HINT
    if type(value).__module__.startswith("django.") and "asgi" in label:
        hint = did_you_mean(["wsgi".join(label.rsplit("asgi", 1)) + ":" + text])
    return LoadError(
        f"{label}:{text} is an ASGI application, and Highball serves WSGI applications",
        hint=hint,
    )


def _others(module: ModuleType, label: str, text: str) -> str | None:
    found = [f"{label}:{other}" for other in applications(module) if other != text]
    return did_you_mean(found[:3]) if found else None
