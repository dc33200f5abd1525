"""wsgi.errors: each line goes to the log with the request's id.

Several threads may write to one stream. There is no lock: a thread that is
interrupted (see interrupt.py) could keep it.
"""

from collections.abc import Iterable
from typing import Callable


class ErrorStream:
    """A text stream that takes any str; what is not a whole line waits for flush()."""

    __slots__ = ("_log", "_pending", "request_id")

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, log: Callable[[str, str], None], request_id: str) -> None:
        self._log = log
        self._pending: list[str] = []  # parts of a line, taken out by who goes on with it
        self.request_id = request_id

    def write(self, text: str, /) -> int:
        if not isinstance(text, str):
            raise TypeError("wsgi.errors takes str, not %s" % type(text).__name__)
        lines = (self._taken() + text).split("\n")
        rest = lines.pop()
        if rest:
            self._pending.append(rest)
        for line in lines:
            self._log(line, self.request_id)
        return len(text)

    def writelines(self, lines: Iterable[str], /) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        line = self._taken()
        if line:
            self._log(line, self.request_id)

    def _taken(self) -> str:
        """What is pending; each part goes to one of the threads that ask."""
        parts = []
        while self._pending:
            try:
                parts.append(self._pending.pop(0))
            except IndexError:  # another thread was faster
                break
        return "".join(parts)

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True
