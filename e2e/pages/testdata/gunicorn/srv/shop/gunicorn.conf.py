"""As it stands beside many a project."""

import multiprocessing

bind = "127.0.0.1:8000"
workers = min(multiprocessing.cpu_count() * 2 + 1, 4)
threads = 2
max_requests = 1000
max_requests_jitter = 50
accesslog = "-"


def post_fork(server, worker):
    server.log.info("Worker spawned (pid: %s)", worker.pid)
