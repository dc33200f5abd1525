"""What the installed gunicorn makes of configurations: a list of cases as JSON on standard
input, and on standard output of each the settings that it comes to, or its refusal.

With the argument "settings" the table of all its settings instead.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import os
import sys
from typing import Any


def plain(value: Any, default: Any) -> Any:
    if inspect.isclass(value):
        return "class"
    if callable(value):
        return "default" if value is default else "callable"
    if isinstance(value, (list, tuple)):
        return [plain(entry, None) for entry in value]
    if isinstance(value, dict):
        return {str(k): plain(v, None) for k, v in value.items()}
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return value


def resolve(case: dict[str, Any]) -> dict[str, Any]:
    os.chdir(case["dir"])
    for name in ("PORT", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS", "GUNICORN_CMD_ARGS", "PWD"):
        os.environ.pop(name, None)
    os.environ.update(case["environ"] or {})
    sys.argv = ["gunicorn", *(case["args"] or [])]
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            from gunicorn.app.wsgiapp import WSGIApplication

            app = WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn")
            address = app.cfg.address  # what is wrong with one shows only here
            app.cfg.env  # noqa: B018 -- likewise
    except SystemExit as exc:
        return {"exit": exc.code or 0, "said": out.getvalue()}
    except Exception as exc:
        return {"exit": 1, "said": repr(exc)}
    settings = app.cfg.settings
    values = {name: plain(s.get(), s.default) for name, s in settings.items()}
    if settings["control_socket"].get() == settings["control_socket"].default:
        values["control_socket"] = None
    try:
        printed = str(app.cfg)
    except AttributeError:  # of a hook that is an object
        printed = ""
    said = {"values": values, "app": app.app_uri, "address": plain(address, None)}
    return {**said, "printed": printed}


def in_child(case: dict[str, Any]) -> dict[str, Any]:
    """Variables are read when gunicorn is imported, so each case has a process of its own."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(r)
        with os.fdopen(w, "w") as answer:
            json.dump(resolve(case), answer)
        os._exit(0)
    os.close(w)
    with os.fdopen(r) as answer:
        text = answer.read()
    os.waitpid(pid, 0)
    return json.loads(text)  # type: ignore[no-any-return]


def table() -> list[dict[str, Any]]:
    from gunicorn.config import KNOWN_SETTINGS

    return [
        {
            "name": s.name,
            "section": s.section,
            "flags": list(s.cli or []),
            "action": s.action or ("?" if s.nargs else "store"),
            "meta": s.meta if s.cli else None,
            "integer": getattr(s.type, "__name__", "") in ("int", "auto_int"),
            "default": plain(s().get(), s.default),
        }
        for s in KNOWN_SETTINGS
    ]


def main() -> None:
    try:
        import gunicorn
    except ImportError:
        json.dump({"version": ""}, sys.stdout)
        return
    answer: dict[str, Any] = {"version": gunicorn.__version__}
    if sys.argv[1:] == ["settings"]:
        for name in ("PORT", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS"):
            os.environ.pop(name, None)
        answer["settings"] = table()
    else:
        import gunicorn.app.wsgiapp  # and with it what it imports, once for all

        for name in [name for name in sys.modules if name.startswith("gunicorn")]:
            del sys.modules[name]
        answer["cases"] = [in_child(case) for case in json.load(sys.stdin)]
    json.dump(answer, sys.stdout)


main()
