"""Server hooks: how they are found, what they are called with, what their errors do."""

import os
import socket
import sys
import textwrap
import threading

import pytest
from highball_worker import hooks, wire
from highball_worker.control import Control


class Project:
    """A directory with modules of hooks, which is the current one."""

    def __init__(self, directory):
        self.directory = directory
        self.lines = []

    def write(self, name, source):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))

    def load(self, spec, pythonpath=()):
        config = {"hooks": spec, "pythonpath": [str(entry) for entry in pythonpath]}
        return hooks.load(config, lambda level, text: self.lines.append((level, text)))

    def loaded(self, source):
        self.write("shophooks.py", source)
        loaded = self.load("shophooks")
        assert loaded.failure is None, loaded.failure
        return loaded


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield Project(tmp_path)
    for name in set(sys.modules) - before:
        del sys.modules[name]


RECORDS = """
    calls = []
    def on_starting(server): calls.append(("on_starting", server))
    def pre_fork(server, worker): calls.append(("pre_fork", server, worker))
    def post_fork(server, worker): calls.append(("post_fork", server, worker))
    def post_worker_init(worker): calls.append(("post_worker_init", worker))
    def worker_abort(worker): calls.append(("worker_abort", worker))
    def worker_exit(server, worker): calls.append(("worker_exit", server, worker))
    def child_exit(server, worker): calls.append(("child_exit", server, worker))
    def on_exit(server): calls.append(("on_exit", server))
    def helper(): calls.append("never")
"""


def test_each_hook_gets_its_arguments(project):
    loaded = project.loaded(RECORDS)
    server, worker = loaded.server, loaded.next_worker()
    for name in hooks.ARGUMENTS:
        assert loaded.has(name)
        assert loaded.require(name, worker) is None
        loaded.notify(name, worker)
    given = {"server": server, "worker": worker}
    expected = [(name, *(given[a] for a in hooks.ARGUMENTS[name])) for name in hooks.ARGUMENTS]
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
    assert loaded.require("post_fork", loaded.next_worker()) is None
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
    failure = loaded.require(required, loaded.next_worker())
    assert failure["message"] == "the hook %s of shophooks failed" % required
    assert failure["traceback"].rstrip().endswith(error)
    assert "highball_worker" not in failure["traceback"]
    loaded.notify(notified, loaded.next_worker())
    ((level, text),) = project.lines
    assert level == "error"
    assert text.startswith("the hook %s of shophooks failed\nTraceback" % notified)
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
    assert loaded.require("post_fork", worker) is None
    assert os.waitstatus_to_exitcode(os.waitpid(worker.child, 0)[1]) == 70


def test_hooks_that_are_not_called(project):
    project.loaded("def when_ready(server): pass\npre_request = None\ndef on_exit(server): pass\n")
    assert project.lines == [("warning", "shophooks has hooks that are not called: when_ready")]


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


# The log.


@pytest.fixture
def log():
    lines = []
    log = hooks.Log(lambda level, text: lines.append((level, text)))
    log.lines = lines
    return log


def test_levels(log):
    for name in ("debug", "info", "warning", "warn", "error", "critical", "fatal"):
        getattr(log, name)(name)
    for number in (10, 20, 30, 40, 50):
        log.log(number, "%d", number)
    levels = ["debug", "info", "warning", "warning", "error", "error", "error"]
    assert [level for level, _ in log.lines] == [*levels, *levels[:3], "error", "error"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("100%",), "100%"),
        (("%s is %d", "age", 3), "age is 3"),
        (("%(name)s", {"name": "shop"}), "shop"),
        (("%s", {}), "{}"),
        (("%d workers", "two"), "%d workers ('two',)"),
        ((ValueError("as it is"),), "as it is"),
    ],
)
def test_texts(log, arguments, text):
    log.info(*arguments, extra={"a": 1}, stacklevel=2)
    assert log.lines == [("info", text)]


def test_exceptions_in_the_log(log):
    try:
        raise KeyError("shop")
    except KeyError as error:
        kept = error
        log.exception("failed: %s", "here")
        log.warning("as said", exc_info=True)
    log.error("later", exc_info=kept)
    log.error("a tuple", exc_info=(KeyError, kept, None))
    log.error("nothing", exc_info=None)
    log.error("none is handled", exc_info=True)
    *with_traceback, none, unhandled = log.lines
    assert [text.split("\n")[0] for _, text in with_traceback] == [
        "failed: here", "as said", "later", "a tuple",
    ]  # fmt: skip
    for _, text in with_traceback:
        assert "Traceback" in text and text.endswith("KeyError: 'shop'")
    assert (none, unhandled) == (("error", "nothing"), ("error", "none is handled"))
