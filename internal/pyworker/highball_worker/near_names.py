"""Names near to one that does not exist: of modules and of paths."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable

_MOST = 8


def near_module(name: str, root: str) -> str | None:
    """For the dotted name that does not exist: the nearest one, else what there is."""
    done: list[str] = []
    directory = root
    parts = name.split(".")
    for part in parts:
        there = modules(directory)
        if part in there and os.path.isdir(os.path.join(directory, part)):
            done.append(part)
            directory = os.path.join(directory, part)
            continue
        found = near(part, there)
        if found:
            rest = parts[len(done) + 1 :]
            return did_you_mean(".".join([*done, *_longest(directory, m, rest)]) for m in found)
        listed = ", ".join(there[:_MOST]) + (", ..." if len(there) > _MOST else "")
        return f"modules in {directory}: {listed}" if there else None
    return None


def near_path(path: str) -> str | None:
    """For the path that does not exist: it with a suffix, else the nearest names beside it."""
    directory, base = os.path.split(path)
    if not os.path.isdir(directory):
        return f"there is no directory {directory}"
    found = [base + suffix for suffix in (".py", ".wsgi") if os.path.isfile(path + suffix)]
    found = found or near(base, sorted(os.listdir(directory)))
    shown = [os.path.relpath(os.path.join(directory, name)) for name in found]
    return did_you_mean(shown) if shown else None


def modules(directory: str) -> list[str]:
    """What can be imported from directory: its .py files and its packages, sorted."""
    try:
        names = os.listdir(directory)
    except OSError:
        return []
    found = [name[:-3] for name in names if name.endswith(".py") and name != "__init__.py"]
    found += [name for name in names if name.isidentifier() and _is_package(directory, name)]
    return sorted(found)


def near(name: str, names: list[str]) -> list[str]:
    """Those of names that name may have been meant for, the nearest first."""
    return difflib.get_close_matches(name, names, n=3, cutoff=0.6)


def did_you_mean(names: Iterable[str]) -> str:
    """The question that a hint asks."""
    return "did you mean " + " or ".join(names) + "?"


def _longest(directory: str, module: str, rest: list[str]) -> list[str]:
    """The path of module, with what followed the wrong name if that exists below it."""
    below = os.path.join(directory, module, *rest)
    return [module, *rest] if os.path.isfile(below + ".py") else [module]


def _is_package(directory: str, name: str) -> bool:
    try:
        return any(file.endswith(".py") for file in os.listdir(os.path.join(directory, name)))
    except OSError:
        return False
