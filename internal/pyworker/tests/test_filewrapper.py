"""wsgi.file_wrapper: the descriptor is passed where it gives the same bytes."""

from __future__ import annotations

import gzip
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_slot import respond
from highball_worker import wire
from highball_worker.filewrapper import FileWrapper, regular_file

CONTENT = b"0123456789" * 20


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "file"
    file.write_bytes(CONTENT)
    yield file


def test_a_file_is_passed(path: Path) -> None:
    with path.open("rb") as file:
        slot = respond(FileWrapper(file))
        head, fd = slot.files[0]
        assert fd == file.fileno()
    assert head == ("200 OK", [("Content-Length", "200")], 0, 200)
    assert slot.frames == []


def test_the_offset_is_tell_not_the_descriptors(path: Path) -> None:
    with path.open("rb") as file:
        file.read(3)  # the buffer has read ahead
        assert os.lseek(file.fileno(), 0, os.SEEK_CUR) != 3
        assert respond(FileWrapper(file)).files[0][0][2:] == (3, 197)


def test_unbuffered_and_writable_files(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        assert regular_file(file) == (file.fileno(), 0, 200)
    with path.open("r+b") as file:
        file.seek(190)
        assert regular_file(file) == (file.fileno(), 190, 10)


def test_a_temporary_file() -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"abc")
        file.seek(1)
        found = regular_file(file)
        assert found is not None
        assert found[1:] == (1, 2)


def test_the_length_given_bounds_it(path: Path) -> None:
    with path.open("rb") as file:
        head, _ = respond(FileWrapper(file), [("Content-Length", "5")]).files[0]
    assert head == ("200 OK", [("Content-Length", "5")], 0, 5)
    with path.open("rb") as file:
        slot = respond(FileWrapper(file), [("Content-Length", "500")])
    assert slot.files[0][0][2:] == (0, 200)
    assert "promises" in slot.complaints[0]


def test_beyond_the_end(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(1000)
        slot = respond(FileWrapper(file))
    assert slot.files == []
    assert slot.body == b""
    assert slot.flags & wire.END


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_empty_file(path: Path, method: str) -> None:
    path.write_bytes(b"")
    with path.open("rb") as file:
        slot = respond(FileWrapper(file), method=method)
    assert slot.frames[0].response() == ("200 OK", [("Content-Length", "0")], b"")
    assert slot.flags & wire.END


def test_head_of_a_file(path: Path) -> None:
    with path.open("rb") as file:
        slot = respond(FileWrapper(file), method="HEAD")
    assert slot.files == []
    assert slot.frames[0].response() == ("200 OK", [("Content-Length", "200")], b"")


def test_not_modified(path: Path) -> None:
    with path.open("rb") as file:
        slot = respond(FileWrapper(file), status="304 Not Modified")
    assert slot.files == []
    assert slot.body == b""
    assert not slot.flags & wire.CUT


class Reader:
    """Has read() alone."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self._file.read(size)


class Liar(Reader):
    """Has a descriptor, of other bytes."""

    def fileno(self) -> int:
        return 0


class Subclass(io.BufferedReader):
    """May give other bytes than its file has."""


def test_other_objects_are_read(path: Path) -> None:
    packed = path.with_suffix(".gz")
    packed.write_bytes(gzip.compress(CONTENT))
    with gzip.open(packed) as unpacked, Subclass(io.FileIO(path)) as subclass:
        for file in (Reader(CONTENT), Liar(CONTENT), io.BytesIO(CONTENT), unpacked, subclass):
            slot = respond(FileWrapper(file, 7))
            assert slot.files == []
            assert slot.body == CONTENT


def test_what_is_no_regular_file(path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, CONTENT)
    os.close(writing)
    with open(reading, "rb") as pipe:
        assert regular_file(pipe) is None
        assert respond(FileWrapper(pipe)).body == CONTENT
    with path.open("ab") as append_only:
        assert regular_file(append_only) is None
    with path.open("r") as text:
        assert regular_file(text) is None
    closed = path.open("rb")
    closed.close()
    with pytest.raises(ValueError, match="closed"):
        regular_file(closed)


def test_the_wrapper_is_an_iterable_with_close(path: Path) -> None:
    file: Any = path.open("rb")
    wrapper = FileWrapper(file, 150)
    assert list(wrapper) == [CONTENT[:150], CONTENT[150:]]
    wrapper.close()
    assert file.closed
    assert not hasattr(FileWrapper(Reader(b"")), "close")
    assert list(iter(FileWrapper(Reader(b"abc"), 2))) == [b"ab", b"c"]
