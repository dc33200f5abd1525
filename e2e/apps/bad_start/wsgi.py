"""Calls start_response with what PEP 3333 forbids; with ?catch says what it raised."""

from support import query, reply

OK, TYPE = "200 OK", ("Content-Type", "text/plain")
CASES = {
    "status-no-reason": ("200", [TYPE]),
    "status-no-space": ("200OK", [TYPE]),
    "status-four-digits": ("2000 x", [TYPE]),
    "status-two-digits": ("20 x", [TYPE]),
    "status-1xx": ("100 Continue", [TYPE]),
    "status-crlf": ("200 O\r\nX-Smuggled: 1", [TYPE]),
    "status-bytes": (b"200 OK", [TYPE]),
    "status-int": (200, [TYPE]),
    "status-unicode": ("200 \u20ac", [TYPE]),
    "status-other-digits": ("\u0662\u0660\u0660 OK", [TYPE]),
    "name-space": (OK, [TYPE, ("X Smuggled", "1")]),
    "name-colon": (OK, [TYPE, ("X-Smuggled:", "1")]),
    "name-control": (OK, [TYPE, ("X-Smuggled\n", "1")]),
    "name-empty": (OK, [TYPE, ("", "X-Smuggled")]),
    "name-int": (OK, [TYPE, (1, "X-Smuggled")]),
    "name-bytes": (OK, [TYPE, (b"X-Smuggled", "1")]),
    "name-latin1": (OK, [TYPE, ("X-Smuggled\xe9", "1")]),
    "value-cr": (OK, [TYPE, ("X-Smuggled", "a\rb")]),
    "value-lf": (OK, [TYPE, ("X-Smuggled", "a\nb")]),
    "value-crlf": (OK, [TYPE, ("X-Smuggled", "a\r\nX-Two: b")]),
    "value-nul": (OK, [TYPE, ("X-Smuggled", "a\x00b")]),
    "value-delete": (OK, [TYPE, ("X-Smuggled", "a\x7fb")]),
    "value-int": (OK, [TYPE, ("X-Smuggled", 1)]),
    "value-bytes": (OK, [TYPE, ("X-Smuggled", b"1")]),
    "value-none": (OK, [TYPE, ("X-Smuggled", None)]),
    "value-unicode": (OK, [TYPE, ("X-Smuggled", "\u20ac")]),
    "headers-tuple": (OK, (TYPE, ("X-Smuggled", "1"))),
    "headers-dict": (OK, {"X-Smuggled": "1"}),
    "headers-none": (OK, None),
    "header-list": (OK, [TYPE, ["X-Smuggled", "1"]]),
    "header-triple": (OK, [TYPE, ("X-Smuggled", "1", "2")]),
    "length-words": (OK, [TYPE, ("Content-Length", "two"), ("X-Smuggled", "1")]),
    "length-negative": (OK, [TYPE, ("Content-Length", "-1"), ("X-Smuggled", "1")]),
    "length-plus": (OK, [TYPE, ("Content-Length", "+2"), ("X-Smuggled", "1")]),
    "length-empty": (OK, [TYPE, ("Content-Length", ""), ("X-Smuggled", "1")]),
    "length-list": (OK, [TYPE, ("Content-Length", "2, 2"), ("X-Smuggled", "1")]),
    "length-other-digits": (OK, [TYPE, ("Content-Length", "\xb2"), ("X-Smuggled", "1")]),
    "length-twice": (OK, [TYPE, ("Content-Length", "2"), ("content-length", "3"), ("X-Smuggled", "1")]),
}
for name in "Connection Keep-Alive Proxy-Authenticate Proxy-Authorization Proxy-Connection TE Trailer Transfer-Encoding Upgrade".split():
    CASES["hop-" + name] = (OK, [TYPE, ("X-Smuggled", "1"), (name, "chunked")])
    CASES["hop-" + name.lower()] = (OK, [TYPE, ("X-Smuggled", "1"), (name.lower(), "close")])


def application(environ, start_response):
    case = environ["PATH_INFO"][1:]
    if not case:
        return reply(start_response, sorted(CASES))
    try:
        start_response(*CASES[case])
    except Exception as exc:
        if "catch" not in query(environ):
            raise
        problem = type(exc).__name__ + ": " + str(exc)
        start_response("200 OK", [("Content-Type", "text/plain")], (None, None, None))
        return [problem.encode()]
    return [b"ok"]
