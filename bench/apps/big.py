"""Large bodies both ways: GET / streams as much as ?N says, POST / counts what it gets."""

BLOCK = b"x" * 65536


def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        return count(environ, start_response)
    blocks = int(environ["QUERY_STRING"]) // len(BLOCK)
    length = str(blocks * len(BLOCK))
    start_response(
        "200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", length)]
    )
    return (BLOCK for _ in range(blocks))


def count(environ, start_response):
    total = 0
    while True:
        block = environ["wsgi.input"].read(len(BLOCK))
        if not block:
            break
        total += len(block)
    body = str(total).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
