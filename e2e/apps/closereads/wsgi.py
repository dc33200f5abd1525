"""Reads the request's body only in close(), when its response is whole."""

from urllib.parse import parse_qs


class Body:
    def __init__(self, environ):
        self.environ = environ

    def __iter__(self):
        return iter([b"whole"])

    def close(self):
        tag = parse_qs(self.environ["QUERY_STRING"])["tag"][0]
        try:
            what = "%d bytes" % len(self.environ["wsgi.input"].read())
        except OSError:
            what = "an OSError"
        print(tag, "closed after", what, file=self.environ["wsgi.errors"])


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return Body(environ)
