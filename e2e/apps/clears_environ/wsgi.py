"""Does to its environ whatever an application may do."""


def application(environ, start_response):
    environ.clear()
    environ[1] = environ["REQUEST_METHOD"] = environ["highball.request_id"] = object()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"cleared"]
