# What a program has that computes its settings, and names them in its environment.
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
os.environ["SHOP_ROLE"] = "web"
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "extra"))

_workers = int(os.environ.get("SHOP_WORKERS", "1"))
bind = ["127.0.0.1:0"]
workers = max(_workers, 1)
worker_class = "gthread"
threads = 2
preload_app = True
keepalive = 75
limit_request_line = 0
proc_name = "shop"
accesslog = "-"
errorlog = "-"
loglevel = "info"
