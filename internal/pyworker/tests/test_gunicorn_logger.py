"""Logs of the user's classes and configurations, with gunicorn's and with ours."""

import json
import logging
import sys
from datetime import timedelta

import pytest
from highball_worker import gunicorn_logger, gunicorn_names
from highball_worker.hook_settings import HookConfig


@pytest.fixture(autouse=True)
def loggers():
    """Others than ours must not see what these configure."""
    names = ("gunicorn.error", "gunicorn.access", None)
    before = {name: logging.getLogger(name).handlers[:] for name in names}
    yield
    for name, handlers in before.items():
        for handler in logging.getLogger(name).handlers:
            if handler not in handlers:
                handler.close()
        logging.getLogger(name).handlers = handlers


@pytest.fixture
def without_gunicorn(monkeypatch):
    """An interpreter where it is not installed."""
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])

    class Hidden:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] == "gunicorn":
                return next(
                    f for f in sys.meta_path if isinstance(f, gunicorn_names._Finder)
                ).find_spec(name)
            return None

    gunicorn_names.install()
    sys.meta_path.insert(0, Hidden())
    kept = {n: sys.modules.pop(n) for n in list(sys.modules) if n.partition(".")[0] == "gunicorn"}
    yield
    for name in list(sys.modules):
        if name.partition(".")[0] == "gunicorn":
            del sys.modules[name]
    sys.modules.update(kept)


class Response:
    status = "200 OK"
    headers = [("Content-Type", "text/plain")]
    sent = 5


class Request:
    headers = [("HOST", "shop"), ("AUTHORIZATION", "Basic YWRtaW46eA==")]


ENVIRON = {
    "REQUEST_METHOD": "GET", "RAW_URI": "/a?b", "SERVER_PROTOCOL": "HTTP/1.1", "PATH_INFO": "/a",
    "QUERY_STRING": "b", "REMOTE_ADDR": "192.0.2.7", "HTTP_USER_AGENT": 'a "b"',
    "HTTP_AUTHORIZATION": "Basic YWRtaW46eA==",
}  # fmt: skip
TOOK = timedelta(seconds=61, microseconds=1500)


@pytest.mark.parametrize("extra", [{}, {"HTTP_AUTHORIZATION": "Basic !"}, {"HTTP_REFERER": "x"}])
def test_atoms_are_those_of_the_installed_gunicorn(extra):
    theirs = pytest.importorskip("gunicorn.glogging").Logger(HookConfig({"accesslog": "-"}))
    ours = gunicorn_logger.Logger(HookConfig({"accesslog": "-"}))
    theirs.now = ours.now = lambda: "now"
    given = (Response(), Request(), {**ENVIRON, **extra}, TOOK)
    assert ours.atoms(*given) == theirs.atoms(*given)
    form = HookConfig({}).access_log_format + "%({host}i)s %({Content-Type}o)s %({none}i)s %(x)s"
    lines = [form % log.atoms_wrapper_class(log.atoms(*given)) for log in (ours, theirs)]
    assert lines[0] == lines[1]


def test_defaults_are_those_of_the_installed_gunicorn():
    theirs = pytest.importorskip("gunicorn.glogging").CONFIG_DEFAULTS
    assert theirs == gunicorn_logger.CONFIG_DEFAULTS


SUBCLASS = """
    import gunicorn.glogging
    class Log(gunicorn.glogging.Logger):
        lines = []
        def access(self, resp, req, environ, request_time):
            self.lines.append(self.atoms(resp, req, environ, request_time)["r"])
    def on_starting(server): server.log.info("starting %s", server.log.cfg.proc_name)
"""


def subclassed(project, capsys):
    loaded = project.loaded(SUBCLASS, logger_class="hooks:Log")
    assert loaded.failure is None, loaded.failure
    assert loaded.require("on_starting") is None
    log = loaded.server.log
    log.access(Response(), Request(), ENVIRON, TOOK)
    assert log.lines == ["GET /a?b HTTP/1.1"]
    for level in ("debug", "info", "warning", "error", "critical"):
        getattr(log, level)("at %s", level)
    log.log("info", "by name")
    try:
        raise KeyError("shop")
    except KeyError:
        log.exception("failed")
    shown = capsys.readouterr().err
    for part in ("[INFO] starting gunicorn", "[ERROR] at error", "by name", "KeyError: 'shop'"):
        assert part in shown
    assert "at debug" not in shown
    assert project.lines == []
    return type(log).__mro__[1]


def test_a_class_derived_from_the_installed_one(project, capsys):
    theirs = pytest.importorskip("gunicorn.glogging").Logger
    assert subclassed(project, capsys) is theirs


def test_a_class_derived_from_ours(project, capsys, without_gunicorn):
    assert subclassed(project, capsys) is gunicorn_logger.Logger


def test_what_there_is_of_gunicorn(without_gunicorn):
    import gunicorn
    from gunicorn import glogging
    from gunicorn.arbiter import Arbiter
    from gunicorn.http.message import Request
    from gunicorn.http.wsgi import Response
    from gunicorn.workers.base import Worker

    assert gunicorn.__version__ == "27.0.1" and gunicorn.version_info == (27, 0, 1)
    assert glogging.Logger is gunicorn_logger.Logger
    for kind in (Arbiter, Request, Response, Worker):
        assert kind.__module__.startswith("highball_worker.")
    with pytest.raises(ModuleNotFoundError):
        import gunicorn.app.wsgiapp


