"""Time for the control thread in a process whose other threads compute.

For each turn it waits until they let go of the interpreter's lock: with 16 of them 80
ms, several times for each answer. When their requests time out together the answers
take longer than the front waits; it would take the lock for held, and kill the process.
So while the front asks, threads change more often.
"""

import sys
from typing import TYPE_CHECKING, Optional

from .native import POLLIN, poll

if TYPE_CHECKING:
    from .wire import Channel

INTERVAL = 0.0002  # between two threads, in seconds; CPython's own is 0.005
CALM = 0.2  # without a question, until it is as before, in seconds


class Haste:
    def __init__(self, channel: "Channel") -> None:
        self._channel = channel
        self._before: Optional[float] = None

    def begin(self) -> None:
        """A question has come."""
        if self._before is None:
            self._before = sys.getswitchinterval()
            sys.setswitchinterval(min(self._before, INTERVAL))

    def rest(self) -> None:
        """Before the next is received: returns when there is one, or calm."""
        if self._before is None or self._channel.pending:
            return
        poller = poll()
        poller.register(self._channel.sock, POLLIN)
        if not poller.poll(CALM * 1000):
            self.end()

    def end(self) -> None:
        """As it was before; the process may go on without this."""
        if self._before is not None:
            sys.setswitchinterval(self._before)
            self._before = None
