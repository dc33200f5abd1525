"""Calls start_response with two and with three arguments, and write() with one."""


def application(environ, start_response):
    write = start_response("500 No", [("X-Call", "two")])
    again = start_response("200 OK", [("X-Call", "three")], (None, None, None))
    assert callable(write) and callable(again)
    assert write(b"written, ") is None
    return [b"returned"]
