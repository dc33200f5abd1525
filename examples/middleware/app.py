"""Middleware: a WSGI application that calls another.

highball run app.py                                          # wrapped in Python, below
highball run app.py:simple_app --middleware app:simple_middleware --middleware app:timing
"""

import time


def simple_app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [f"Hello, {environ.get('app.visitor', 'nobody')}!\n".encode()]


def simple_middleware(app):
    """Changes the request on its way in."""

    def wrapped_app(environ, start_response):
        environ["app.visitor"] = environ.get("HTTP_X_VISITOR", "stranger")
        return app(environ, start_response)

    return wrapped_app


def timing(app):
    """Changes the response on its way out: a header with the application's time."""

    def wrapped_app(environ, start_response):
        began = time.perf_counter()

        def timed_start_response(status, headers, exc_info=None):
            took = (time.perf_counter() - began) * 1000
            return start_response(
                status, [*headers, ("Server-Timing", f"app;dur={took:.3f}")], exc_info
            )

        return app(environ, timed_start_response)

    return wrapped_app


# The outermost one sees a request first and its response last.
app = simple_middleware(timing(simple_app))
