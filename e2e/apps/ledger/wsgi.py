"""Writes down which requests begin and end, and goes wrong in ways that a test chooses.

Each process has a file of its own in $LEDGER, to which it appends a line at a time: what
is written is there, however the process ends.
"""

import os
import re
import subprocess
import threading
import time

from support import gate, query

LEDGER = os.environ["LEDGER"]
SLOW_IMPORT = os.path.join(LEDGER, "hold")  # as long as it exists
books = {}
kept = []
lock = threading.Lock()


def write(word, name):
    pid = os.getpid()
    if pid not in books:  # two threads may open it at once, which does no harm
        books[pid] = os.open(os.path.join(LEDGER, "%d.book" % pid), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(books[pid], ("%s %s\n" % (word, name)).encode())


def quick(environ):
    pass


def work(environ):
    time.sleep(0.005)
    environ["wsgi.input"].read()


def waits(environ):
    gate(environ, query(environ)["id"])


def leak(environ):
    """Keeps memory, and has it in use: a page that nobody wrote to takes none."""
    kept.append(b"x" * (int(query(environ)["kib"]) << 10))
    time.sleep(float(query(environ)["seconds"]))


def sleeps(environ):
    time.sleep(600)


def locks(environ):
    with lock:
        lock.acquire()


def holds_the_interpreter(environ):
    re.match(r"(a+)+$", "a" * 60 + "b")


def forks(environ):
    """The child has copies of all descriptors, which nobody closes at the fork."""
    for fd in os.listdir("/proc/self/fd"):
        try:
            kept.append(os.dup(int(fd)))
        except OSError:  # the directory's own
            pass
    child = os.fork()
    if child == 0:
        time.sleep(600)
        os._exit(0)
    write("child", child)
    gate(environ)


def spawns(environ):
    """The program has all descriptors as they are."""
    for fd in os.listdir("/proc/self/fd"):
        try:
            os.set_inheritable(int(fd), True)
        except OSError:
            pass
    child = subprocess.Popen(["sleep", "600"], close_fds=False)
    write("child", child.pid)
    gate(environ)


PATHS = {
    "/quick": quick,
    "/work": work,
    "/waits": waits,
    "/leak": leak,
    "/sleeps": sleeps,
    "/locks": locks,
    "/gil": holds_the_interpreter,
    "/forks": forks,
    "/spawns": spawns,
}


def application(environ, start_response):
    name = query(environ)["id"]
    write("begun", name)
    PATHS[environ["PATH_INFO"]](environ)
    write("ended", name)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(name)))])
    return [name.encode()]


write("imported", os.getpid())
while os.path.exists(SLOW_IMPORT):
    time.sleep(0.01)
