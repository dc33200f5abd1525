"""wsgi.errors: each line goes to the log with the request's id."""

import threading
from collections.abc import Iterable
from typing import Callable, Optional

_lock = threading.Lock()


class ErrorStream:
    """A text stream that takes any str; what is not a whole line waits for flush()."""

    __slots__ = ("_log", "_pending", "request_id")

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, log: Callable[[str, str], None], request_id: str) -> None:
        self._log = log
        self._pending: Optional[str] = None
        self.request_id = request_id

    def write(self, text: str, /) -> int:
        if not isinstance(text, str):
            raise TypeError("wsgi.errors takes str, not %s" % type(text).__name__)
        with _lock:
            lines = ((self._pending or "") + text).split("\n")
            self._pending = lines.pop() or None
        for line in lines:
            self._log(line, self.request_id)
        return len(text)

    def writelines(self, lines: Iterable[str], /) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if self._pending is None:
            return
        with _lock:
            line, self._pending = self._pending, None
        if line is not None:
            self._log(line, self.request_id)

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True
