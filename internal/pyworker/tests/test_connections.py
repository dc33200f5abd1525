"""Connections of the import are closed before a fork."""

import os
import sys
import types

import pytest
from highball_worker import connections


class Connection:
    """As Django's DatabaseWrapper."""

    def __init__(self, alias, is_open, close=None):
        self.alias, self.vendor = alias, "postgresql"
        self.connection = object() if is_open else None
        self._close = close or (lambda: setattr(self, "connection", None))

    def close(self):
        self._close()


@pytest.fixture
def django(monkeypatch):
    """Has Django's connections be these."""
    found = []
    db = types.SimpleNamespace(
        connections=types.SimpleNamespace(all=lambda initialized_only: list(found))
    )
    conf = types.SimpleNamespace(settings=types.SimpleNamespace(configured=True))
    monkeypatch.setitem(sys.modules, "django.db", db)
    monkeypatch.setitem(sys.modules, "django.conf", conf)
    return found


def test_nothing_is_open():
    assert connections.close() == {"connections": [], "unclosed": []}


def test_open_ones_are_closed_and_named(django):
    django += [Connection("default", True), Connection("replica", False)]
    assert connections.close()["connections"] == ["Django's 'default' (postgresql)"]
    assert django[0].connection is None


def test_pools_are_closed_too(django):
    django.append(Connection("default", True))
    django[0].close_pool = lambda: setattr(django[0], "pool", "closed")
    assert connections.close()["unclosed"] == []
    assert django[0].pool == "closed"


def test_what_cannot_be_closed_is_named(django):
    def refuse():
        raise RuntimeError("not now")

    django += [
        Connection("hostile", True, refuse),
        Connection("atomic", True, lambda: None),
        Connection("later", True),
    ]
    found = connections.close()
    assert found["unclosed"] == [
        "Django's 'hostile' (postgresql): RuntimeError: not now",
        "Django's 'atomic' (postgresql): it is in a transaction",
    ]
    assert found["connections"] == ["Django's 'later' (postgresql)"]


def test_databases_in_memory_stay(django):
    django.append(Connection("default", True, lambda: None))
    django[0].is_in_memory_db = lambda: True
    assert connections.close() == {"connections": [], "unclosed": []}


def test_real_django(tmp_path):
    """A child of a fork has the very connection, unless it was closed."""
    pytest.importorskip("django")
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:  # Django's settings can be made only once in a process
        try:
            os.write(writer, _in_django(str(tmp_path / "db.sqlite3")).encode())
        except BaseException as exc:
            os.write(writer, repr(exc).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as result:
        text = result.read().decode()
    os.waitpid(pid, 0)
    assert text == """shared ["Django's 'default' (sqlite)"] own"""


def _in_django(path):
    from django.conf import settings

    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": path}}
    )
    import django
    from django.db import connection

    django.setup()
    connection.ensure_connection()
    opened = connection.connection
    before = _forked(lambda: "shared" if connection.connection is opened else "own")
    closed = connections.close()["connections"]

    def use():
        connection.ensure_connection()
        return "shared" if connection.connection is opened else "own"

    return "%s %s %s" % (before, closed, _forked(use))


def _forked(report):
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, report().encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as result:
        text = result.read().decode()
    os.wait()
    return text


class Engine:
    """As SQLAlchemy's."""

    def __init__(self, name, database, idle, used):
        self.dialect = types.SimpleNamespace(name=name)
        self.url = types.SimpleNamespace(
            database=database,
            render_as_string=lambda hide_password: "%s://***/%s" % (name, database),
        )
        self.pool = types.SimpleNamespace(checkedin=lambda: idle, checkedout=lambda: used)
        self.disposed = False

    def dispose(self):
        self.disposed = True


def test_engines_of_sqlalchemy(monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy.engine", types.SimpleNamespace(Engine=Engine))
    engines = [
        Engine("postgresql", "idle", 2, 0),
        Engine("postgresql", "busy", 0, 1),
        Engine("postgresql", "new", 0, 0),
        Engine("sqlite", ":memory:", 1, 0),
    ]
    found = connections.close()
    assert sorted(found["connections"]) == ["SQLAlchemy's postgresql://***/idle"]
    assert found["unclosed"] == ["SQLAlchemy's postgresql://***/busy: 1 in use"]
    assert [engine.disposed for engine in engines] == [True, False, False, False]
