"""One application with a path for each fault."""

import ctypes
import multiprocessing
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from urllib.parse import parse_qs

HERE = os.path.dirname(os.path.abspath(__file__))


def note(name, text):
    """Leaves a file for the test; it appears with its whole content."""
    path = os.path.join(HERE, name)
    part = "%s.%d.%d" % (path, os.getpid(), threading.get_ident())
    with open(part, "w") as file:
        file.write(text)
    os.rename(part, path)


def until(name):
    while not os.path.exists(os.path.join(HERE, name)):
        time.sleep(0.002)


def root(query, environ):
    return "ok"


def pid(query, environ):
    return str(os.getpid())


def wait(query, environ):
    """Begins, and ends when the test says so."""
    note(query["name"] + ".begun", str(os.getpid()))
    until(query["name"] + ".go")
    return "waited"


def spins_in_python(query, environ):
    note("spin.begun", str(os.getpid()))
    while True:
        pass


def sleeps_in_c(query, environ):
    note("sleep.begun", str(os.getpid()))
    time.sleep(60)


def stalls(query, environ):
    yield b"first"
    until("never")


def catches(query, environ):
    """Takes the interruption for a reason to answer otherwise."""
    from highball import RequestTimeout

    try:
        until("never")
    except RequestTimeout as exc:
        note("caught", "%d %g %s" % (exc.number, exc.seconds, exc))
        return "caught"


def ticks(query, environ):
    """Sends a block now and then until the test ends it."""
    note(query["name"] + ".begun", str(os.getpid()))
    while not os.path.exists(os.path.join(HERE, query["name"] + ".go")):
        yield b"."
        time.sleep(0.05)
    yield b"ended"


def slow_close(query, environ):
    return SlowClose()


class SlowClose:
    def __iter__(self):
        return iter([b"answered"])

    def close(self):
        until("never")


def exit_now(query, environ):
    os._exit(3)


def segfault(query, environ):
    ctypes.string_at(0)


def late_exit(query, environ):
    yield b"begun"
    os._exit(3)


def memory_error(query, environ):
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20), hard))
    try:
        return str(len(bytearray(1 << 30)))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def gil(query, environ):
    """Never gives the interpreter's lock back."""
    note("gil.begun", str(os.getpid()))
    if query.get("how") == "re":
        re.match(r"(a+)+$", "a" * 60 + "b")
    ctypes.PyDLL(None).sleep(600)


def holding_child(query, environ):
    """C code forks: nothing closes the descriptors in that child."""
    libc = ctypes.CDLL(None)
    child = libc.fork()
    if child == 0:
        libc.sleep(600)
        libc._exit(0)
    note("child", str(child))
    until("never")


def fork_child(query, environ):
    child = os.fork()
    if child == 0:
        time.sleep(600)
        os._exit(0)
    note("child", str(child))
    until("never")


def multiprocessing_child(query, environ):
    context = multiprocessing.get_context("fork")
    process = context.Process(target=time.sleep, args=(600,))
    process.start()
    note("child", str(process.pid))
    until("never")


def fork_and_return(query, environ):
    child = os.fork()
    if child == 0:
        return "from the child"
    _, status = os.waitpid(child, 0)
    return "parent %d" % os.WEXITSTATUS(status)


def fork_and_generate(query, environ):
    child = os.fork()
    if child == 0:
        yield b"from the child"
        return
    os.waitpid(child, 0)
    yield b"parent"


def rest(up):
    up.send("up")
    time.sleep(600)


def terminates(query, environ):
    """Its children end by SIGTERM, as in any program."""
    ended = []
    process = subprocess.Popen(["sleep", "600"])
    process.terminate()
    ended.append(process.wait(10))
    for method in ("fork", "spawn"):
        context = multiprocessing.get_context(method)
        up, theirs = context.Pipe(duplex=False)
        child = context.Process(target=rest, args=(theirs,))
        child.start()
        if method == "spawn":  # before its exec it has our handlers, in some versions
            up.recv()
        child.terminate()
        child.join(10)
        ended.append(child.exitcode)
    forked = os.fork()
    if forked == 0:
        time.sleep(600)
        os._exit(0)
    os.kill(forked, signal.SIGTERM)
    ended.append(-os.WTERMSIG(os.waitpid(forked, 0)[1]))
    return repr(ended)


def flood(query, environ):
    for _ in range(10240):
        print("x" * 1023)
    print("the flood is over")
    return "ok"


def close_descriptors(query, environ):
    for fd in range(21):
        try:
            os.close(fd)
        except OSError:
            pass
    return "closed"


def close_stdout(query, environ):
    sys.stdout.close()
    return "closed"


def thread(query, environ):
    threading.Thread(target=until, args=("never",), daemon=False).start()
    return "started"


def set_signal(query, environ):
    caught = []
    signal.signal(signal.SIGUSR1, lambda number, frame: caught.append(number))
    os.kill(os.getpid(), signal.SIGUSR1)
    return "caught %d" % len(caught)


def chdir(query, environ):
    os.chdir("/")
    return os.getcwd()


def raises(query, environ):
    raise ValueError("raised on purpose")


def read(query, environ):
    return str(len(environ["wsgi.input"].read()))


def much(query, environ):
    for _ in range(int(query["blocks"])):
        yield b"x" * 65536


def log_much(query, environ):
    for number in range(20000):
        environ["wsgi.errors"].write("line %d %s\n" % (number, "x" * 200))
    return "ok"


PATHS = {
    "/": root,
    "/pid": pid,
    "/wait": wait,
    "/spin": spins_in_python,
    "/sleep": sleeps_in_c,
    "/stalls": stalls,
    "/catches": catches,
    "/ticks": ticks,
    "/slow-close": slow_close,
    "/exit": exit_now,
    "/segfault": segfault,
    "/late-exit": late_exit,
    "/memory-error": memory_error,
    "/gil": gil,
    "/holding-child": holding_child,
    "/fork-child": fork_child,
    "/multiprocessing-child": multiprocessing_child,
    "/fork-and-return": fork_and_return,
    "/fork-and-generate": fork_and_generate,
    "/terminates": terminates,
    "/flood": flood,
    "/close-descriptors": close_descriptors,
    "/close-stdout": close_stdout,
    "/thread": thread,
    "/set-signal": set_signal,
    "/chdir": chdir,
    "/raises": raises,
    "/read": read,
    "/much": much,
    "/log-much": log_much,
}


def app(environ, start_response):
    query = {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
    note("seen" + environ["PATH_INFO"].replace("/", "-") + query.get("name", ""), "1")
    result = PATHS[environ["PATH_INFO"]](query, environ)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [result.encode()] if isinstance(result, str) else result
