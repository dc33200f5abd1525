"""RequestTimeout: an exception raised in the thread of one request, by another thread.

CPython lets one thread have another raise an exception at its next bytecode. What
makes that safe to use is that it never hits the wrong request, nor our own code
where that must not be cut in two. So there is a claim for each request: a key in a
dict, which the request's thread takes out where it must not be hit, and which
the other thread has to take out first. Who gets it is decided by one atomic pop.

No lock: the exception could come between a lock's acquisition and its release by
the thread that is hit, and the lock would be held for ever.
"""

from typing import Any, Callable, Optional

from .native import get_ident, sleep
from .public import RequestTimeout


class Interruption:
    """Knows which request a slot's thread serves, and can interrupt that one, once."""

    __slots__ = ("_claim", "_number", "_raised", "_settled", "_thread", "_wanted", "wake")

    def __init__(self) -> None:
        self._thread = 0
        self._number = 0  # of the request that is served
        self._claim: dict[int, bool] = {}  # its number, while it may be hit
        self._wanted: Optional[type[RequestTimeout]] = None  # interrupt() has come
        self._settled = 0  # the last request with which interrupt() was done
        self._raised = 0  # the last request that was interrupted
        # Has the thread run some Python, where it may wait in a loop that has none.
        self.wake: Callable[[], Any] = lambda: None

    @property
    def number(self) -> int:
        """The request that is served; 0 for none."""
        return self._number

    # What the request's thread calls.

    def begin(self, number: int) -> None:
        """From here on this request, which the calling thread serves, may be hit."""
        self._thread = self._thread or get_ident()
        self._wanted = None
        self._number = number
        self._claim[number] = True

    def move(self) -> None:
        """Between requests: the calling thread is the one that serves from now on."""
        self._thread = get_ident()

    def hold(self) -> bool:
        """From here to release() nothing is raised; true if that is new.

        What was on its way is raised here. In other threads, and between requests,
        nothing happens.
        """
        if (not self._claim and self._wanted is None) or get_ident() != self._thread:
            return False
        if self._claim.pop(self._number, False):
            return True
        self._settle()
        return False

    def release(self) -> None:
        """To be called if hold() was true, or has not been undone yet: as begin()."""
        number = self._number
        if self._raised == number:
            return
        self._claim[number] = True
        wanted = self._wanted
        if wanted is not None and wanted.number == number and self._claim.pop(number, False):
            self._raised = number
            raise wanted

    def end(self) -> None:
        """After hold(): the thread serves no request any more."""
        self._number = 0
        self._wanted = None

    def _settle(self) -> None:
        """Waits until what interrupt() has set has been raised, here or before."""
        wanted = self._wanted
        if wanted is None or wanted.number != self._number:
            return
        while self._settled != self._number:
            sleep(0)
        sleep(0)  # where it is raised, if it was not yet
        # CPython before 3.12 has one mark for all threads: two that are interrupted
        # at the same time may take it from each other, and one is late.
        _raise_in(self._thread, None)

    # What the control thread calls.

    def interrupt(self, number: int, seconds: float, request_id: str = "") -> bool:
        """Has RequestTimeout raised if this request runs still; says whether it will be."""
        before = self._wanted  # read once: the request may end at any moment
        if not number or self._number != number or (before and before.number == number):
            return False
        # First the wish, then the claim: who holds the claim back sees the wish later.
        self._wanted = wanted = _exception(number, seconds, request_id)
        will_be = self._number == number
        if self._claim.pop(number, False):
            self._raised = number
            will_be = _raise_in(self._thread, wanted)
            self.wake()
        self._settled = number
        return will_be


def _exception(number: int, seconds: float, request_id: str) -> type[RequestTimeout]:
    """A class of its own, since CPython wants a class and makes the instance later."""
    text = "request %s ran for longer than %g s" % (request_id or number, seconds)
    names = {
        "__module__": "highball", "__qualname__": "RequestTimeout", "__str__": lambda self: text,
        "number": number, "seconds": seconds, "request_id": request_id,
    }  # fmt: skip
    return type("RequestTimeout", (RequestTimeout,), names)


_set: Optional[Callable[[int, Any], bool]] = None


def _raise_in(thread: int, exception: Optional[type[BaseException]]) -> bool:
    """False where the interpreter has no such thing: PyPy, or no ctypes."""
    global _set
    if _set is None:
        _set = _find()
    return _set(thread, exception)


def _find() -> Callable[[int, Any], bool]:
    try:
        import ctypes

        function = ctypes.pythonapi.PyThreadState_SetAsyncExc
    except (ImportError, AttributeError):
        return lambda thread, exception: False
    identifier, py_object = ctypes.c_ulong, ctypes.py_object

    def call(thread: int, exception: Any) -> bool:
        argument = None if exception is None else py_object(exception)
        return bool(function(identifier(thread), argument) == 1)

    return call
