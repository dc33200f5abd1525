"""Ends without a body, with the status of the path; ?how=list|generator|empty, ?length=N."""

from support import Body, query, tell


def application(environ, start_response):
    asked = query(environ)
    headers = [("Content-Length", asked["length"])] if "length" in asked else []
    start_response(environ["PATH_INFO"][1:] + " Status", headers + [("X-Mine", "1")])
    tell(environ, "called")
    return {"list": [], "generator": iter(()), "empty": [b"", b""], "yields": Body(environ, [b"a", b"b"])}[asked["how"]]
