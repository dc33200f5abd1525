"""wsgi.file_wrapper: PEP 3333, "Optional Platform-Specific File Handling"."""

import io
import os
import stat
import tempfile
from collections.abc import Iterator
from typing import Any, Optional

_FILES = (io.BufferedReader, io.BufferedRandom, io.FileIO)
_TEMPORARY = getattr(tempfile, "_TemporaryFileWrapper", None)


class FileWrapper:
    """An iterable over a file-like object; transmits nothing by itself."""

    def __init__(self, filelike: Any, block_size: int = 65536) -> None:
        self.filelike = filelike
        self.block_size = block_size
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.filelike.read(self.block_size), b"")

    def __getitem__(self, index: int) -> bytes:
        data: bytes = self.filelike.read(self.block_size)
        if data:
            return data
        raise IndexError(index)


def regular_file(filelike: Any) -> Optional[tuple[int, int, int]]:
    """(descriptor, offset, bytes left) where sending the descriptor sends the same bytes.

    That is so for exactly Python's own binary files on regular files: a
    GzipFile, for one, has a descriptor as well, but of other bytes. The offset is
    the object's tell(), not the descriptor's, which may have read ahead.
    """
    if _TEMPORARY is not None and type(filelike) is _TEMPORARY:
        filelike = filelike.file
    if type(filelike) not in _FILES:
        return None
    if not isinstance(getattr(filelike, "raw", filelike), io.FileIO):
        return None
    try:
        fd = filelike.fileno()
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode) or not filelike.readable():
            return None
        offset = filelike.tell()
    except OSError:
        return None
    return fd, offset, max(0, info.st_size - offset)
