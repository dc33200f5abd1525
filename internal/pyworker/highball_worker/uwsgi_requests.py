"""What the module `uwsgi` knows of the request that the calling thread serves."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Callable

from . import native

if TYPE_CHECKING:
    from .interrupt import Interruption
    from .slot import Slot

GRACE = 5.0  # seconds, as after a request-timeout


class Requests:
    """Finds the slot of the calling thread, and keeps what lasts as long as its request."""

    def __init__(self) -> None:
        self._slots: list[Slot] = []
        self._kept: dict[int, tuple[int, dict[bytes, bytes]]] = {}
        self._timers: dict[int, Callable[[], None]] = {}

    def connect(self, slots: list[Slot]) -> None:
        self._slots = slots

    def _current(self) -> tuple[int, Slot | None]:
        """The thread, and its slot while that serves a request."""
        thread = native.get_ident()
        for slot in self._slots:
            if slot.thread == thread and slot.interruption.number:
                return thread, slot
        return thread, None

    def number(self) -> int:
        """How many requests this thread has served before; 0 outside of one."""
        _, slot = self._current()
        return 0 if slot is None else slot.interruption.number - 1

    def variables(self) -> dict[bytes, bytes]:
        """Those of this request; of none outside of one."""
        thread, slot = self._current()
        number = 0 if slot is None else slot.interruption.number
        kept, variables = self._kept.get(thread, (0, {}))
        if kept != number:
            variables = {}
        self._kept[thread] = number, variables
        return variables

    def limit(self, seconds: int) -> None:
        """RequestTimeout is raised in this request after so long; 0 takes that back.

        One that does not yield for GRACE more has its process killed, as uWSGI does.
        """
        thread, slot = self._current()
        cancel = self._timers.pop(thread, None)
        if cancel is not None:
            cancel()
        if slot is None or seconds <= 0:
            return
        running = (slot.interruption, slot.interruption.number)
        self._timers[thread] = native.later(seconds, _interrupt, *running, float(seconds))


def _interrupt(interruption: Interruption, number: int, seconds: float) -> None:
    """A timer that comes late finds another number, and does nothing."""
    if interruption.interrupt(number, seconds):
        native.later(GRACE, _kill, interruption, number)


def _kill(interruption: Interruption, number: int) -> None:
    if interruption.number == number:
        sys.stderr.write("uwsgi.set_user_harakiri: a request does not yield, its process ends\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)
