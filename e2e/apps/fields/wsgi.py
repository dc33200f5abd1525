"""A status text and fields of its own, in an order of its own."""


def application(environ, start_response):
    start_response(
        "299 Quite Fine",
        [("x-lower", "1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("B-Field", "2"), ("A-Field", "caf\xe9"), ("Set-Cookie", "c=3")],
    )
    return [b"fields"]
