"""What PEP 3333 allows in a status and in response headers.

The common case must cost next to nothing: names that were seen are known by one
look-up, and all values are checked by one isprintable() of their join. Only
what does not pass so is looked at slowly, to say precisely what is wrong.
"""

import re
from typing import Any, Optional

Headers = list[tuple[str, str]]

PLAIN = 1
LENGTH = 2
MAX_KNOWN = 1000

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_STATUS = re.compile(r"[2-9][0-9][0-9] ")
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_HOP_BY_HOP = frozenset(
    "connection keep-alive proxy-authenticate proxy-authorization proxy-connection "
    "te trailer trailers transfer-encoding upgrade".split()
)

_names: dict[str, int] = {}
_statuses: dict[str, bool] = {}


def check(status: Any, headers: Any) -> Optional[int]:
    """Raises what is wrong; returns the value of Content-Length, if there is one."""
    if status not in _statuses:
        _check_status(status)
    if type(headers) is not list:
        raise TypeError(
            "response headers must be a list of (name, value) tuples, not %s "
            "(PEP 3333, the start_response() callable)" % type(headers).__name__
        )
    length = None
    values = []
    for item in headers:
        if type(item) is not tuple or len(item) != 2:
            raise TypeError(
                "a response header must be a (name, value) tuple, not %r "
                "(PEP 3333, the start_response() callable)" % (item,)
            )
        name, value = item
        kind = _names.get(name)
        if kind is None:
            kind = _check_name(name)
        if kind is LENGTH:
            length = _check_length(value, length)
        values.append(value)
    try:
        joined = "".join(values)
    except TypeError:
        joined = "\n"
    if not (joined.isascii() and joined.isprintable()):
        _check_values(headers)
    return length


def _check_status(status: Any) -> None:
    if not isinstance(status, str):
        raise TypeError(
            "status must be a str, not %s (PEP 3333, the start_response() callable)"
            % type(status).__name__
        )
    if _CONTROL.search(status) or not _latin1(status):
        raise ValueError("status %r has characters that are not allowed (PEP 3333)" % status)
    if not _STATUS.match(status):
        if status[:1] == "1":
            raise ValueError(
                "status %r is informational and no answer; use environ['wsgi.early_hints'] "
                "(PEP 3333)" % status
            )
        raise ValueError(
            "status %r is not three digits, a space and a reason (PEP 3333, the "
            "start_response() callable)" % status
        )
    if len(_statuses) < MAX_KNOWN:
        _statuses[str(status)] = True


def _check_name(name: Any) -> int:
    if not isinstance(name, str):
        raise TypeError("header name %r is not a str (PEP 3333)" % (name,))
    if not _TOKEN.match(name):
        raise ValueError("header name %r is not a token (PEP 3333, RFC 9110 5.1)" % name)
    lower = name.lower()
    if lower in _HOP_BY_HOP:
        raise ValueError(
            "header %r is hop-by-hop and the server's own (PEP 3333, Other HTTP Features)" % name
        )
    kind = LENGTH if lower == "content-length" else PLAIN
    if len(_names) < MAX_KNOWN:
        _names[str(name)] = kind
    return kind


def _check_length(value: Any, before: Optional[int]) -> int:
    if not isinstance(value, str) or not (value.isascii() and value.isdigit()) or len(value) > 18:
        raise ValueError("Content-Length %r is not a number (PEP 3333, RFC 9110 8.6)" % (value,))
    length = int(value)
    if before is not None and before != length:
        raise ValueError(
            "Content-Length is given twice, %d and %d (RFC 9110 8.6)" % (before, length)
        )
    return length


def _check_values(headers: Headers) -> None:
    for name, value in headers:
        if not isinstance(value, str):
            raise TypeError("the value of header %r is %r, not a str (PEP 3333)" % (name, value))
        if _CONTROL.search(value):
            raise ValueError(
                "the value of header %r has control characters: %r (PEP 3333, the "
                "start_response() callable)" % (name, value)
            )
        if not _latin1(value):
            raise ValueError(
                "the value of header %r has characters beyond latin-1: %r (PEP 3333, Unicode "
                "Issues)" % (name, value)
            )


def _latin1(text: str) -> bool:
    return all(char <= "\xff" for char in text)


def exact(headers: Any) -> Headers:
    """The same headers as builtin strings: marshal refuses subclasses of str."""
    return [(str.__str__(name), str.__str__(value)) for name, value in headers]
