"""Server hooks: how they are found, what they are called with, what their errors do."""

import os
import re
import socket
import sys
import threading

import pytest
from highball_worker import hook_module, hooks, wire
from highball_worker.control import Control

ARGUMENTS = hook_module.ARGUMENTS
RECORDS = "calls = []\ndef helper(): calls.append('never')\n" + "".join(
    f"def {name}({', '.join(given)}): calls.append(('{name}', {', '.join(given)}))\n"
    for name, given in ARGUMENTS.items()
)


def test_each_hook_gets_its_arguments(project):
    loaded = project.loaded(RECORDS)
    server, worker = loaded.server, loaded.next_worker()
    given = {
        "worker": worker,
        "req": "r",
        "environ": "e",
        "resp": "a",
        "new_value": 3,
        "old_value": 2,
    }
    for name in ARGUMENTS:
        assert loaded.has(name)
        assert loaded.require(name, **given) is None
        loaded.notify(name, **given)
    given["server"] = server
    expected = [(name, *(given[a] for a in ARGUMENTS[name])) for name in ARGUMENTS]
    assert sys.modules["shophooks"].calls == [call for call in expected for _ in range(2)]
    assert project.lines == []


def test_server_and_worker(project):
    loaded = project.loaded(RECORDS)
    first, second = loaded.next_worker(), loaded.next_worker()
    assert loaded.server.pid == first.ppid == os.getpid()
    assert (first.age, second.age, first.pid, first.alive) == (1, 2, 0, True)
    assert first.log is loaded.server.log


def test_no_hooks(project):
    loaded = project.load("")
    assert loaded.failure is None
    assert not loaded.has("post_fork")
    assert loaded.require("post_fork", worker=loaded.next_worker()) is None
    assert str(project.directory) not in sys.path


@pytest.mark.parametrize("spec", ["mysite.hooks", "mysite/hooks.py", "./mysite/../mysite/hooks.py"])
def test_a_module_is_the_same_by_name_and_by_file(project, spec):
    project.write("mysite/__init__.py", "")
    project.write("mysite/helper.py", "VALUE = 5")
    project.write("mysite/hooks.py", "from .helper import VALUE\ndef on_exit(server): pass\n")
    loaded = project.load(spec)
    assert loaded.failure is None, loaded.failure
    assert loaded.has("on_exit")
    assert sys.modules["mysite.hooks"].VALUE == 5


def test_a_file_elsewhere(project):
    project.write("conf/shophooks.py", "import shophelper\ndef on_exit(server): pass\n")
    project.write("conf/shophelper.py", "")
    assert project.load(str(project.directory / "conf" / "shophooks.py")).has("on_exit")


def test_a_file_without_an_importable_name(project):
    project.write("gunicorn.conf.py", "bind = ':80'\ndef on_exit(server): pass\n")
    loaded = project.load("gunicorn.conf.py")
    assert loaded.failure is None, loaded.failure
    assert loaded.has("on_exit")


def test_the_path_is_the_applications(project):
    project.write("lib/shophooks.py", "import shopapp\ndef on_exit(server): pass\n")
    project.write("shopapp.py", "")
    assert project.load("shophooks", [project.directory / "lib"]).has("on_exit")


FAILURES = {
    "there is no module": ("shopooks", "", "hooks: there is no module shopooks"),
    "there is no file": ("./shopooks.py", "", "hooks: there is no file ./shopooks.py"),
    "it exits": ("shophooks", "import sys; sys.exit(4)", "module shophooks called sys.exit(4)"),
    "no callable": ("shophooks", "post_fork = 3", "post_fork of shophooks is not callable"),
    "a coroutine": ("shophooks", "async def on_exit(server): pass", "is an async function"),
    "too few arguments": ("shophooks", "def post_fork(server): pass", "(server, worker)"),
    "too many": ("shophooks", "def on_exit(server, worker): pass", "(server)"),
}  # fmt: skip


@pytest.mark.parametrize(("spec", "source", "message"), FAILURES.values(), ids=FAILURES)
def test_what_cannot_be_loaded(project, spec, source, message):
    project.write("shophooks.py", source)
    failure = project.load(spec).failure
    assert message in failure["message"]
    assert failure["traceback"] == ""
    if "shopooks" in spec:
        assert failure["hint"] == "did you mean %s?" % ("shophooks" + spec[10:])
        assert str(project.directory / "shopooks.py") in failure["tried"]


def test_what_is_broken_inside(project):
    project.write("shophooks.py", "def broken():\n    import no_such_module\nbroken()\n")
    failure = project.load("shophooks").failure
    assert failure["message"] == "the hooks of shophooks could not be imported"
    assert "in broken" in failure["traceback"]
    assert "no_such_module" in failure["traceback"]
    assert "highball_worker" not in failure["traceback"]


RAISES = """
    import sys
    def post_fork(server, worker): 1 / 0
    def worker_exit(server, worker): 1 / 0
    def post_worker_init(worker): sys.exit("no pool")
    def child_exit(server, worker): sys.exit("no pool")
"""


