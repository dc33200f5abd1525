"""Gives no Content-Length: a list whose length is known, a generator's is not, nor write()'s."""


def application(environ, start_response):
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/one":
        return [b"body"]
    if environ["PATH_INFO"] == "/write":
        write(b"bo")
        return [b"dy"]
    return iter([b"bo", b"dy"])
