"""Takes its arguments by position and in no other way."""


def application(first, second, /):
    second("200 OK", [("Content-Type", "text/plain")])
    return [b"positional"]
