"""The module `uwsgi`: types, errors that help, locks between processes, timers of requests."""

import os
import signal
import sys
import threading

import pytest
from highball_worker import uwsgi_entry, uwsgi_requests
from highball_worker.interrupt import Interruption
from highball_worker.uwsgi_decorators import make
from highball_worker.uwsgi_module import Module
from highball_worker.uwsgi_requests import Requests

KNOWN = {
    "options": {"threads": b"2", "master": True},
    "masterpid": os.getpid(),
    "numproc": 3,
    "cores": 2,
    "buffer_size": 4096,
}


@pytest.fixture
def uwsgi():
    return Module(KNOWN)


class FakeSlot:
    def __init__(self):
        self.interruption = Interruption()
        self.thread = threading.get_ident()


@pytest.fixture
def installed(monkeypatch):
    monkeypatch.setattr(uwsgi_entry, "_installed", None)
    monkeypatch.setattr(sys, "meta_path", sys.meta_path[:])
    before = set(sys.modules)
    yield uwsgi_entry
    for name in set(sys.modules) - before:
        if name.startswith("uwsgi"):
            del sys.modules[name]


def test_no_module_unless_it_is_asked_for(installed):
    installed.install({})
    with pytest.raises(ImportError):
        import uwsgi  # noqa: F401
    installed.call("post_fork_hook")


def test_postfork(installed):
    installed.install(KNOWN)
    import uwsgidecorators

    ran = []
    uwsgidecorators.postfork(lambda: ran.append("each"))
    uwsgidecorators.postfork(2)(lambda: ran.append("second"))
    for number in (1, 2):
        installed.become(number, [])
        installed.call("post_fork_hook")
    assert ran == ["each", "each", "second"]


def test_what_is_missing_says_what_to_use(uwsgi):
    for name, instead in (
        ("cache_get", "Redis"),
        ("websocket_handshake", "ASGI"),
        ("spool", "Celery"),
        ("add_timer", "systemd"),
        ("workers", "highball ctl"),
    ):
        assert not hasattr(uwsgi, name)
        with pytest.raises(AttributeError, match=instead):
            getattr(uwsgi, name)
    with pytest.raises(AttributeError, match=r"no attribute 'nonsense'$"):
        uwsgi.nonsense  # noqa: B018


def test_what_decorators_are_missing(uwsgi):
    decorators = make(uwsgi)
    with pytest.raises(ImportError, match=r"uwsgidecorators\.timer is not available"):
        decorators.timer  # noqa: B018
    assert not hasattr(decorators, "__path__")


def test_variables_last_as_long_as_the_request(uwsgi):
    slot = FakeSlot()
    uwsgi.become(1, [slot])
    assert uwsgi.request_id() == 0
    slot.interruption.begin(5)
    uwsgi.set_logvar("a", b"b")
    assert (uwsgi.get_logvar(b"a"), uwsgi.request_id()) == (b"b", 4)
    slot.interruption.hold()
    slot.interruption.end()
    slot.interruption.begin(6)
    assert uwsgi.get_logvar("a") is None
    slot.interruption.hold()


def test_harakiri_is_taken_back(monkeypatch):
    made = []

    def later(seconds, function, *arguments):
        made.append(seconds)
        return lambda: made.append("taken back")

    monkeypatch.setattr(uwsgi_requests.native, "later", later)
    requests, slot = Requests(), FakeSlot()
    requests.connect([slot])
    requests.limit(3)
    assert not made, "outside of a request"
    slot.interruption.begin(1)
    requests.limit(3)
    requests.limit(0)
    assert made == [3, "taken back"]
    slot.interruption.hold()


def test_locks_hold_between_processes(uwsgi):
    assert not uwsgi.is_locked()
    uwsgi.lock()
    pid = os.fork()
    if pid == 0:  # has the thread's lock of its parent, and not the file's
        other = uwsgi._locks._threads.pop(0)
        other.release()
        os._exit(0 if uwsgi.is_locked() and not uwsgi.is_locked(1) else 1)
    assert os.waitpid(pid, 0)[1] == 0
    pid = os.fork()
    if pid == 0:  # waits until its alarm ends it
        uwsgi._locks._threads.pop(0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        uwsgi.lock()
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGALRM
    assert uwsgi.is_locked()
    uwsgi.unlock()
    assert not uwsgi.is_locked()
    uwsgi.unlock()  # twice does no harm


def test_environ_has_what_uwsgi_adds(installed):
    assert installed.environ() == {} and installed.numbered({"a": 1}, 3) == {"a": 1}
    installed.install(KNOWN)
    import uwsgi

    assert installed.environ() == {"uwsgi.version": uwsgi.version, "uwsgi.node": uwsgi.hostname}
    assert installed.numbered({"a": 1}, 3) == {"a": 1, "uwsgi.core": 3}
    uwsgi.cores = 1
    assert installed.numbered({"a": 1}, 0) == {"a": 1}
