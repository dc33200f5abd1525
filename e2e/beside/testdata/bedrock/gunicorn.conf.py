# A site in containers: everything from the environment, with agents that start after the fork.
import os

bind = "127.0.0.1:%s" % os.environ["SHOP_PORT"]
workers = int(os.environ.get("WEB_CONCURRENCY", 2))
worker_class = os.environ.get("SHOP_WORKER_CLASS", "gthread")
threads = int(os.environ.get("SHOP_THREADS", "4"))
keepalive = 95
worker_tmp_dir = "/dev/shm"
accesslog = "-"
errorlog = "-"
loglevel = os.getenv("SHOP_LOG_LEVEL", "info")
access_log_format = '%(h)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" %({host}i)s %({x-shop}o)s'
wsgi_app = "app:application"
raw_env = ["SHOP_FROM=config"]
forwarded_allow_ips = "*"
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}
preload_app = True


def when_ready(server):
    with open("ready", "w") as f:
        f.write("%d workers" % server.cfg.workers)


def post_fork(server, worker):
    server.log.info("agent started in %s", worker.pid)


def worker_exit(server, worker):
    with open("exits", "a") as f:
        f.write("%d\n" % worker.pid)
