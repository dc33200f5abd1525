"""What manage.py highball makes of its command line and of HIGHBALL."""

import datetime
import json
import os
from pathlib import Path

import pytest
from highball.management import handover


@pytest.mark.parametrize(
    ("arguments", "flags"),
    [
        ([], []),
        (["8000"], ["--bind", "127.0.0.1:8000"]),
        (["0:8000"], ["--bind", "0.0.0.0:8000"]),
        (["0.0.0.0:8000", "--workers", "4"], ["--bind", "0.0.0.0:8000", "--workers", "4"]),
        (["unix:/run/x.sock"], ["--bind", "unix:/run/x.sock"]),
        (["--workers", "4", "--preload"], ["--workers", "4", "--preload"]),
        (["--settings", "x.y", "--threads=2", "--settings=x.z"], ["--threads=2"]),
        (["-v", "2", "--verbosity=1", "--traceback", "--no-color", "--skip-checks"], []),
        (["--pythonpath", "lib"], ["--pythonpath", "lib"]),
        (["--settings"], []),
    ],
)
def test_lines(arguments, flags):
    assert handover.read_line(arguments) == handover.Line(False, False, flags)


def test_dev_and_help():
    assert handover.read_line(["--dev", "--open"]) == handover.Line(True, False, ["--open"])
    assert handover.read_line(["-h"]).help and handover.read_line(["--help"]).help


def test_values():
    given = {
        "WORKERS": 4,
        "request-timeout": datetime.timedelta(seconds=1.5),
        "bind": ("127.0.0.1:1", "unix:/x"),
        "spool_dir": Path("/var/spool"),
        "env": {"A": "1"},
        "preload": True,
        "control": None,
        "chdir": "/elsewhere",
    }
    assert handover.values(given, {"chdir": "/here", "python": "/python"}) == {
        "workers": 4,
        "request_timeout": 1.5,
        "bind": ["127.0.0.1:1", "unix:/x"],
        "spool_dir": "/var/spool",
        "env": {"A": "1"},
        "preload": True,
        "chdir": "/elsewhere",
        "python": "/python",
    }


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["workers"], "HIGHBALL is a list: write a dict"),
        ({1: 2}, r"HIGHBALL\[1\]: the name of a setting is a string"),
        ({"workers": 1, "WORKERS": 2}, r"HIGHBALL\['WORKERS'\]: the setting is there twice"),
        ({"bind": [print]}, r"HIGHBALL\['bind'\]\[0\]: a builtin_function_or_method is no setting"),
        ({"env": {"A": object()}}, r"HIGHBALL\['env'\]\['A'\]: a object is no setting"),
    ],
)
def test_values_that_are_none(given, says):
    with pytest.raises(handover.SettingsError, match=says):
        handover.values(given, {})


def test_application():
    assert handover.application("shop.wsgi.application") == "shop.wsgi:application"
    assert handover.application(None) == "django.core.wsgi:get_wsgi_application()"


def test_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert handover.project("/srv/shop/manage.py") == "/srv/shop"
    assert handover.project("manage.py") == str(tmp_path)
    assert handover.project("/usr/bin/django-admin") == str(tmp_path)


def test_environ():
    told = json.loads(handover.environ({"workers": 2}, "shop.settings", None)[handover.VARIABLE])
    assert told == {
        "pid": os.getpid(),
        "name": "shop.settings: HIGHBALL",
        "settings": {"workers": 2},
    }


def test_time_zone_is_not_handed_over(monkeypatch):
    monkeypatch.setenv("TZ", "Mars/Phobos")
    monkeypatch.setattr(handover, "_at_start", lambda name: None)
    assert "TZ" not in handover.environ({}, "x", "Mars/Phobos")
    assert handover.environ({}, "x", "Mars/Deimos")["TZ"] == "Mars/Phobos"
    monkeypatch.setattr(handover, "_at_start", lambda name: "UTC")
    assert handover.environ({}, "x", "Mars/Phobos")["TZ"] == "UTC"


def test_variables_at_the_start():
    assert handover._at_start("PATH")
    assert handover._at_start("no such variable") is None
