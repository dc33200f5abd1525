"""`cfg` of hooks and loggers: answers every setting of gunicorn's by its name."""

from __future__ import annotations

import os
import re
from typing import Any

from .hook_defaults import SERVER_HOOKS, TLS, defaults


class Setting:
    """One of cfg.settings."""

    def __init__(self, name: str, default: Any) -> None:
        self.name = name
        self.default = default
        self.value = default

    def get(self) -> Any:
        return self.value

    def __repr__(self) -> str:
        return f"<setting {self.name} with value {self.value!r}>"


class HookConfig:
    """Read only: it says how the server runs, which a hook does not change."""

    settings: dict[str, Setting]
    env_orig: dict[str, str]

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__["settings"] = {name: Setting(name, v) for name, v in defaults().items()}
        self.__dict__["env_orig"] = dict(os.environ)
        for name, value in values.items():
            self.give(name, value)

    def give(self, name: str, value: Any) -> None:
        """For Highball itself."""
        self.settings.setdefault(name, Setting(name, None)).value = value

    def __getattr__(self, name: str) -> Any:
        setting = self.__dict__.get("settings", {}).get(name)
        if setting is None:
            raise AttributeError(
                f"cfg has no setting {name!r}: it has those of gunicorn 27, see cfg.settings"
            )
        return setting.get()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.settings:
            self.set(name, value)
        self.__dict__[name] = value

    def set(self, name: str, value: Any) -> None:
        raise AttributeError(
            f"cfg.{name} cannot be changed here: hooks come when it has taken effect; "
            "set it in the config file or on the command line"
        )

    def __str__(self) -> str:
        width = max(map(len, self.settings))
        shown = [f"{s.name:{width}} = {_shown(s.value)}" for s in self.settings.values()]
        return "\n".join(sorted(shown))

    # What follows from several, or has another form.

    @property
    def address(self) -> list[Any]:
        return [address_of(bind) for bind in self.settings["bind"].value]

    @property
    def env(self) -> dict[str, str]:
        return dict(entry.split("=", 1) for entry in self.settings["raw_env"].value or ())

    @property
    def uid(self) -> Any:
        return self.settings["user"].value

    @property
    def gid(self) -> Any:
        return self.settings["group"].value

    @property
    def proc_name(self) -> Any:
        return self.settings["proc_name"].value or self.settings["default_proc_name"].value

    @property
    def is_ssl(self) -> Any:
        return self.settings["certfile"].value or self.settings["keyfile"].value

    @property
    def ssl_options(self) -> dict[str, Any]:
        return {name: self.settings[name].value for name in TLS}

    @property
    def sendfile(self) -> bool:
        return self.settings["sendfile"].value is not False

    @property
    def worker_class_str(self) -> str:
        kind = self.settings["worker_class"].value
        threaded = kind == "sync" and self.settings["threads"].value > 1
        return "gthread" if threaded else str(getattr(kind, "__name__", kind))

    @property
    def worker_class(self) -> type:
        from .hook_objects import Worker

        return Worker


def _shown(value: Any) -> str:
    return f"<{value.__qualname__}()>" if callable(value) else str(value)


def address_of(bind: str) -> Any:
    """(host, port), the path of a Unix socket, or the number of a descriptor."""
    bind = re.sub(r"^\w+://(?=[^/])", lambda m: m[0] if m[0] == "fd://" else "", bind)
    if bind.startswith("unix:"):
        return re.sub(r"^unix:(//)?", "", bind)
    if bind.startswith("fd://"):
        return int(bind[5:])
    host, colon, port = bind.rpartition(":")
    if not colon or not port.isdigit():
        return bind
    return host.strip("[]") or "0.0.0.0", int(port)


def hooks_of(functions: dict[str, Any]) -> dict[str, Any]:
    """The hooks as settings."""
    return {name: functions[name] for name in SERVER_HOOKS if name in functions}
