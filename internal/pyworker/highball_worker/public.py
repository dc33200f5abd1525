"""The module `highball` as applications see it while Highball serves them."""


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
