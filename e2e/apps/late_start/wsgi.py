"""Calls start_response only when it is iterated."""


def generator(environ, start_response):
    start_response("200 OK", [("X-Late", "generator"), ("Content-Type", "text/plain")])
    yield b"late"


class Class:
    def __init__(self, environ, start_response):
        self.start_response = start_response

    def __iter__(self):
        self.start_response("200 OK", [("X-Late", "class"), ("Content-Type", "text/plain")])
        return iter([b"late"])


def application(environ, start_response):
    return {"/generator": generator, "/class": Class}[environ["PATH_INFO"]](environ, start_response)
