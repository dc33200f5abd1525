"""No orphan: this process dies with the front, whatever it is doing.

The lifeline is the read end of a pipe whose write end only the front holds. On
Linux the kernel itself sends SIGKILL when that end closes, so that even C code
that holds the GIL does not outlive the front. Elsewhere a thread waits for it.
"""

import fcntl
import os
import signal

from . import native


def arm(fd: int) -> None:
    try:
        fcntl.fcntl(fd, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(fd, _F_SETSIG, signal.SIGKILL)
        flags = fcntl.fcntl(fd, fcntl.F_GETFL)
        fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
    except (AttributeError, OSError):
        os.set_blocking(fd, True)
        native.thread("highball-lifeline", _wait, fd)
        return
    # The front may have gone before the signal was armed.
    poller = native.poll()
    poller.register(fd, native.POLLIN)
    if poller.poll(0):
        os._exit(0)


_F_SETSIG = getattr(fcntl, "F_SETSIG", 10)  # Linux; PyPy's module lacks the name


def _wait(fd: int) -> None:
    try:
        while native.read(fd, 1):
            pass
    finally:
        os._exit(0)
