"""Finds the application of a module where the user named none."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from .callables import is_flask
from .expression import call_factory
from .guesses import FACTORIES, near_attribute
from .load_error import LoadError
from .servable import check


def find(module: ModuleType, label: str) -> tuple[Any, str]:
    """The application and its expression in module.

    `application` comes before `app`, as PEP 3333 servers have it. Where both are
    Flask applications it is the other way, as Flask has it; but a module that wraps
    its `app` (`application = ProxyFix(app)`) means the wrapper. The rest are Flask's
    rules: the only Flask instance, then a factory that needs no arguments.
    """
    names = ("application", "app")
    if all(is_flask(getattr(module, name, None)) for name in names):
        names = ("app", "application")
    for name in names:
        value = getattr(module, name, None)
        if callable(value):
            return check(value, module, label, name), name
    only = _only_flask(module, label)
    if only:
        return getattr(module, only), only
    for name in FACTORIES:
        factory = getattr(module, name, None)
        if callable(factory):
            text = name + "()"
            return check(call_factory(factory, f"{label}:{text}"), module, label, text), text
    tried = [f"{label}:{text}" for text in ("application", "app", "create_app()", "make_app()")]
    tried.insert(2, f"an only instance of flask.Flask in {label}")
    raise LoadError(
        f"{label} holds no WSGI application", tried, near_attribute(module, "application", label)
    )


def _only_flask(module: ModuleType, label: str) -> str | None:
    instances: dict[int, str] = {}
    for name, value in list(getattr(module, "__dict__", {}).items()):
        if is_flask(value):
            instances.setdefault(id(value), name)
    names = list(instances.values())
    if len(names) > 1:
        raise LoadError(
            f"{label} holds several Flask applications: {', '.join(names)}",
            hint=f"name the one to serve: {label}:{names[0]}",
        )
    return names[0] if names else None
