"""Whether the exception of a request's exc_info is gone after it, without the collector."""

import gc
import sys
import weakref

from support import reply

last = []


class Mine(Exception):
    pass


def application(environ, start_response):
    if environ["PATH_INFO"] == "/ask":
        alive = last.pop()() is not None
        gc.enable()
        return reply(start_response, {"alive": alive})
    gc.disable()
    try:
        raise Mine
    except Mine as exc:
        last.append(weakref.ref(exc))
        start_response("500 Mine", [("Content-Type", "text/plain")], sys.exc_info())
    return [b"raised"]
