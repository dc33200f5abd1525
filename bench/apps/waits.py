"""Waits as many milliseconds as the query says, and answers with its process."""

import os
import time


def application(environ, start_response):
    time.sleep(int(environ["QUERY_STRING"] or 0) / 1000)
    body = b"%d" % os.getpid()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
