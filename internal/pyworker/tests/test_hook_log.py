"""The log that hooks are given."""

import logging

import pytest
from highball_worker.hook_log import Log, Outlet


@pytest.fixture
def log():
    lines = []
    log = Log(Outlet(lambda level, text: lines.append((level, text))))
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


def test_the_loggers_that_gunicorn_has(log):
    logging.getLogger("gunicorn.error").error("from an %s", "application")
    log.error_log.debug("lower")
    log.access_log.info("GET /")
    try:
        raise KeyError("shop")
    except KeyError:
        log.error_log.exception("failed")
    *plain, failed = log.lines
    assert plain == [("error", "from an application"), ("debug", "lower"), ("info", "GET /")]
    assert failed[1].startswith("failed\nTraceback") and failed[1].endswith("KeyError: 'shop'")
    assert not logging.getLogger("gunicorn.error").propagate


def test_a_level_by_its_name(log):
    log.log("warning", "a")
    log.log("nonsense", "b")
    assert log.lines == [("warning", "a"), ("info", "b")]


def test_what_else_gunicorns_has(log):
    log.setup(None)
    log.reopen_files()
    log.close_on_exec()
    assert log.lines == []
