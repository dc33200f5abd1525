"""What PEP 3333 allows in a status and in response headers."""

from __future__ import annotations

from typing import Any

import pytest
from highball_worker import headers
from highball_worker.headers import check


class Text(str):
    pass


GOOD: list[Any] = [
    [],
    [("Content-Type", "text/plain")],
    [("X", "")],
    [("X", "a\tb")],
    [("X", "caf\xe9\xff\x80")],
    [("!#$%&'*+-.^_`|~09az", "x")],
    [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")],
    [(Text("X-Text"), Text("value"))],
]


@pytest.mark.parametrize("given", GOOD, ids=repr)
def test_allowed(given: Any) -> None:
    for _ in range(2):  # the names are new, then known
        assert check("200 OK", given) is None


@pytest.mark.parametrize(
    "status", ["200 OK", "200 ", "299 caf\xe9", "599 x y  z", Text("404 Not Found")]
)
def test_allowed_status(status: str) -> None:
    assert check(status, []) is None


@pytest.mark.parametrize(
    "status",
    [
        "",
        "200",
        "20 OK",
        "2000 OK",
        "OK",
        " 200 OK",
        "100 Continue",
        "103 Early Hints",
        "099 x",
        "\u0662\u0660\u0660 OK",
        "200 OK\r\nX: y",
        "200 OK\n",
        "200 a\x00b",
        "200 a\x7f",
        "200 \u20ac",
    ],
)
def test_forbidden_status(status: str) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="PEP 3333"):
            check(status, [])


@pytest.mark.parametrize("status", [200, None, b"200 OK", ["200 OK"]])
def test_status_of_another_type(status: Any) -> None:
    with pytest.raises(TypeError):
        check(status, [])


@pytest.mark.parametrize("name", ["", "X Y", "X:", "X\r\nY", "X\n", "caf\xe9", "X\x00", "(x)"])
def test_forbidden_name(name: str) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="token"):
            check("200 OK", [("X-Good", "y"), (name, "x")])


@pytest.mark.parametrize(
    "name",
    [
        "Connection",
        "keep-alive",
        "PROXY-AUTHENTICATE",
        "Proxy-Authorization",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Proxy-Connection",
    ],
)
def test_hop_by_hop(name: str) -> None:
    with pytest.raises(ValueError, match="hop-by-hop"):
        check("200 OK", [(name, "x")])


@pytest.mark.parametrize("value", ["a\r\nb", "a\n", "\rb", "a\x00", "a\x1f", "a\x7f"])
def test_control_characters(value: str) -> None:
    with pytest.raises(ValueError, match="control characters"):
        check("200 OK", [("A", "good"), ("X", value)])


def test_beyond_latin1() -> None:
    with pytest.raises(ValueError, match="latin-1"):
        check("200 OK", [("X", "\u0100")])
    with pytest.raises(ValueError, match="latin-1"):
        check("200 OK", [("X", "\ud800")])


@pytest.mark.parametrize(
    "given",
    [
        None,
        (),
        {},
        iter([]),
        [["X", "y"]],
        [("X",)],
        [("X", "y", "z")],
        [("X", 1)],
        [("X", b"y")],
        [("X", None)],
        [(b"X", "y")],
        [(1, "y")],
        ["Xy"],
    ],
    ids=repr,
)
def test_other_types(given: Any) -> None:
    with pytest.raises(TypeError, match="PEP 3333"):
        check("200 OK", given)


def test_content_length() -> None:
    assert check("200 OK", [("Content-Length", "12")]) == 12
    assert check("200 OK", [("content-LENGTH", "0")]) == 0
    assert check("200 OK", [("Content-Length", "5"), ("Content-Length", "5")]) == 5
    for bad in ("", "-1", "+1", "1.0", "0x1", " 1", "1 ", "\u0661", "\xb2", "1, 1", "9" * 19):
        with pytest.raises(ValueError, match="not a number"):
            check("200 OK", [("Content-Length", bad)])
    with pytest.raises(ValueError, match="twice"):
        check("200 OK", [("Content-Length", "5"), ("content-length", "6")])


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """An application that makes up names and statuses does not fill the memory."""
    monkeypatch.setattr(headers, "_names", {})
    monkeypatch.setattr(headers, "_statuses", {})
    for n in range(headers.MAX_KNOWN + 10):
        check("200 reason %d" % n, [("X-%d" % n, "y")])
    assert len(headers._names) == headers.MAX_KNOWN
    assert len(headers._statuses) == headers.MAX_KNOWN


def test_exact_makes_builtin_strings() -> None:
    made = headers.exact([(Text("X"), Text("y"))])
    assert made == [("X", "y")]
    assert [type(text) for text in made[0]] == [str, str]
