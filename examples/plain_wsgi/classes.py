"""Applications that are classes: PEP 3333 asks for a callable, no more.

highball run classes.py:AppClass
highball run "classes.py:Greeter('Good day')"
"""


class AppClass:
    """The class is the application: calling it makes the response, an iterable."""

    def __init__(self, environ, start_response):
        self.environ = environ
        self.start = start_response

    def __iter__(self):
        self.start("200 OK", [("Content-Type", "text/plain")])
        yield b"Hello from "
        yield self.environ["PATH_INFO"].encode("latin-1") + b"\n"


class Greeter:
    """The instance is the application; it is made once, when the worker starts."""

    def __init__(self, greeting):
        self.greeting = greeting

    def __call__(self, environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{self.greeting}, {environ['REMOTE_ADDR']}!\n".encode()]
