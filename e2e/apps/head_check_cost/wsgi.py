"""What the check of status and headers costs: whether ordinary ones take the slow look."""

import sys

from support import reply

HEADERS = [("Content-Type", "text/html"), ("X-A", "1"), ("Set-Cookie", "a=b; Path=/"), ("Content-Length", "5")]


def application(environ, start_response):
    headers = sys.modules["highball_worker.headers"]
    headers.check("200 OK", HEADERS)  # from now on these names are known
    slow, looks = ("_check_status", "_check_name", "_check_values"), []
    saved = {name: getattr(headers, name) for name in slow}
    for name in slow:
        setattr(headers, name, lambda *a, name=name: looks.append(name))
    try:
        headers.check("200 OK", HEADERS)
        ordinary, looks[:] = list(looks), []
        headers.check("200 OK", HEADERS + [("X-A", "caf\xe9")])
    finally:
        for name in slow:
            setattr(headers, name, saved[name])
    return reply(start_response, {"ordinary": ordinary, "odd": looks})
