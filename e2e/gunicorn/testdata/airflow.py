# What a program has that follows its workers by hooks.
bind = "127.0.0.1:0"
workers = 1


def post_fork(server, worker):
    server.log.info("forked %s", worker.pid)


def post_worker_init(worker):
    import os

    os.environ["SHOP_HOOKED"] = str(worker.age)
