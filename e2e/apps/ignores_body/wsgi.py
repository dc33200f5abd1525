"""Never looks at its body; waits at the gate if there is one."""

from support import gate, query


def application(environ, start_response):
    if "gate" in query(environ):
        gate(environ)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ignored"]
