"""Checks run in a child that has nothing of the worker's and ends with it."""

import os
import socket
import sys
import threading
import time
import types

import pytest
from highball_worker import deployment


@pytest.fixture
def lifeline():
    reader, writer = os.pipe()
    yield reader, writer
    for fd in (reader, writer):
        try:
            os.close(fd)
        except OSError:
            pass


@pytest.fixture
def django(monkeypatch):
    """Modules that look like Django's; the checks are what `run` of it does."""
    checks = types.ModuleType("django.core.checks")
    core = types.ModuleType("django.core")
    checks.WARNING = 30
    core.checks = checks
    conf = types.SimpleNamespace(settings=types.SimpleNamespace(configured=True))
    monkeypatch.setitem(sys.modules, "django", types.ModuleType("django"))
    monkeypatch.setitem(sys.modules, "django.core", core)
    monkeypatch.setitem(sys.modules, "django.core.checks", checks)
    monkeypatch.setitem(sys.modules, "django.conf", conf)
    return checks


def message(identifier, level=30, silenced=False):
    return types.SimpleNamespace(id=identifier, level=level, is_silenced=lambda: silenced)


def logged(lifeline):
    """What a whole run logs."""
    lines = []
    running = deployment.begin(lifeline[0])
    assert running is not None
    running._report(lambda level, text: lines.append((level, text)))
    return lines


def test_without_django(lifeline, monkeypatch):
    monkeypatch.delitem(sys.modules, "django.conf", raising=False)
    assert deployment.begin(lifeline[0]) is None


def test_one_line(lifeline, django):
    django.run_checks = lambda include_deployment_checks: [
        message("security.W008"),
        message("security.W004"),
        message("fields.W1", silenced=True),
        message("models.I1", level=20),
        message("x.E1", level=40),
        message("x.E1", level=40),
    ]
    assert logged(lifeline) == [
        (
            "warning",
            "Django's deployment checks found 4 issues: security.W004, security.W008, x.E1: "
            "`manage.py check --deploy` explains them",
        )
    ]


def test_nothing_found(lifeline, django):
    django.run_checks = lambda include_deployment_checks: []
    assert logged(lifeline) == []


def test_checks_that_fail_say_nothing(lifeline, django, capfd):
    def run_checks(include_deployment_checks):
        os.write(2, b"written")
        raise ValueError("a check that raises")

    django.run_checks = run_checks
    assert logged(lifeline) == []
    assert capfd.readouterr() == ("", "")


def test_connections_are_the_workers_own(lifeline, django):
    ours, theirs = socket.socketpair()

    def run_checks(include_deployment_checks):
        try:
            ours.send(b"into the worker's connection")
        except OSError:
            return [message("could.not")]
        return []

    django.run_checks = run_checks
    with ours, theirs:
        assert "could.not" in logged(lifeline)[0][1]
        theirs.setblocking(False)
        with pytest.raises(BlockingIOError):
            theirs.recv(100)


def test_ends_with_the_front(lifeline, django):
    def run_checks(include_deployment_checks):
        os.close(lifeline[1])  # a worker has only the other end
        time.sleep(60)

    django.run_checks = run_checks
    running = deployment.begin(lifeline[0])
    os.close(lifeline[1])
    assert running is not None
    running._report(lambda level, text: pytest.fail(text))


def test_ends_with_the_worker(lifeline, django):
    django.run_checks = lambda include_deployment_checks: time.sleep(60)
    running = deployment.begin(lifeline[0])
    assert running is not None
    pid = running._pid
    reporting = threading.Thread(target=running._report, args=(lambda level, text: None,))
    reporting.start()
    running.end()
    reporting.join()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_application_may_reap_it(lifeline, django):
    django.run_checks = lambda include_deployment_checks: []
    running = deployment.begin(lifeline[0])
    assert running is not None
    os.waitpid(-1, 0)
    running.end()
