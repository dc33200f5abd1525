"""A middleware: an application to the server, a server to the application."""


def simple_app(environ, start_response):
    start_response("200 OK", [("Content-type", "text/plain; charset=utf-8")])
    return [b"Hello, ", environ["greeted.name"].encode("utf-8"), b"!"]


def simple_middleware(app):
    def wrapped_app(environ, start_response):
        environ["greeted.name"] = "Middleware"  # on the way in

        def start(status, headers, exc_info=None):  # on the way out
            return start_response(status, headers + [("X-Wrapped", "yes")], exc_info)

        return app(environ, start)

    return wrapped_app


application = simple_middleware(simple_app)
