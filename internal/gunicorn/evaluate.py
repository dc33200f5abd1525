"""Runs a configuration file of gunicorn's and tells what it says, as JSON.

It is read from standard input by `python -`, with four arguments: the descriptor to
write the answer to, where the file is (a path, or "python:" and a module), and the
names that are settings, those that may be a class and those that are functions, each with commas.
"""

from __future__ import annotations

import ast
import importlib
import importlib.machinery
import importlib.util
import inspect
import json
import math
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from typing import Any

Answer = dict[str, Any]

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def main() -> None:
    out, location = int(sys.argv[1]), sys.argv[2]
    names, classes, functions = (set(text.split(",")) for text in sys.argv[3:6])
    os.set_inheritable(out, False)
    sys.argv = ["gunicorn"]
    directory = os.getcwd()
    if sys.path[:1] == [""]:
        del sys.path[0]
    if directory not in sys.path:
        sys.path.insert(0, directory)
    environ, path = dict(os.environ), list(sys.path)
    answer: Answer = {"file": location}
    process = os.getpid()
    signal.signal(signal.SIGXCPU, _out_of_time)
    try:
        namespace = _run(location, answer)
    except BaseException as exc:
        answer.update(_failure(exc, answer["file"]))
    else:
        answer["values"] = {
            name: _described(name, value, classes, functions)
            for name, value in namespace.items()
            if name in names
        }
        answer["names"] = [name for name in namespace if not name.startswith("_")]
        answer.update(_lines(answer["file"]))
        answer["environ"] = {k: v for k, v in os.environ.items() if environ.get(k) != v}
        answer["unset"] = [k for k in environ if k not in os.environ]
        answer["path"] = [entry for entry in sys.path if entry not in path]
    _send(out, json.dumps(answer).encode() if os.getpid() == process else b"")


class _OutOfTime(BaseException):
    pass


def _out_of_time(number: int, frame: object) -> None:
    raise _OutOfTime


def _send(out: int, data: bytes) -> None:
    # What reads the answer ends this process at once.
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass
    while data:
        data = data[os.write(out, data) :]
    os._exit(0)  # threads that the file has started would keep the process


def _run(location: str, answer: Answer) -> dict[str, Any]:
    if location.startswith("python:"):
        module = importlib.import_module(location[len("python:") :])
        answer["file"] = getattr(module, "__file__", None) or location
        return vars(module)
    name = "__config__"
    loader = importlib.machinery.SourceFileLoader(name, location)
    spec = importlib.util.spec_from_file_location(name, location, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    return vars(module)


def _failure(exc: BaseException, file: str) -> Answer:
    """Why the file could not be run, and in which of its lines."""
    line = None
    for frame in traceback.extract_tb(exc.__traceback__):
        if _same(frame.filename, file):
            line = frame.lineno
    text = "".join(traceback.format_exception_only(type(exc), exc)).strip()
    if isinstance(exc, SyntaxError):
        text = f"{type(exc).__name__}: {exc.msg}"
        if exc.filename and not _same(exc.filename, file):
            text += f" ({exc.filename}:{exc.lineno})"
        else:
            line = exc.lineno
    elif isinstance(exc, SystemExit):
        text = f"the file ends the process, by SystemExit: {exc.code}"
    elif isinstance(exc, ModuleNotFoundError) and (exc.name or "").split(".")[0] == "gunicorn":
        text += ": the file uses gunicorn itself, which has to be installed beside the application"
    return {"failure": " ".join(text.split()), "line": line}


def _same(a: str, b: str) -> bool:
    return os.path.abspath(a) == os.path.abspath(b)


def _described(name: str, value: Any, classes: set[str], functions: set[str]) -> Answer:
    try:
        if name in classes and (inspect.isfunction(value) or inspect.ismethod(value)):
            value = value()
        if name in functions and isinstance(value, str):
            value = _imported(value)
    except BaseException as exc:
        text = "".join(traceback.format_exception_only(type(exc), exc))
        return {"object": _object(value) | {"wrong": " ".join(text.split())}}
    plain = _plain(value)
    return {"object": _object(value)} if plain is _NONE else {"value": plain}


def _imported(text: str) -> Any:
    """The function that a dotted name leads to."""
    module, dot, name = text.rpartition(".")
    if not dot:
        raise TypeError(f"{text!r} is not module.function")
    return getattr(importlib.import_module(module), name)


_NONE = object()


def _plain(value: Any) -> Any:
    """What JSON can hold of value, or _NONE."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _NONE
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict):
        pairs = {str(k): _plain(v) for k, v in value.items()}
        plain = all(isinstance(k, str) for k in value)
        return pairs if plain and _NONE not in pairs.values() else _NONE
    if isinstance(value, (list, tuple, set, frozenset)):
        entries = [_plain(v) for v in value]
        return entries if all(e is not _NONE for e in entries) else _NONE
    return _NONE


def _object(value: Any) -> Answer:
    named = value if hasattr(value, "__qualname__") else type(value)
    kind = "dict" if isinstance(value, dict) else type(value).__name__
    return {
        "type": kind,
        "name": f"{named.__module__}.{named.__qualname__}",
        "class": inspect.isclass(value),
        "callable": callable(value),
        "arity": _arity(value),
    }


def _arity(value: Any) -> int:
    """How many positional arguments it has."""
    if not callable(value):
        return 0
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return 0
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def _lines(file: str) -> Answer:
    """Where each name is given its value last, and whether the file does more than that."""
    try:
        with open(file, "rb") as source:
            tree = ast.parse(source.read())
    except (OSError, SyntaxError, ValueError):
        return {"lines": {}, "acts": False}
    lines: dict[str, int] = {}
    acts = False
    for node in _outside(tree):
        for name in _bound(node):
            lines[name] = node.lineno  # type: ignore[attr-defined]
        acts = acts or (isinstance(node, ast.Expr) and _acts(node.value))
    return {"lines": lines, "acts": acts}


def _acts(value: ast.expr) -> bool:
    """Whether a call may do more than to change what is told of anyway."""
    if not isinstance(value, ast.Call):
        return False
    return not ast.unparse(value.func).startswith(("os.environ.", "sys.path.", "print"))


def _outside(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run with the module: none of functions and classes."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (*_DEFINITIONS, ast.Lambda)):
            yield from _outside(child)


def _bound(node: ast.AST) -> list[str]:
    if isinstance(node, _DEFINITIONS):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return [node.id]
    return []


main()
