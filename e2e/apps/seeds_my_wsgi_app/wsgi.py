"""An application that looks at its request: the method, the path and the body."""

from typing import Any, Callable, Dict, List


def my_wsgi_app(environ: Dict[str, Any], start_response: Callable[..., Any]) -> List[bytes]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    response_body = "{REQUEST_METHOD} {PATH_INFO} ".format(**environ).encode("latin-1") + body
    response_headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(response_body)))]
    start_response("200 OK", response_headers)
    return [response_body]


application = my_wsgi_app
