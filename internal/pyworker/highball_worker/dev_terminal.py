"""Gives the worker the terminal, so that breakpoint() and what is printed are there.

The server's own pipes for output pass on whole lines: a debugger's prompt is none.
"""

import os
import sys


def attach() -> None:
    """Standard input, output and error become the terminal, if there is one."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    for fd in (0, 1, 2):
        os.dup2(terminal, fd)
    os.close(terminal)
    sys.stdin = os.fdopen(0, "r", closefd=False)
