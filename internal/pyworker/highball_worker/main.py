"""The entry of a Python process of Highball: `main` is called by bootstrap.py."""

import os
import sys
from typing import Any

from . import forks, lifeline, native, signals, stacks, wire, worker
from .zygote import Zygote

OLDEST = (3, 9)

# The inherited descriptors, after the bundle's: see PROTOCOL.md.
COMMAND_FD = 4
LIFELINE_FD = 5


def main(arguments: list[str]) -> None:
    sys.argv = ["highball"]
    signals.install()
    for stream in (sys.stdout, sys.stderr):
        line_buffered(stream)
    if arguments[:1] == ["zygote"]:
        _zygote()
    elif arguments[:1] == ["check"]:
        from . import check  # the start of others does not pay for it

        os.set_inheritable(LIFELINE_FD, False)
        check.main(COMMAND_FD, LIFELINE_FD)
    else:
        sys.exit("highball: unknown role %r" % arguments)


def line_buffered(stream: Any) -> None:
    """What is printed shows at once, though it goes into a pipe."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(line_buffering=True)


def _zygote() -> None:
    for fd in (COMMAND_FD, LIFELINE_FD):
        os.set_inheritable(fd, False)
    lifeline.arm(LIFELINE_FD)
    stacks.dump_on_signal(2)  # the workers inherit it: an import may hang in either
    sock = native.make_socket(fileno=COMMAND_FD)
    forks.guard(sock)
    try:
        child = Zygote(sock).serve()
    except (wire.WireError, OSError):  # the front is gone
        return
    if child is not None:
        os.close(LIFELINE_FD)
        worker.run(child)
