"""Which log hooks get: ours, or one of the class and the configuration that the user names."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

from .hook_log import Log, Outlet, let_go
from .hook_module import by_name
from .hook_settings import HookConfig
from .load_error import LoadError

__all__ = ["Outlet", "make_log"]

# The front has its own way to do what these do.
DEFAULT_CLASSES = ("", "simple", "gunicorn.glogging.Logger", "gunicorn.instrument.statsd.Statsd")

# Of what is named in the module of hooks.
_IN_MODULE = "hooks:"


def make_log(
    logger_class: str,
    log_config: str,
    cfg: HookConfig,
    outlet: Outlet,
    module: ModuleType | None,
) -> Any:
    """The log. cfg is told of the configuration, since classes look there."""
    if log_config:
        _give(log_config, cfg, module)
    if logger_class in DEFAULT_CLASSES and not log_config:
        return Log(outlet, cfg)
    name = "gunicorn.glogging.Logger" if logger_class in DEFAULT_CLASSES else logger_class
    made = _of(name, module, "logger-class")
    if isinstance(made, str):
        made = by_name(made, "logger-class")
    if not callable(made):
        raise LoadError(f"logger-class: {name} is not a class: it is of type {type(made).__name__}")
    cfg.give("logger_class", made)
    let_go()
    try:
        return made(cfg)
    except Exception as exc:
        what = f"log-config {log_config}" if log_config else f"logger-class {name}"
        raise LoadError(f"{what} cannot be used: {_causes(exc)}") from exc


def _causes(exc: BaseException | None) -> str:
    """logging says what it could not do, and only the cause of that why."""
    said = []
    while exc is not None:
        said.append(f"{type(exc).__name__}: {exc}")
        exc = exc.__cause__
    return ", since ".join(said)


def _give(log_config: str, cfg: HookConfig, module: ModuleType | None) -> None:
    if log_config.startswith(_IN_MODULE):
        found = _of(log_config, module, "log-config")
        if not isinstance(found, dict):
            kind = type(found).__name__
            raise LoadError(f"log-config: {log_config} is not a dict: it is of type {kind}")
        cfg.give("logconfig_dict", found)
        return
    path = os.path.join(os.getcwd(), log_config)
    if not os.path.isfile(path):
        raise LoadError(f"log-config: there is no file {log_config}", [path])
    cfg.give("logconfig_json" if path.endswith(".json") else "logconfig", path)


def _of(name: str, module: ModuleType | None, setting: str) -> Any:
    """hooks:NAME is in the module of hooks, all else is imported."""
    if not name.startswith(_IN_MODULE):
        return by_name(name, setting)
    name = name[len(_IN_MODULE) :]
    if module is None or not hasattr(module, name):
        what = "there is no module of hooks" if module is None else f"the hooks have no {name}"
        raise LoadError(f"{setting}: {what}")
    return getattr(module, name)
