"""Bodies both ways: POST / reads all of one and answers its length, GET /?N answers N
bytes in blocks from a generator, GET /file answers the file that BENCH_FILE names by
wsgi.file_wrapper, and GET /wrapper 200 where there is one, else 501."""

import os

BLOCK = b"x" * 65536


def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        return text(start_response, "200 OK", len(environ["wsgi.input"].read()))
    if environ["PATH_INFO"] == "/wrapper":
        known = "wsgi.file_wrapper" in environ
        return text(start_response, "200 OK" if known else "501 Not Implemented", known)
    if environ["PATH_INFO"] == "/file":
        file = open(os.environ["BENCH_FILE"], "rb")  # noqa: SIM115  (the wrapper closes it)
        head(start_response, "200 OK", os.fstat(file.fileno()).st_size)
        return environ["wsgi.file_wrapper"](file, len(BLOCK))
    blocks = int(environ["QUERY_STRING"]) // len(BLOCK)
    head(start_response, "200 OK", blocks * len(BLOCK))
    return (BLOCK for _ in range(blocks))


def head(start_response, status, length):
    headers = [("Content-Type", "application/octet-stream"), ("Content-Length", str(length))]
    start_response(status, headers)


def text(start_response, status, value):
    body = str(value).encode()
    head(start_response, status, len(body))
    return [body]
