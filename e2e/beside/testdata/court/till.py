import app


def application(environ, start_response):
    return app.application(
        environ, lambda status, headers: start_response(status, [*headers, ("X-At", "till")])
    )
