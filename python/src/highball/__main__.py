"""The console script, and `python -m highball`: the binary takes this process over."""

import os
import sys
from typing import NoReturn

from ._binary import find

# What the binary takes as the interpreter before it looks for one. Not HIGHBALL_PYTHON:
# that is the operator's, and comes before highball.toml.
_DEFAULT = "_HIGHBALL_PYTHON"

# What pipx and uv leave in an environment that holds a tool, and no application.
_TOOL_MARKS = ("pipx_metadata.json", "uv-receipt.toml")


def main() -> NoReturn:
    try:
        binary = find()
    except FileNotFoundError as exc:
        sys.exit("highball: error: %s" % exc)
    environ = dict(os.environ)
    if sys.executable and not _is_tool(sys.prefix):
        environ[_DEFAULT] = sys.executable
    # The name is the script's: an upgrade in place starts that again.
    os.execve(binary, [_name(binary), *sys.argv[1:]], environ)


def _name(binary: str) -> str:
    script = sys.argv[0]
    return binary if script.endswith(".py") else script


def _is_tool(prefix: str) -> bool:
    return any(os.path.exists(os.path.join(prefix, mark)) for mark in _TOOL_MARKS)


if __name__ == "__main__":
    main()
