"""Says what it sees of its server."""

import json
import os


def described(value):
    if isinstance(value, (str, bool, int, tuple)):
        return repr(value)
    return "<%s>" % ("callable" if callable(value) else "object")


def application(environ, start_response):
    body = environ["wsgi.input"].read()
    seen = {key: described(value) for key, value in environ.items() if isinstance(key, str)}
    answer = {
        "environ": seen,
        "body": body.decode("latin-1"),
        "pid": os.getpid(),
        "cwd": os.getcwd(),
    }
    answer["env"] = {key: value for key, value in os.environ.items() if key.startswith("SHOP_")}
    text = b"short" if "HTTP_X_SHORT" in environ else json.dumps(answer).encode()
    path = environ["PATH_INFO"]
    status = (
        "404 Not Found" if path == "/missing" else "302 Found" if path == "/moved" else "200 OK"
    )
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(text))),
        ("X-Shop", "open"),
    ]
    if path == "/moved":
        headers.append(("Location", "/"))
    if path == "/raises":
        raise RuntimeError("as asked")
    start_response(status, headers)
    return [text]


app = application


def create_app(name="shop"):
    return application
