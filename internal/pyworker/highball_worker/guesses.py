"""Guesses at the application that was meant, in a loaded module or in a directory."""

from __future__ import annotations

import ast
import os
from types import ModuleType

from .callables import is_factory, looks_like_wsgi
from .near_names import did_you_mean, modules, near

_APPLICATIONS = ("application", "app")
FACTORIES = ("create_app", "make_app")
_MOST_FILES = 100


def applications(module: ModuleType) -> list[str]:
    """What in module looks like an application or a factory of one, as expressions."""
    found = []
    for name, value in list(getattr(module, "__dict__", {}).items()):
        if looks_like_wsgi(name, value, module.__name__):
            found.append(name)
        elif name in FACTORIES and is_factory(value):
            found.append(name + "()")
    return found


def near_attribute(
    owner: object, name: str, label: str, *, attribute_of_module: bool = True
) -> str | None:
    """For the attribute that owner lacks: near names, else what looks like an application."""
    public = [key for key in getattr(owner, "__dict__", {}) if not key.startswith("_")]
    found = near(name, public)
    separator = "."
    if attribute_of_module and isinstance(owner, ModuleType):
        separator = ":"
        likely = applications(owner)
        found = [text for text in likely if text.partition("(")[0] in found] or likely or found
        if not found:
            return submodule(owner)
    return did_you_mean(label + separator + text for text in found[:3]) if found else None


def submodule(module: ModuleType) -> str | None:
    """For a package that holds no application: the submodule that usually does."""
    for directory in getattr(module, "__path__", ()):
        for name in ("wsgi", "app", "main"):
            if os.path.isfile(os.path.join(directory, name + ".py")):
                return did_you_mean([f"{module.__name__}.{name}"])
    return None


def in_directory(directory: str) -> str | None:
    """For a directory where nothing was found: the file in it that seems to have one."""
    files = sorted(name for name in modules(directory) if name != "manage")
    files.sort(key="main".__ne__)
    for name in files[:_MOST_FILES]:
        found = _defined(os.path.join(directory, name + ".py"))
        if found:
            return did_you_mean([f"{name}:{found}"])
    for child in sorted(os.listdir(directory)):
        if os.path.isfile(os.path.join(directory, child, "manage.py")):
            return did_you_mean([f"the Django project in {child}{os.sep}"])
    return None


def _defined(path: str) -> str | None:
    """The first of the usual names that the file defines, read without running it."""
    try:
        with open(path, "rb") as source:
            tree = ast.parse(source.read(), path)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
    names = {name for node in tree.body for name in _names(node)}
    for name in _APPLICATIONS:
        if name in names:
            return name
    return next((name + "()" for name in FACTORIES if name in names), None)


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [target.id for target in targets if isinstance(target, ast.Name)]
    return []
