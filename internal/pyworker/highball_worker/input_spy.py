"""wsgi.input that tells of each read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

# Told of the method, its arguments and what it returned.
Told = Callable[[str, "tuple[Any, ...]", Any], None]


class InputSpy:
    """Another input stream, whose reads are told of after they were done."""

    def __init__(self, stream: Any, told: Told) -> None:
        self._stream = stream
        self._told = told

    def read(self, *args: Any) -> Any:
        return self._tell("read", args, self._stream.read(*args))

    def readline(self, *args: Any) -> Any:
        return self._tell("readline", args, self._stream.readline(*args))

    def readlines(self, *args: Any) -> Any:
        return self._tell("readlines", args, self._stream.readlines(*args))

    def __iter__(self) -> Iterator[Any]:
        for line in self._stream:
            yield self._tell("__iter__", (), line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_stream"], name)

    def _tell(self, method: str, args: tuple[Any, ...], result: Any) -> Any:
        self._told(method, args, result)
        return result
