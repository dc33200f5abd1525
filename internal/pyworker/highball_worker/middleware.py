"""Wraps the application by the middleware that the configuration names."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .expression import Expression, call_factory
from .importing import import_module
from .load_error import LoadError
from .servable import check
from .validation import validated

Application = Callable[..., Any]


def wrap(
    application: Application,
    middleware: list[str],
    validate: bool,
    around: Callable[[Application, str], Application] | None = None,
) -> Application:
    """The application inside its middleware, the first of which is outermost.

    Each is `module:name`, called as name(application), or `module:name(key=1)`, called
    as name(application, key=1). With validate, wsgiref's validator checks both sides of
    PEP 3333 directly around the application.

    With around, each layer is replaced by what around(layer, name) returns: `highball
    trace` and `highball check` look at them so.
    """
    around = around or _bare
    application = around(application, "the application")
    if validate:
        application = around(validated(application), "wsgiref.validate")
    for spec in reversed(middleware):
        application = around(_apply(spec, application), spec.strip())
    return application


def _bare(layer: Application, name: str) -> Application:
    return layer


def _apply(spec: str, application: Application) -> Application:
    name, colon, text = spec.strip().partition(":")
    if not colon:
        raise LoadError(
            f"the middleware {spec!r} names no callable",
            hint="write it as module:name or module:name(key=1)",
        )
    expression = Expression(text)
    module: ModuleType = import_module(name, os.getcwd())
    factory = expression.lookup(module, name)
    arguments = expression.args
    wrapped = call_factory(factory, spec, application, *arguments, **expression.kwargs)
    result: Application = check(wrapped, module, name, _called(expression))
    return result


def _called(expression: Expression) -> str:
    return expression.text if expression.called else expression.text + "(application)"