def test_an_installed_gunicorn_comes_first():
    theirs = pytest.importorskip("gunicorn")
    gunicorn_names.install()
    assert isinstance(sys.meta_path[-1], gunicorn_names._Finder)
    assert theirs.__file__
    with pytest.raises(ModuleNotFoundError):
        import gunicorn.instrument.nothing  # noqa: F401


DICT = {
    "version": 1,
    "handlers": {
        "file": {"class": "logging.FileHandler", "filename": "shop.log", "formatter": "short"}
    },
    "formatters": {"short": {"format": "%(name)s %(message)s"}},
    "loggers": {
        "gunicorn.error": {"handlers": ["file"], "level": "INFO"},
        "gunicorn.access": {"handlers": ["file"], "level": "INFO"},
    },
    "root": {"level": "INFO", "handlers": ["file"]},
}
INI = """
[loggers]
keys=root, gunicorn.error, gunicorn.access
[handlers]
keys=file
[formatters]
keys=short
[logger_root]
level=INFO
handlers=file
[logger_gunicorn.error]
level=INFO
handlers=file
propagate=0
qualname=gunicorn.error
[logger_gunicorn.access]
level=INFO
handlers=file
propagate=0
qualname=gunicorn.access
[handler_file]
class=FileHandler
formatter=short
args=("shop.log",)
[formatter_short]
format=%(name)s %(message)s
"""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # gunicorn's open()
@pytest.mark.parametrize("kind", ["ini", "json", "dict"])
@pytest.mark.parametrize("installed", [True, False])
def test_a_configuration_of_logging(project, request, kind, installed):
    if installed:
        pytest.importorskip("gunicorn.glogging")
    else:
        request.getfixturevalue("without_gunicorn")
    project.write("log.json", json.dumps(DICT))
    (project.directory / "log.ini").write_text(INI)
    names = {"ini": "log.ini", "json": "log.json", "dict": "hooks:logconfig_dict"}
    source = f"logconfig_dict = {DICT!r}\ndef on_exit(server): pass\n"
    loaded = project.loaded(source, log_config=names[kind])
    assert loaded.accesses
    loaded.server.log.info("hello")
    loaded.server.log.access(Response(), Request(), ENVIRON, TOOK)
    logging.getLogger().info("of an application")
    lines = (project.directory / "shop.log").read_text().splitlines()
    if kind != "ini":  # propagate is what dictConfig has by default
        lines = list(dict.fromkeys(lines))
    assert lines[0] == "gunicorn.error hello" and lines[-1] == "root of an application"
    assert lines[1].startswith("gunicorn.access 192.0.2.7 - admin [")


def test_files_are_opened_again(project):
    path = project.directory / "error.log"
    log = gunicorn_logger.Logger(HookConfig({"errorlog": str(path)}))
    log.info("one")
    path.rename(project.directory / "error.log.1")
    log.reopen_files()
    log.info("two")
    assert path.read_text().endswith("two\n") and "one" not in path.read_text()
    log.setup(HookConfig({"errorlog": str(path), "loglevel": "error"}))  # handlers do not pile up
    log.info("three")
    log.error("four")
    assert path.read_text().count("four") == 1 and "three" not in path.read_text()


FAILURES = {
    "no such file": ({"log_config": "nothing.ini"}, "log-config: there is no file nothing.ini"),
    "a broken file": ({"log_config": "broken.json"}, "log-config broken.json cannot be used"),
    "no such class": ({"logger_class": "json.Nothing"}, "the module json has no Nothing"),
    "no such module": ({"logger_class": "nothing.Log"}, "there is no module nothing"),
    "no path": ({"logger_class": "Nothing"}, "is not of the form package.module.name"),
    "no class": ({"logger_class": "hooks:number"}, "is not a class: it is of type int"),
    "not there": ({"logger_class": "hooks:Nothing"}, "the hooks have no Nothing"),
    "no dict": ({"log_config": "hooks:number"}, "is not a dict: it is of type int"),
    "raises": (
        {"logger_class": "hooks:raises"},
        "logger-class hooks:raises cannot be used: OSError",
    ),
}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("settings", "message"), FAILURES.values(), ids=FAILURES)
def test_what_cannot_be_used(project, settings, message):
    project.write("broken.json", "{")
    project.write(
        "shophooks.py",
        """
        number = 5
        def raises(cfg): raise OSError("no disk")
        def on_exit(server): pass
        """,
    )
    failure = project.load("shophooks", **settings).failure
    assert message in failure["message"], failure


@pytest.mark.parametrize(
    "name", ["", "simple", "gunicorn.glogging.Logger", "gunicorn.instrument.statsd.Statsd"]
)
def test_the_front_has_its_own_for_these(project, name):
    loaded = project.loaded("def on_exit(server): pass\n", logger_class=name)
    loaded.server.log.info("hello")
    assert project.lines == [("info", "hello")]
    assert not loaded.accesses