@pytest.mark.parametrize(
    ("required", "notified", "error"),
    [
        ("post_fork", "worker_exit", "ZeroDivisionError: division by zero"),
        ("post_worker_init", "child_exit", "SystemExit: no pool"),
    ],
)
def test_exceptions(project, required, notified, error):
    loaded = project.loaded(RAISES)
    failure = loaded.require(required, worker=loaded.next_worker())
    place = r"the hook %s of shophooks failed at \S*shophooks.py:\d: %s"
    assert re.fullmatch(place % (required, error), failure["message"])
    assert failure["traceback"].rstrip().endswith(error)
    assert "highball_worker" not in failure["traceback"]
    loaded.notify(notified, worker=loaded.next_worker())
    ((level, text),) = project.lines
    assert level == "error"
    assert re.match(place % (notified, error) + "\nTraceback", text)
    assert text.endswith(error)


@pytest.mark.parametrize("end", ["pass", "1 / 0"])
def test_a_child_that_a_hook_forks_ends_there(project, end):
    loaded = project.loaded(
        f"""
        import os
        def post_fork(server, worker):
            worker.child = os.fork()
            if worker.child == 0:
                {end}
        """
    )
    worker = loaded.next_worker()
    assert loaded.require("post_fork", worker=worker) is None
    assert os.waitstatus_to_exitcode(os.waitpid(worker.child, 0)[1]) == 70


def test_ssl_context_cannot_be_had(project):
    project.write("shophooks.py", "def ssl_context(config, factory): return factory()\n")
    failure = project.load("shophooks").failure
    assert "ssl_context" in failure["message"] and "TLS ends in the front" in failure["message"]
    for name in ("certfile", "keyfile", "tls-profile", "client-cert", "client-ca"):
        assert name in failure["hint"]


def test_a_hook_may_be_named(project):
    project.write("shop/__init__.py", "")
    project.write("shop/hooks.py", "calls = []\ndef begin(server): calls.append(server)\n")
    loaded = project.loaded("on_starting = 'shop.hooks.begin'\n")
    assert loaded.require("on_starting") is None
    assert sys.modules["shop.hooks"].calls == [loaded.server]
    project.write("otherhooks.py", "on_starting = 'shop.hooks.start'\n")
    failure = project.load("otherhooks").failure
    assert "on_starting of otherhooks: the module shop.hooks has no start" in failure["message"]


@pytest.mark.parametrize("count", [2, 3, 4])
def test_post_request_may_want_less(project, count):
    names = ", ".join("abcd"[:count])
    source = f"calls = []\ndef post_request({names}): calls.append(({names}))\n"
    given = {"worker": 1, "req": 2, "environ": 3, "resp": 4}
    assert project.loaded(source).require("post_request", **given) is None
    assert sys.modules["shophooks"].calls == [tuple(range(1, count + 1))]


def test_a_config_file_is_executed_as_gunicorn_does_it(project):
    project.write(
        "gunicorn.conf.py",
        """
        import sys
        workers = 4
        bind = ["0.0.0.0:80"]
        found = (__name__, __file__, sys.modules[__name__].workers)
        """,
    )
    loaded = hooks.load(project.config("gunicorn.conf.py", hooks_as_config=True), project)
    assert loaded.failure is None, loaded.failure
    path = str(project.directory / "gunicorn.conf.py")
    assert sys.modules["__config__"].found == ("__config__", path, 4)
    assert project.lines == []  # it need not have hooks


def test_a_module_without_hooks(project):
    project.loaded("def post_frok(server, worker): pass\n")
    ((level, text),) = project.lines
    assert level == "warning"
    assert text.startswith("shophooks has none of the hooks on_starting, ")


# worker_abort, and who waits for it.


@pytest.fixture
def control():
    ours, theirs = socket.socketpair()
    with theirs:
        with ours:
            yield Control(theirs), wire.Channel(ours)
        # Its thread ends the process if the socket breaks: first the end of the stream.
        for thread in threading.enumerate():
            if thread.name == "highball-control":
                thread.join()


def give_up(front, identifier):
    front.send(wire.GIVE_UP, {"id": identifier})


def test_worker_abort_is_called_once_and_answered(project, control):
    loaded = project.loaded(
        """
        import threading
        calls = []
        def worker_abort(worker):
            calls.append((worker, worker.alive, threading.current_thread()))
            raise OSError("sentry is down")
        """
    )
    worker = loaded.next_worker()
    control[0].start([], loaded, worker)
    for identifier in (7, 8):
        give_up(control[1], identifier)
        answer = control[1].receive()
        assert (answer.kind, answer.value()) == (wire.GIVEN_UP, {"id": identifier})
    ((called, alive, thread),) = sys.modules["shophooks"].calls
    assert called is worker
    assert not alive
    assert thread is not threading.main_thread()
    assert [line for line in project.lines if "sentry is down" in line[1]]


def test_worker_abort_that_hangs_holds_nobody_up(project, control):
    loaded = project.loaded(
        """
        import threading
        go = threading.Event()
        def worker_abort(worker): go.wait()
        """
    )
    control[0].start([], loaded, loaded.next_worker())
    give_up(control[1], 1)
    control[1].send(wire.STACKS, {"id": 2})
    answer = control[1].receive()
    assert (answer.kind, answer.value()["id"]) == (wire.STACKED, 2)
    assert any("worker_abort" in stack for _, _, stack in answer.value()["stacks"])
    sys.modules["shophooks"].go.set()
    assert control[1].receive().value() == {"id": 1}


def test_without_worker_abort_the_answer_comes_at_once(project, control):
    loaded = project.load("")
    control[0].start([], loaded, loaded.next_worker())
    give_up(control[1], 1)
    assert control[1].receive().value() == {"id": 1}
