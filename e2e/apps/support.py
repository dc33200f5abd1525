"""What the applications of the tests share."""

import json
import os
import socket
from urllib.parse import parse_qsl


def query(environ):
    """The query's variables, the last of each name."""
    return dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))


def tell(environ, *words):
    """A line in the log, by which the test finds it: its tag and the words."""
    line = " ".join([query(environ).get("tag", "-"), *map(str, words)])
    environ["wsgi.errors"].write(line + "\n")


def gate(environ, label="here"):
    """Waits at the test's gate until it lets us go on."""
    with socket.create_connection(("127.0.0.1", int(query(environ)["gate"]))) as sock:
        sock.sendall(("%d %s\n" % (os.getpid(), label)).encode())
        sock.recv(1)


def reply(start_response, value, status="200 OK"):
    """The value as text if it is one, else as JSON."""
    kind, body = ("text/plain", value) if isinstance(value, str) else ("application/json", json.dumps(value))
    start_response(status, [("Content-Type", kind)])
    return [body.encode()]


class Body:
    """An iterable with a close() that is told to the log."""

    def __init__(self, environ, blocks):
        self.environ = environ
        self.blocks = iter(blocks)
        self.asked = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.asked += 1
        return next(self.blocks)

    def close(self):
        tell(self.environ, "closed after", self.asked)
