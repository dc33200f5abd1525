"""Which part of its line the pages of development mark."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from highball_worker import dev_page
from highball_worker.dev_frames import chain


def marks_of(exc: BaseException) -> str:
    page = dev_page.of_request(
        exc, {"HTTP_ACCEPT": "text/html", "REQUEST_METHOD": "GET"}, "c", None
    )
    source = page[1].decode().rpartition("class=current>")[2].partition("</tr>")[0]
    return source.partition("<pre>")[2].partition("</pre>")[0]


def raised_by(module: str, text: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> BaseException:
    monkeypatch.syspath_prepend(str(path))
    (path / f"{module}.py").write_text(text, encoding="utf-8")
    importlib.invalidate_caches()
    with pytest.raises(Exception) as caught:
        importlib.import_module(module)
    return caught.value


@pytest.mark.parametrize(
    ("module", "text", "marked"),
    [
        ("columns_unclosed", "price = sum((1, 2)\n", "price = sum<mark>(</mark>(1, 2)"),
        ("columns_end", "price =\n", "price =<mark> </mark>"),
        ("columns_wide", "a = 1 <> 2\n", "a = 1 <mark>&lt;&gt;</mark> 2"),
    ],
)
@pytest.mark.skipif(sys.version_info < (3, 10), reason="its parser tells no columns like these")
def test_where_a_syntax_error_is(
    module: str, text: str, marked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert marks_of(raised_by(module, text, tmp_path, monkeypatch)) == marked


@pytest.mark.skipif(not hasattr((lambda: 0).__code__, "co_positions"), reason="CPython 3.11")
def test_which_part_of_a_line_has_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exc = raised_by(
        "columns_frame", "é, x = 1, 0\nwant = 'é' + str(1 / x)\n", tmp_path, monkeypatch
    )
    (line,) = [line for line in chain(exc)[0].frames[-1].source if line.current]
    assert line.text[slice(*line.marked)] == "1 / x"


def test_a_whole_line_is_not_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exc = raised_by("columns_whole", "if True:\n    undefined\n", tmp_path, monkeypatch)
    assert marks_of(exc) == "    undefined"
