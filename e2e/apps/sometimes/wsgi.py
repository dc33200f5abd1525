"""Quick as a rule; one that is told of a gate waits there. Says how often it has seen the request's tag."""

import collections

from support import gate, query, reply

seen = collections.Counter()


def application(environ, start_response):
    variables = query(environ)
    if "gate" in variables:
        gate(environ)
    seen[variables["tag"]] += 1
    return reply(start_response, str(seen[variables["tag"]]))
