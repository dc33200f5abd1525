# What a container has: everything by variables.
from os import environ

bind = "%s:%s" % (environ.get("SHOP_HOST", "127.0.0.1"), environ.get("SHOP_PORT", "0"))
workers = environ.get("WEB_CONCURRENCY", "1")
graceful_timeout = 10
forwarded_allow_ips = "*"
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}
raw_env = ["SHOP_MODE=production", "SHOP_EMPTY="]
worker_tmp_dir = "/dev/shm"
