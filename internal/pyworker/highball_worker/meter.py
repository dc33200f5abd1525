"""How long a request keeps its thread busy, for the front's judgement.

The front sends requests of a short route behind each other to one thread. What
makes a route short is what its thread has to do: its CPU time, as long as it
does not wait. Time that passes only because the system runs another process in
between says nothing about the route; on a busy machine it would hide how short
most routes are. Nor does the wait for the interpreter's lock, but that cannot be
told from the application's own waits: where other requests ran in this process
meanwhile, the result is in doubt.
"""

from time import monotonic_ns, thread_time_ns

try:
    from resource import RUSAGE_THREAD, getrusage

    def _waits() -> int:
        """How often this thread has given up its processor to wait for something."""
        return getrusage(RUSAGE_THREAD).ru_nvcsw

    _TELLS = True
except ImportError:  # not Linux, or PyPy: all time counts

    def _waits() -> int:
        return 0

    _TELLS = False

_LONGEST = 65535  # what the header of a frame holds, in microseconds
_BEGUN, _DONE, _STRIDE = 0, 2, 4  # where slot.py has these of the words of each slot


class Meter:
    """Measures from its making to took()."""

    __slots__ = ("doubtful", "_cpu", "_others", "_slot", "_waited", "_wall", "_words")

    def __init__(self, words: "memoryview[int]", slot: int) -> None:
        self.doubtful = False
        self._words = words
        self._slot = slot
        self._others = self._of_others(_DONE)
        self._waited = _waits()
        self._cpu = thread_time_ns()
        self._wall = monotonic_ns()

    def took(self) -> int:
        """Microseconds, at least 1: of CPU, or of the clock if the thread has waited."""
        wall = monotonic_ns() - self._wall
        cpu = thread_time_ns() - self._cpu
        waited = not _TELLS or _waits() != self._waited
        if waited and self._crowded():
            self.doubtful = True
            waited = False
        return min((wall if waited else cpu) // 1000 + 1, _LONGEST)

    def _of_others(self, word: int) -> list[int]:
        values = self._words[word::_STRIDE].tolist()
        del values[self._slot]
        return values

    def _crowded(self) -> bool:
        """Whether other slots of this process have had requests meanwhile.

        Both words only count up, done behind begun: they were idle all the time if
        what was done at the start is the last that has begun at the end.
        """
        return self._others != self._of_others(_BEGUN)
