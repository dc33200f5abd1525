"""An iterable that tells which of its attributes the server looks at."""

from support import tell


class Recorder:
    def __init__(self, environ):
        self.environ = environ
        self.seen = []

    def __getattribute__(self, name):
        if name not in ("environ", "seen"):
            self.seen.append(name)
        return object.__getattribute__(self, name)

    def __iter__(self):
        return iter([b"recorded"])


class Closing(Recorder):
    def close(self):
        tell(self.environ, "looked at", sorted(set(self.seen)))


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return Closing(environ)
