"""The requests that `highball check` makes."""

from __future__ import annotations

from typing import NamedTuple

FORM = "application/x-www-form-urlencoded"


class Probe(NamedTuple):
    """One request. What is not said is as in a browser's GET of /."""

    name: str
    method: str = "GET"
    path: str = "/"
    query: str = ""
    #: None: no CONTENT_LENGTH
    body: bytes | None = None
    environ: tuple[tuple[str, str], ...] = ()
    #: entries that are left out, where that is allowed
    without: tuple[str, ...] = ()
    #: the body is left after so many blocks, and closed
    most: int | None = None
    #: how often it is made in a row
    times: int = 1
    #: the body ends by itself and has no CONTENT_LENGTH
    terminated: bool = False
    #: servers need not be like that: what it shows is only a note
    only_notes: bool = False


def _latin1(text: str) -> str:
    return text.encode("utf-8").decode("latin-1")


PROBES = (
    Probe("GET /"),
    Probe("GET / twice", times=2),
    Probe("GET /?a=1&a=2&b=%20&c", query="a=1&a=2&b=%20&c"),
    Probe("HEAD /", "HEAD"),
    Probe("OPTIONS /", "OPTIONS"),
    Probe("POST / with a form", "POST", body=b"name=Ada&age=36"),
    Probe("POST / with a large body", "POST", body=b"x" * 200_000),
    Probe("POST / with an empty body", "POST", body=b""),
    Probe("POST / without a body", "POST"),
    Probe("POST / with CONTENT_LENGTH ''", "POST", environ=(("CONTENT_LENGTH", ""),)),
    Probe("POST / of unknown length", "POST", body=b"name=Ada", terminated=True),
    Probe(
        "PUT / with JSON", "PUT", body=b'{"a": 1}', environ=(("CONTENT_TYPE", "application/json"),)
    ),
    Probe(
        "PATCH / with JSON that is cut",
        "PATCH",
        body=b'{"a"',
        environ=(("CONTENT_TYPE", "application/json"),),
    ),
    Probe("DELETE /", "DELETE"),
    Probe("BREW / (an unknown method)", "BREW"),
    Probe("GET with an empty PATH_INFO", path=""),
    Probe("GET //a", path="//a"),
    Probe("GET /a/../b/./c", path="/a/../b/./c"),
    Probe("GET /%00%0D%0A (control characters)", path="/\x00\r\n"),
    Probe("GET /é in UTF-8", path=_latin1("/é/…")),
    Probe("GET /%FF%FE (no UTF-8)", path="/\xff\xfe"),
    Probe("GET of a path of 4 KiB", path="/" + "a" * 4096),
    Probe("GET /?%FF=%zz (a query that is no query)", query="%FF=%zz&&=&\xff"),
    Probe("GET / left after the first block", most=1),
    Probe("GET / left before the first block", most=0),
    Probe("HEAD / left before the first block", "HEAD", most=0),
    Probe(
        "GET / by HTTP/1.0 without Host",
        environ=(("SERVER_PROTOCOL", "HTTP/1.0"),),
        without=("HTTP_HOST",),
    ),
    Probe("GET / by https", environ=(("wsgi.url_scheme", "https"), ("HTTPS", "on"))),
    Probe("GET / with If-None-Match: *", environ=(("HTTP_IF_NONE_MATCH", "*"),)),
    Probe("GET / with Range", environ=(("HTTP_RANGE", "bytes=0-0"),)),
    Probe("GET / with a Cookie of latin-1", environ=(("HTTP_COOKIE", "a=\xe9; =; b"),)),
    Probe(
        "GET / with entries of a server's own",
        environ=(("x.server", "1"), ("REDIRECT_STATUS", "200")),
    ),
    Probe(
        "GET / without what may be left out",
        without=("SCRIPT_NAME", "QUERY_STRING"),
        only_notes=True,
    ),
)
