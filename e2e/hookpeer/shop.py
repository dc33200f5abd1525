def application(environ, start_response):
    if environ["PATH_INFO"] == "/boom":
        raise KeyError("shop")
    body = environ["wsgi.input"].read()
    headers = [("Content-Type", "text/plain"), ("X-Shop", "one")]
    if body:
        headers.append(("Content-Length", str(len(body))))
    start_response("200 OK", headers)
    return [body or b"hello"]
