"""A middleware that passes blocks on as they come, and an empty one after each.

As an application it stands around `files`, whose fields it changes.
"""

import importlib.util
import pathlib


def around(app, extra=()):
    def middleware(environ, start_response):
        def start(status, headers, exc_info=None):
            args = (status, headers + list(extra)) + ((exc_info,) if exc_info else ())
            return start_response(*args)

        return Blocks(app(environ, start))

    return middleware


class Blocks:
    def __init__(self, inner):
        self.inner, self.it, self.empty = inner, iter(inner), True

    def __iter__(self):
        return self

    def __next__(self):
        self.empty = not self.empty
        return b"" if self.empty else next(self.it)

    def close(self):
        if hasattr(self.inner, "close"):
            self.inner.close()


def application(environ, start_response):
    spec = importlib.util.spec_from_file_location("inner", pathlib.Path(__file__).parents[1] / "files/wsgi.py")
    inner = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(inner)
    if environ["PATH_INFO"].startswith("/fields/"):  # passes the file wrapper itself on
        environ["PATH_INFO"] = environ["PATH_INFO"][len("/fields") :]

        def start(status, headers, exc_info=None):
            return start_response(status, headers + [("X-Middleware", "1")])

        return inner.application(environ, start)
    return around(inner.application, [("X-Middleware", "1")])(environ, start_response)
