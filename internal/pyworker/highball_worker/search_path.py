"""Where a file's module is to be imported from, and the order of sys.path."""

from __future__ import annotations

import os
import sys


def put_first(directory: str) -> None:
    """Makes directory the first entry of sys.path, if it is not there already."""
    if not sys.path or not _same(sys.path[0], directory):
        sys.path.insert(0, directory)


def import_name(path: str) -> tuple[str, str]:
    """The directory to put on sys.path, and the module's name, for a file or a package.

    As Flask's prepare_import: climbs while there is an __init__.py, so that relative
    imports of the file work.
    """
    root = os.path.realpath(path)
    if root.endswith(".py"):
        root = root[:-3]
    if os.path.basename(root) == "__init__":
        root = os.path.dirname(root)
    names: list[str] = []
    while not names or os.path.exists(os.path.join(root, "__init__.py")):
        root, name = os.path.split(root)
        names.insert(0, name)
    return root, ".".join(names)


def enter(directory: str) -> None:
    """Makes directory the current one and the first of sys.path, as `cd` and python would."""
    if not _same(os.getcwd(), directory):
        os.chdir(directory)
    put_first(directory)


def _same(left: str, right: str) -> bool:
    return os.path.realpath(left or ".") == os.path.realpath(right)
