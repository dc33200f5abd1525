"""Answers ranges and conditions itself; /ignores does not."""


def application(environ, start_response):
    if environ["PATH_INFO"] == "/ignores":
        start_response("200 OK", [("ETag", '"v1"'), ("Content-Length", "10")])
        return [b"0123456789"]
    if environ.get("HTTP_IF_NONE_MATCH") == '"v1"':
        start_response("304 Not Modified", [("ETag", '"v1"')])
        return []
    start_response("206 Partial Content", [("Content-Range", "bytes 2-4/10"), ("Content-Length", "3")])
    return [b"234"]
