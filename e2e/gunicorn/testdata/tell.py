"""An application that says what it was given: as JSON, with the process's part of it."""

import json
import os
import sys
import threading


def application(environ, start_response):
    if environ["PATH_INFO"].endswith("/slow"):
        threading.Event().wait(30)
    body = environ["wsgi.input"].read().decode()
    told = {k: v for k, v in environ.items() if isinstance(v, (str, bool, int))}
    told["wsgi.version"] = list(environ["wsgi.version"])
    answer = {
        "environ": told,
        "body": body,
        "variables": {k: v for k, v in os.environ.items() if k.startswith(("SHOP_", "DJANGO_"))},
        "cwd": os.getcwd(),
        "path": [p for p in sys.path if "lib/python" not in p],
        "main": threading.current_thread() is threading.main_thread(),
        "python": sys.executable,
        "pid": os.getpid(),
    }
    data = json.dumps(answer).encode()
    fields = [("Content-Type", "application/json"), ("Content-Length", str(len(data)))]
    start_response("200 OK", fields)
    return [data]


class NotCallable:
    pass


nothing = NotCallable()
