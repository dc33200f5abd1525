# The module that a program names when it starts gunicorn by itself.


def on_starting(server):
    with open("started", "w") as f:
        f.write(server.proc_name)


def post_worker_init(worker):
    with open("workers", "a") as f:
        f.write("%d\n" % worker.pid)


def pre_request(worker, req):
    worker.log.debug("%s %s", req.method, req.path)


def post_request(worker, req, environ, resp):
    with open("requests", "a") as f:
        f.write("%s %s %s %s\n" % (req.method, req.path, resp.status, environ["QUERY_STRING"]))
