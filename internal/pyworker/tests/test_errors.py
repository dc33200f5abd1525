"""wsgi.errors: lines for the log."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from highball_worker.errors import ErrorStream


def stream() -> tuple[ErrorStream, list[str]]:
    lines: list[str] = []

    def log(line: str, request_id: str) -> None:
        assert request_id == "id-1"
        lines.append(line)

    return ErrorStream(log, "id-1"), lines


def test_lines_go_out_whole() -> None:
    errors, lines = stream()
    assert errors.write("one\ntw") == 6
    assert lines == ["one"]
    errors.write("o\n\nthree")
    assert lines == ["one", "two", ""]
    errors.flush()
    errors.flush()
    assert lines == ["one", "two", "", "three"]


def test_writelines_and_print() -> None:
    errors, lines = stream()
    errors.writelines(["a\n", "b", "c\n"])
    print("caf\xe9", 1, file=errors)
    assert lines == ["a", "bc", "caf\xe9 1"]


@pytest.mark.parametrize("given", [b"bytes", None, 1])
def test_text_alone(given: Any) -> None:
    errors, lines = stream()
    with pytest.raises(TypeError, match="str"):
        errors.write(given)
    assert lines == []


def test_it_is_no_terminal() -> None:
    errors, _ = stream()
    assert not errors.isatty()
    assert errors.writable()
    assert (errors.encoding, errors.errors) == ("utf-8", "backslashreplace")


def test_threads_do_not_mix_their_lines() -> None:
    errors, lines = stream()

    def write(name: str) -> None:
        for _ in range(200):
            errors.write(name * 50 + "\n")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lines) == 800
    assert set(lines) == {name * 50 for name in "abcd"}
