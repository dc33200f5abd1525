"""Sends back what it reads, as it reads it."""


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    stream = environ["wsgi.input"]
    return iter(lambda: stream.read(32768), b"")
