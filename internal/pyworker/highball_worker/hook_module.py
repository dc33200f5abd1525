"""The user's module of hooks: found, imported, and its functions checked."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any, Callable

from .callables import accepts, is_asgi
from .importing import import_module
from .load_error import LoadError
from .near_names import near_path
from .script import run_script
from .target import module_of

# What each hook is called with.
ARGUMENTS = {
    "on_starting": ("server",),
    "on_reload": ("server",),
    "when_ready": ("server",),
    "pre_fork": ("server", "worker"),
    "post_fork": ("server", "worker"),
    "post_worker_init": ("worker",),
    "worker_int": ("worker",),
    "worker_abort": ("worker",),
    "pre_exec": ("server",),
    "pre_request": ("worker", "req"),
    "post_request": ("worker", "req", "environ", "resp"),
    "worker_exit": ("server", "worker"),
    "child_exit": ("server", "worker"),
    "nworkers_changed": ("server", "new_value", "old_value"),
    "on_exit": ("server",),
}

# post_request need not take the last two.
_LEAST = {"post_request": 2}


def find(spec: str, directory: str, as_config: bool) -> ModuleType:
    """The module. A config file of gunicorn's is executed under the name that it has there."""
    if os.sep not in spec and not spec.endswith(".py"):
        return import_module(spec, directory)
    path = os.path.normpath(os.path.join(directory, spec))
    if not os.path.isfile(path):
        raise LoadError(f"there is no file {spec}", [path], near_path(path))
    if as_config or "." in os.path.basename(path)[:-3]:
        return run_script(path, "__config__")
    return module_of(path)


def functions_of(module: ModuleType, label: str) -> dict[str, Callable[..., Any]]:
    """The hooks that the module has, each as a function of all arguments in ARGUMENTS."""
    if hasattr(module, "ssl_context"):
        raise LoadError(
            f"{label} has the hook ssl_context, which cannot be had: TLS ends in the front, "
            "which has no SSLContext",
            hint="remove it, and use the settings certfile, keyfile, tls-profile, client-cert and "
            "client-ca",
        )
    return {
        name: _checked(getattr(module, name), name, label)
        for name in ARGUMENTS
        if hasattr(module, name)
    }


def _checked(hook: Any, name: str, label: str) -> Callable[..., Any]:
    wanted = ARGUMENTS[name]
    form = "(" + ", ".join(wanted) + ")"
    if isinstance(hook, str):
        hook = by_name(hook, f"{name} of {label}")
    if not callable(hook):
        raise LoadError(
            f"{name} of {label} is not callable: it is of type {type(hook).__name__}",
            hint=f"define it as `def {name}{form}`, or rename it: the name is a hook's",
        )
    if is_asgi(hook):
        raise LoadError(f"{name} of {label} is an async function; a hook must be a plain one")
    for count in range(len(wanted), _LEAST.get(name, len(wanted)) - 1, -1):
        if accepts(hook, count) is not False:
            return hook if count == len(wanted) else _shortened(hook, count)
    raise LoadError(
        f"{name} of {label} cannot be called with the arguments {form}",
        hint=f"define it as `def {name}{form}`",
    )


def _shortened(hook: Callable[..., Any], count: int) -> Callable[..., Any]:
    return lambda *given: hook(*given[:count])


def by_name(text: str, what: str) -> Any:
    """What "package.module.name" stands for."""
    module, _, name = text.rpartition(".")
    if not module:
        raise LoadError(f"{what}: {text!r} is not of the form package.module.name")
    found = import_module(module, os.getcwd())
    if not hasattr(found, name):
        raise LoadError(f"{what}: the module {module} has no {name}")
    return getattr(found, name)
