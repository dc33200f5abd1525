"""Django's deployment checks (manage.py check --deploy), once for each generation of the code.

They run in a child of the first worker, made before that has threads: whatever they do,
and however long, the application is not touched by it. The child has none of the
worker's connections, and ends with it.
"""

import marshal
import os
import signal
import stat
import sys
from importlib import import_module
from typing import Any, Callable, Optional

from . import greenlets, native

# Longer than any sane project's checks, in seconds.
_LIMIT = 60
# Checks run when nobody else has use for the processor.
_NICE = 19


class Checks:
    """Checks that run in a child."""

    def __init__(self, pid: int, answer: int) -> None:
        self._pid: Optional[int] = pid
        self._answer = answer
        self._lock = native.allocate_lock()

    def report(self, log: Callable[[str, str], None]) -> None:
        """Has a thread wait for the end, which logs what was found."""
        native.thread("highball-checks", self._report, log)

    def _report(self, log: Callable[[str, str], None]) -> None:
        with os.fdopen(self._answer, "rb") as pipe:
            data = pipe.read()
        self._reap()
        if data:
            found = marshal.loads(data)
            if found:
                log("warning", _line(found))

    def end(self) -> None:
        """The worker is about to end, and must leave nothing behind."""
        self._reap(kill=True)

    def _reap(self, kill: bool = False) -> None:
        with self._lock:  # until it is gone: who comes second waits for that as well
            pid, self._pid = self._pid, None
            try:
                if pid is not None and kill:
                    os.kill(pid, signal.SIGKILL)
                if pid is not None:
                    native.waitpid(pid, 0)
            except OSError:  # the application has waited for any child
                pass


def begin(lifeline: int) -> Optional[Checks]:
    """Starts the checks of a Django project that is loaded; None if there is none.

    lifeline is a descriptor that shows the front's end.
    """
    conf = sys.modules.get("django.conf")
    if conf is None or not conf.settings.configured:
        return None
    answer, tell = os.pipe()
    try:
        pid = native.fork()
    except (OSError, Warning):  # no room for one, or not among threads of the application
        os.close(answer)
        os.close(tell)
        return None
    if pid == 0:
        try:
            greenlets.renew()
            _isolate(lifeline)
            os.write(tell, marshal.dumps(_found(), 2))
        finally:
            os._exit(0)
    os.close(tell)
    return Checks(pid, answer)


def _isolate(lifeline: int) -> None:
    """Takes from this process what it shares with the worker."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_LIMIT)
    os.nice(_NICE)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in _descriptors():
        if fd <= 2 or _is_socket(fd):
            os.dup2(null, fd)
    database = sys.modules.get("django.db")
    if database is not None:
        for connection in database.connections.all(initialized_only=True):
            _shared.append(connection.connection)  # no destructor may say goodbye
            connection.connection = None
    native.thread("highball-lifeline", _end_with, lifeline)


_shared: list[Any] = []


def _end_with(lifeline: int) -> None:
    native.wait_for([lifeline], [], [])
    os._exit(0)


def _descriptors() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:  # no /proc
        return list(range(1024))


def _is_socket(fd: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        return False


def _found() -> list[str]:
    """The ids of what is found, each once for each time that it is."""
    checks = import_module("django.core.checks")
    issues = checks.run_checks(include_deployment_checks=True)
    serious = [m for m in issues if m.level >= checks.WARNING and not m.is_silenced()]
    return sorted(str(m.id or type(m).__name__) for m in serious)


def _line(found: list[str]) -> str:
    return (
        "Django's deployment checks found %d %s: %s: `manage.py check --deploy` explains them"
        % (
            len(found),
            "issue" if len(found) == 1 else "issues",
            ", ".join(dict.fromkeys(found)),
        )
    )
