"""The package `gunicorn` for config files and hooks, where it is not installed.

They import it for the class that their own logger is derived from, for annotations, and
to print its version. What they find says what Highball does; there is nothing to run.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# gunicorn's whose hooks and settings these are.
VERSION = (27, 0, 1)


def install() -> None:
    """Last of all finders: an installed gunicorn, or a module of the user's, comes first."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())


class _Finder:
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name not in _MODULES or (name != "gunicorn" and not _is_ours()):
            return None
        return ModuleSpec(name, self, origin="<highball>", is_package=_MODULES[name] is None)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__.update(_contents(module.__name__))


def _is_ours() -> bool:
    """Never a part of ours in a package of another's."""
    parent = getattr(sys.modules.get("gunicorn"), "__spec__", None)
    return isinstance(getattr(parent, "loader", None), _Finder)


# Each module, with the names that it has; None: a package.
_MODULES: dict[str, tuple[str, ...] | None] = {
    "gunicorn": None,
    "gunicorn.app": None,
    "gunicorn.http": None,
    "gunicorn.instrument": None,
    "gunicorn.workers": None,
    "gunicorn.arbiter": ("Arbiter",),
    "gunicorn.config": ("Config",),
    "gunicorn.glogging": ("CONFIG_DEFAULTS", "Logger", "SafeAtoms"),
    "gunicorn.http.message": ("Request",),
    "gunicorn.http.wsgi": ("Response",),
    "gunicorn.instrument.statsd": ("Statsd",),
    "gunicorn.workers.base": ("Worker",),
    "gunicorn.workers.gthread": ("ThreadWorker",),
    "gunicorn.workers.sync": ("SyncWorker",),
}


def _contents(module: str) -> dict[str, Any]:
    names = _MODULES[module]
    if module == "gunicorn":
        text = ".".join(map(str, VERSION))
        return {
            "__version__": text, "version_info": VERSION,
            "SERVER": "gunicorn", "SERVER_SOFTWARE": "gunicorn/" + text,
        }  # fmt: skip
    return {name: _object(name) for name in names or ()}


def _object(name: str) -> Any:
    from . import gunicorn_logger, hook_objects, hook_requests, hook_settings

    return {
        "Arbiter": hook_objects.Server,
        "Config": hook_settings.HookConfig,
        "CONFIG_DEFAULTS": gunicorn_logger.CONFIG_DEFAULTS,
        "Logger": gunicorn_logger.Logger,
        "SafeAtoms": gunicorn_logger.SafeAtoms,
        "Statsd": gunicorn_logger.Logger,
        "Request": hook_requests.RequestView,
        "Response": hook_requests.ResponseView,
    }.get(name, hook_objects.Worker)
