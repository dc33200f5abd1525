"""The module `highball` as applications see it while Highball serves them."""


class ClientDisconnected(ConnectionError):
    """The client left. Raised by wsgi.input and by write(); an OSError."""
