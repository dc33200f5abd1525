"""An iterable that tells which of its attributes the server looks at."""

from support import tell


class Recorder:
    def __init__(self):
        self.seen = []

    def __getattribute__(self, name):
        if name != "seen":
            self.seen.append(name)
        return object.__getattribute__(self, name)

    def __iter__(self):
        return iter([b"recorded"])


class Closing(Recorder):
    environ = {}

    def close(self):
        tell(type(self).environ, "looked at", sorted(set(self.seen)))


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    Closing.environ = environ
    return Closing()
