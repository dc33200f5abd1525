"""Counts its calls, in all and by tag."""

import itertools
import os
from collections import Counter

from support import query, reply

total = itertools.count(1)
by_tag = Counter()


def application(environ, start_response):
    tag = query(environ)["tag"]
    by_tag[tag] += 1
    if environ["CONTENT_LENGTH" if "CONTENT_LENGTH" in environ else "wsgi.url_scheme"] == "5":
        environ["wsgi.input"].read(5)
    return reply(start_response, {"calls": by_tag[tag], "total": next(total), "pid": os.getpid()})
