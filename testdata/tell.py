"""The application of the tests of package highball: tells what it was called with."""

import os


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    lines = [
        "SCRIPT_NAME=" + environ["SCRIPT_NAME"],
        "PATH_INFO=" + environ["PATH_INFO"],
        "site.name=" + environ.get("site.name", ""),
        "pid=%d" % os.getpid(),
    ]
    return ["\n".join(lines).encode("latin-1")]


def broken(environ, start_response):
    raise RuntimeError("this application always fails")
