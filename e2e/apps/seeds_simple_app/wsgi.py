"""The first application that every introduction shows: a function of two arguments."""


def simple_app(environ, start_response):
    start_response("200 OK", [("Content-type", "text/plain; charset=utf-8")])
    return [b"Hello, World!"]


application = simple_app
