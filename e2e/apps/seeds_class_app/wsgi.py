"""A class as an application: the call makes an instance, which is the iterable."""


class AppClass:
    def __init__(self, environ, start_response):
        self.environ = environ
        self.start = start_response

    def __iter__(self):
        self.start("200 OK", [("Content-type", "text/plain")])
        yield b"Hello from "
        yield type(self).__name__.encode()


application = AppClass
