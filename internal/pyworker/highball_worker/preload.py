"""What a fork after the import would break, named or mended.

Threads do not survive a fork, and two processes that talk over one connection
ruin it: both are named in a warning. State that must not be the same in two
processes is renewed in each worker.
"""

import os
import sys
import threading
from typing import Any

from . import native, wire


def findings(own: set[int]) -> dict[str, list[str]]:
    """Threads and sockets of the application that are there now. own: our descriptors."""
    return {"warnings": _threads(), "sockets": _sockets(own)}


def _threads() -> list[str]:
    main = threading.main_thread()
    return [wire.text(thread.name) for thread in threading.enumerate() if thread is not main]


def _sockets(own: set[int]) -> list[str]:
    try:
        numbers = sorted(int(name) for name in os.listdir("/proc/self/fd"))
    except OSError:  # no /proc
        return []
    found = []
    for fd in numbers:
        if fd > 2 and fd not in own:
            description = _describe(fd)
            if description:
                found.append("descriptor %d: %s" % (fd, wire.text(description)))
    return found


def _describe(fd: int) -> str:
    """The ends of a socket; nothing if the descriptor is none."""
    try:
        if not os.readlink("/proc/self/fd/%d" % fd).startswith("socket:"):
            return ""
        sock = native.make_socket(fileno=os.dup(fd))
    except OSError:
        return ""
    with sock:
        ends = [_address(end) for end in (sock.getsockname, sock.getpeername)]
    known = [end for end in ends if end]
    return " -> ".join(known) if known else "a socket without addresses"


def _address(end: Any) -> str:
    try:
        address = end()
    except OSError:
        return ""
    if isinstance(address, tuple):
        return "%s:%s" % address[:2]
    return os.fsdecode(address)


# From this version on OpenSSL's generator renews itself after a fork.
_FORK_SAFE = (1, 1, 1)


def prepare() -> None:
    """Before the workers are forked: what each would make for itself, and can share."""
    ssl = sys.modules.get("ssl")
    if ssl is not None:
        ssl.RAND_status()  # sets OpenSSL up: 2 MB


def renew() -> None:
    """In a worker, right after the fork; random renews itself (CPython since 3.7)."""
    modules = sys.modules
    ssl = modules.get("ssl")
    if ssl is not None and ssl.OPENSSL_VERSION_INFO < _FORK_SAFE:
        ssl.RAND_add(os.urandom(32), 0.0)
    numpy_random = modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
    util = modules.get("multiprocessing.util")
    if util is not None:
        util._finalizer_registry.clear()  # pools and queues of the zygote are its own
        util._run_after_forkers()
