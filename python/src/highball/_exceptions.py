"""The exceptions outside of a worker; in one they are the worker's own.

The twin of internal/pyworker/highball_worker/public.py, which applications see that have
no package `highball` installed; a test compares the two.
"""


class ClientDisconnected(ConnectionError):
    """The client left. Raised by wsgi.input and by write(); an OSError."""


class RequestTimeout(BaseException):
    """The request has run for longer than --request-timeout.

    Raised in the request's thread, wherever that is. No Exception, so that an
    application's `except Exception` does not go on; one that catches it all the same
    has a short while to end, then its process is killed.
    """

    number: int = 0  # of the request on its thread
    seconds: float = 0.0  # the timeout
    request_id: str = ""  # as in the log and in environ
