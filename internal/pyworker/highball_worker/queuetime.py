"""The field X-Queue-Time of the request, for what reads fields and not environ."""

from collections.abc import Iterable
from typing import Any, Callable

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def with_field(application: Application) -> Application:
    """The application, told in seconds how long its request has waited for a thread."""

    def told(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["HTTP_X_QUEUE_TIME"] = "%.6f" % environ["highball.queue_time"]
        return application(environ, start_response)

    return told
