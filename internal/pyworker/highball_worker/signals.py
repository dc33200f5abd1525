"""Signals: one that reaches the whole process group ends no worker and no zygote.

The handlers do nothing instead of being SIG_IGN: handlers are reset when a
program is executed, so that the children of an application (subprocess) can be
ended as ever. Children that it forks get the defaults back, see forks.py.
"""

import signal
from types import FrameType
from typing import Any, Optional

from . import native

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


def _leave_it_to_the_front(signum: int, frame: Optional[FrameType]) -> None:
    pass


def install() -> None:
    for number in _numbers():
        native.set_handler(number, _leave_it_to_the_front)


def restore() -> None:
    """Gives back the defaults where the handler is still ours."""
    for number in _numbers():
        if signal.getsignal(number) is _leave_it_to_the_front:
            native.set_handler(number, _default(number))


def block() -> Any:
    """Holds the signals back around a fork; unblock() takes what this returns."""
    return signal.pthread_sigmask(signal.SIG_BLOCK, _numbers())


def unblock(mask: Any) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _default(number: int) -> Any:
    special: dict[int, Any] = {signal.SIGINT: signal.default_int_handler}
    return special.get(number, signal.SIG_DFL)


def _numbers() -> Any:
    return [getattr(signal, name) for name in _NAMES]
