"""Returns what is no iterable of bytes at all; ?str a str, which is one of str."""

from support import query


def application(environ, start_response):
    start_response("200 OK", [("X-Smuggled", "1")])
    return {"none": None, "int": 5, "str": "text"}[query(environ)["value"]]
