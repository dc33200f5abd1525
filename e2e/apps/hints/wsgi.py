"""Sends early hints, and says whether that went without an exception."""


def application(environ, start_response):
    hints = environ["wsgi.early_hints"]
    hints([("Link", "</style.css>; rel=preload"), ("Link", "</app.js>; rel=preload")])
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Final", "1")])
    yield b"hinted"
    hints([("Link", "</late.css>")])  # too late: silently nothing
