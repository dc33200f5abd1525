"""Sets by itself, in odd spelling, what a server would add."""


def application(environ, start_response):
    start_response(
        "200 OK",
        [("content-LENGTH", "4"), ("dAte", "Thu, 01 Jan 1970 00:00:00 GMT"), ("SERVER", "mine"), ("CONTENT-type", "text/plain")],
    )
    return [b"mine"]
