"""The smallest WSGI application: a function.

highball run simple.py:simple_app
"""


def simple_app(environ, start_response):
    status = "200 OK"
    headers = [("Content-Type", "text/plain; charset=utf-8")]
    start_response(status, headers)
    return [b"Hello, World!"]
