"""Loads the application from one named place: a module, a Python file or a script."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from .callables import accepts
from .expression import Expression, call_factory
from .importing import import_module
from .script import run_script
from .search import find
from .search_path import import_name, put_first
from .servable import check


class Loaded(NamedTuple):
    """An application, and where it was found."""

    application: Callable[..., Any]
    #: "shop.wsgi:application", or "create_app() of app.py"
    target: str
    #: "module", "file", "mod_wsgi", "django" or "flask"
    kind: str


def from_module(name: str, text: str | None, directory: str, bare_factory: bool = False) -> Loaded:
    """The application of a module that is imported by name.

    With bare_factory, a function named without parentheses is called if it can be
    called so, as Flask does.
    """
    put_first(directory)
    expression = Expression(text) if text is not None else None
    module = import_module(name, directory)
    application, found = _application(module, expression, name, bare_factory)
    return Loaded(application, f"{name}:{found}", "module")


def from_file(path: str, text: str | None, label: str, bare_factory: bool = False) -> Loaded:
    """The application of a file, or of a package given as a directory.

    A .py file is imported under its own name; any other is run as a script.
    label is the path as the user wrote it.
    """
    expression = Expression(text) if text is not None else None
    module = module_of(path)
    kind = "file" if os.path.isdir(path) or path.endswith(".py") else "mod_wsgi"
    if expression is None and kind == "mod_wsgi":
        expression = Expression("application")
    application, found = _application(module, expression, label, bare_factory)
    return Loaded(application, f"{found} of {label}", kind)


def module_of(path: str) -> ModuleType:
    """The module of a file or a package: imported if it has an importable name, else run."""
    stem, suffix = os.path.splitext(os.path.basename(path))
    if not os.path.isdir(path) and (suffix != ".py" or "." in stem):
        return run_script(path)
    root, name = import_name(path)
    put_first(root)
    return import_module(name, root)


def _application(
    module: ModuleType, expression: Expression | None, label: str, bare_factory: bool
) -> tuple[Any, str]:
    if expression is None:
        return find(module, label)
    text = expression.text
    value = expression.evaluate(module, label)
    if bare_factory and isinstance(value, FunctionType) and accepts(value, 0):
        text += "()"
        value = call_factory(value, f"{label}:{text}")
    return check(value, module, label, text), text
