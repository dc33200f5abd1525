"""Finds the application of a Django project: a directory with a manage.py."""

from __future__ import annotations

import ast
import os

from .importing import ModuleMissing, import_module
from .load_error import LoadError
from .near_names import near_module
from .target import Loaded, from_module

_VARIABLE = "DJANGO_SETTINGS_MODULE"


def load_project(directory: str) -> Loaded | None:
    """The project's application; None if manage.py is not there or not Django's.

    directory is the current one and on sys.path, as for manage.py itself.
    """
    manage = os.path.join(directory, "manage.py")
    if not os.path.isfile(manage):
        return None
    named_by = _VARIABLE
    settings = os.environ.get(_VARIABLE)
    if not settings:
        named_by = manage
        settings = _settings_of(manage)
    if not settings:
        return None
    os.environ.setdefault(_VARIABLE, settings)
    return _load(settings, named_by, directory)


def _load(settings: str, named_by: str, directory: str) -> Loaded:
    try:
        module = import_module(settings, directory)
    except ModuleMissing as error:
        message = f"there is no settings module {settings}, which {named_by} names"
        raise LoadError(message, error.tried, error.hint) from None
    named = getattr(module, "WSGI_APPLICATION", None)
    if not named:
        return _conventional(settings, directory)
    name, _, attribute = str(named).rpartition(".")
    try:
        return _django(from_module(name, attribute, directory))
    except ModuleMissing as error:
        message = f"there is no module {name}, which WSGI_APPLICATION of {settings} names"
        raise LoadError(message, error.tried, error.hint) from None


def _conventional(settings: str, directory: str) -> Loaded:
    """<project>.wsgi:application, where the project is the nearest package that has it."""
    package = settings
    tried = [f"WSGI_APPLICATION of {settings}: not set"]
    while package:
        package = package.rpartition(".")[0]
        name = f"{package}.wsgi" if package else "wsgi"
        try:
            return _django(from_module(name, "application", directory))
        except ModuleMissing:
            tried.append(f"{name}:application")
    raise LoadError(
        f"the Django project in {directory} names no WSGI application",
        tried,
        near_module(f"{settings.partition('.')[0]}.wsgi", directory),
    )


def _django(loaded: Loaded) -> Loaded:
    return loaded._replace(kind="django")


def _settings_of(manage: str) -> str | None:
    """What manage.py sets the variable to, read without running it."""
    with open(manage, "rb") as source:
        tree = ast.parse(source.read(), manage)
    mentioned = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) == 2 and _is_variable(node.args[0]):
            mentioned, value = True, node.args[1]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            if not _is_variable(node.targets[0].slice):
                continue
            mentioned, value = True, node.value
        else:
            continue
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
    if mentioned:
        raise LoadError(
            f"{manage} computes its settings module, and {_VARIABLE} is not set",
            hint=f"set the environment variable {_VARIABLE}, or name the application:"
            " project.wsgi:application",
        )
    return None


def _is_variable(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == _VARIABLE
