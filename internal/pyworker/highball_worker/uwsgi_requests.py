"""What the module `uwsgi` knows of the request that the calling thread serves."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .slot import Slot


class Requests:
    """Finds the slot of the calling thread, and keeps what lasts as long as its request."""

    def __init__(self) -> None:
        self._slots: list[Slot] = []
        self._kept: dict[int, tuple[int, dict[bytes, bytes]]] = {}
        self._timers: dict[int, threading.Timer] = {}

    def connect(self, slots: list[Slot]) -> None:
        self._slots = slots

    def _current(self) -> tuple[int, Slot | None]:
        """The thread, and its slot while that serves a request."""
        thread = threading.get_ident()
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
        """RequestTimeout is raised in this request after so long; 0 takes that back."""
        thread, slot = self._current()
        timer = self._timers.pop(thread, None)
        if timer is not None:
            timer.cancel()
        if slot is None or seconds <= 0:
            return
        interruption = slot.interruption
        # One that comes late finds another number, and does nothing.
        arguments = (interruption.number, float(seconds))
        timer = threading.Timer(seconds, interruption.interrupt, arguments)
        timer.daemon = True
        self._timers[thread] = timer
        timer.start()
