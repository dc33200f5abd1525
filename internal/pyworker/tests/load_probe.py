"""Loads an application in a fresh interpreter, and tells what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

WSGI = """
def {name}(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [{body!r}]
"""

_PACKAGE = str(Path(__file__).resolve().parent.parent)

# As the worker does it: our imports come first, the user's directory after them.
_PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from highball_worker.loader import LoadError, load, trimmed_traceback, wrap
sys.path.remove(sys.argv[1])
import os
options = json.loads(sys.argv[2])
result = {}
try:
    loaded = load(options["spec"], os.getcwd())
    served = wrap(loaded.application, options["middleware"], options["validate"])
    result.update(target=loaded.target, kind=loaded.kind)
    if options["call"]:
        from wsgiref.util import setup_testing_defaults
        environ = {"QUERY_STRING": ""}
        setup_testing_defaults(environ)
        answer = served(environ, lambda status, headers, exc_info=None: None)
        result["body"] = b"".join(answer).decode()
        if hasattr(answer, "close"):
            answer.close()
except LoadError as error:
    result.update(message=error.message, tried=error.tried, hint=error.hint, text=str(error))
except Exception as error:
    result.update(error=type(error).__name__, traceback=trimmed_traceback(error))
result.update(cwd=os.getcwd(), path=sys.path[:2])
result["modules"] = [name for name in ("flask", "django") if name in sys.modules]
print("\\n" + json.dumps(result))
"""


class Outcome(NamedTuple):
    """What one load came to; the fields of the other outcomes are empty."""

    target: str = ""
    kind: str = ""
    body: str = ""
    message: str = ""
    tried: list[str] = []
    hint: str = ""
    text: str = ""
    error: str = ""
    traceback: str = ""
    cwd: str = ""
    path: list[str] = []
    modules: list[str] = []


def write(directory: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def app(body: str = "hello", name: str = "application") -> str:
    """The source of a WSGI application that answers body."""
    return WSGI.format(name=name, body=body.encode())


def load(
    directory: Path,
    spec: str | None,
    files: dict[str, str] | None = None,
    *,
    env: dict[str, str] | None = None,
    middleware: list[str] | None = None,
    validate: bool = False,
    call: bool = True,
) -> Outcome:
    write(directory, files or {})
    options = {"spec": spec, "middleware": middleware or [], "validate": validate, "call": call}
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", _PROGRAM, _PACKAGE, json.dumps(options)],
        cwd=directory,
        env={**clean, **(env or {})},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Outcome(**{key: value for key, value in result.items() if value is not None})
