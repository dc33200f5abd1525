"""Calls the methods of wsgi.input that the query names, and reports the results.

?ops=read:5,readline,iter
"""

from support import query, reply


def call(stream, op):
    name, *sizes = op.split(":")
    if name == "iter":
        return [text(line) for line in stream]
    if name == "next":
        return text(next(iter(stream), b""))
    result = getattr(stream, name)(*map(int, sizes))
    return [text(line) for line in result] if name == "readlines" else text(result)


def text(data):
    assert type(data) is bytes, type(data)
    return data.decode("latin-1")


def application(environ, start_response):
    stream = environ["wsgi.input"]
    return reply(start_response, [call(stream, op) for op in query(environ)["ops"].split(",")])
