"""What the pages of development show, and which files count."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from highball_worker import dev_page, dev_values, files_in_use
from highball_worker.dev_advice import advice_of
from highball_worker.dev_frames import chain
from highball_worker.files_in_use import FilesInUse


class Odd:
    def __repr__(self) -> str:
        raise ValueError("no repr")


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("password", True),
        ("DB_PASSWORD", True),
        ("api_key", True),
        ("HTTP_COOKIE", True),
        ("HTTP_AUTHORIZATION", True),
        ("csrfToken", True),
        ("key", False),
        ("passenger", False),
        ("author", False),
        (7, False),
    ],
)
def test_secrets_go_by_their_names(name: object, secret: bool) -> None:
    assert dev_values.is_secret(name) is secret


def test_values_are_short_and_without_secrets() -> None:
    assert "hunter2" not in dev_values.shown("password", "hunter2")
    nested = {"user": "ann", "deep": [{"api_token": "hunter2"}]}
    shown = dev_values.shown("settings", nested)
    assert "ann" in shown
    assert "hunter2" not in shown
    assert len(dev_values.shown("x", ["x" * 1000] * 1000)) < 5000
    assert "Odd" in dev_values.shown("odd", Odd())
    assert dev_values.shown("n", 42) == "42"


def test_variables_of_a_module_are_its_values() -> None:
    values: dict[str, Any] = {"__name__": "m", "os": os, "Odd": Odd, "count": 3, "call": test_dict}
    assert dev_values.variables(values, module=True) == [("count", "3")]
    assert len(dev_values.variables(values, module=False)) == 4


def test_dict() -> None:
    assert dev_values.shown("x", {"a": 1}) == "{'a': 1}"


def _raised() -> BaseException:
    try:
        try:
            answer = 41 + 1
            raise KeyError(answer)
        except KeyError as exc:
            raise RuntimeError("outer") from exc
    except RuntimeError as exc:
        return exc


def test_chain_has_source_and_variables() -> None:
    outer, inner = chain(_raised())
    assert (outer.kind, outer.message, outer.link) == ("RuntimeError", "outer", "")
    assert inner.kind == "KeyError"
    assert inner.link
    frame = inner.frames[-1]
    assert frame.function == "_raised"
    assert ("answer", "42") in frame.variables
    assert [line.text.strip() for line in frame.source if line.current] == [
        "raise KeyError(answer)"
    ]


def test_circular_causes_end() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert len(chain(first)) == 2


ENVIRON = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/<a>", "QUERY_STRING": ""}


def test_html_for_browsers_text_for_others() -> None:
    kind, page = dev_page.of_request(_raised(), {**ENVIRON, "HTTP_ACCEPT": "text/html"}, "c", None)
    assert kind.startswith("text/html")
    assert b"/&lt;a&gt;" in page
    assert b'dev-events?code=c"' in page
    kind, page = dev_page.of_request(_raised(), {**ENVIRON, "HTTP_ACCEPT": "*/*"}, "c", None)
    assert kind.startswith("text/plain")
    assert b"RuntimeError: outer" in page


def test_post_is_not_sent_again() -> None:
    environ = {**ENVIRON, "HTTP_ACCEPT": "text/html", "REQUEST_METHOD": "POST"}
    assert b"if (false) location.reload()" in dev_page.of_request(_raised(), environ, "c", None)[1]


def test_advice_is_for_broken_rules_alone() -> None:
    assert advice_of(_raised()) is None
    found = advice_of(TypeError("the application's body must be made of bytes (PEP 3333)"))
    assert found is not None
    assert "bytes" in found.says


def test_files_are_told_once_and_those_that_failed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "dev_told_one.py").write_text("import dev_told_two\n")
    (tmp_path / "dev_told_two.py").write_text("def (\n")
    told: list[list[str]] = []
    files = FilesInUse(told.append)
    files.tell()
    with pytest.raises(SyntaxError) as caught:
        importlib.import_module("dev_told_one")
    files.tell(caught.value)
    assert told[-1] == [str(tmp_path / "dev_told_one.py"), str(tmp_path / "dev_told_two.py")]
    before = len(told)
    files.tell(caught.value)
    assert len(told) == before


def test_the_standard_library_does_not_count() -> None:
    assert not files_in_use.counts(os.__file__)
    assert not files_in_use.counts("<highball>/highball_worker/slot.py")
    assert files_in_use.counts(pytest.__file__)


def test_bytecode_of_fresh_sources_is_not_kept(tmp_path: Path) -> None:
    program = """
        import os, sys, time
        sys.dont_write_bytecode = False
        from highball_worker import dev_bytecode
        dev_bytecode.keep_none_of_fresh_sources()
        import fresh, old
        print(sorted(name.split(".")[0] for name in os.listdir("__pycache__")))
    """
    for name in ("fresh", "old"):
        (tmp_path / f"{name}.py").write_text("x = 1\n")
    os.utime(tmp_path / "old.py", (1_000_000_000, 1_000_000_000))
    path = os.pathsep.join([str(Path(dev_values.__file__).parent.parent), str(tmp_path)])
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=tmp_path,
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "['old']"
