"""What an environ must have, which a middleware hands on."""

from __future__ import annotations

from typing import Any

_REQUIRED = (
    "REQUEST_METHOD",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "wsgi.version",
    "wsgi.url_scheme",
    "wsgi.input",
    "wsgi.errors",
    "wsgi.multithread",
    "wsgi.multiprocess",
    "wsgi.run_once",
)


def environ_problems(environ: Any) -> list[tuple[str, str]]:
    """(rule, problem) for each thing that is wrong with it."""
    if type(environ) is not dict:
        return [("environ-dict", f"a {type(environ).__name__} as environ, not a dict")]
    problems = [
        ("environ-keys", f"an environ without {key}") for key in _REQUIRED if key not in environ
    ]
    for key in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
        if key in environ:
            problems.append(("environ-keys", f"an environ with {key}, which is {key[5:]}"))
    for key, value in environ.items():
        if not isinstance(key, str):
            problems.append(("environ-keys", f"an environ with the key {key!r}, which is no str"))
        elif "." in key:
            continue  # an extension's, which may be anything
        elif type(value) is not str:
            kind = type(value).__name__
            problems.append(("environ-keys", f"{key} as {value!r}, a {kind} and not a str"))
        elif any(char > "\xff" for char in value):
            problems.append(("environ-latin1", f"{key} as {value!r}"))
    for key in ("SCRIPT_NAME", "PATH_INFO"):
        value = environ.get(key, "")
        if isinstance(value, str) and value and not value.startswith("/"):
            problems.append(("environ-keys", f"{key} as {value!r}, with no slash before it"))
    return problems
