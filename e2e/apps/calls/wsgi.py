"""Counts its calls, in all and by tag."""

import itertools
import os

from support import query, reply

total = itertools.count(1)
by_tag = {}


def application(environ, start_response):
    number = next(by_tag.setdefault(query(environ)["tag"], itertools.count(1)))
    if environ["CONTENT_LENGTH" if "CONTENT_LENGTH" in environ else "wsgi.url_scheme"] == "5":
        environ["wsgi.input"].read(5)
    return reply(start_response, {"calls": number, "total": next(total), "pid": os.getpid()})
