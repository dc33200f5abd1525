"""Connections to databases that were opened while the application was imported.

Workers that are forked afterwards would share them: two processes that talk over one
connection get each other's answers, and SQLite forbids it. Here they are closed, so that
each worker opens its own when it needs one.
"""

import gc
import sys
from typing import Any

from . import wire

# What SQLAlchemy calls a database in memory, which is gone with its connection.
_IN_MEMORY = (None, "", ":memory:")


def close() -> dict[str, list[str]]:
    """Closes what it knows of. Returns what was open, and what could not be closed."""
    closed: list[str] = []
    failed: list[str] = []
    for find in (_django, _sqlalchemy):
        try:
            find(closed, failed)
        except Exception as exc:  # of whatever release: the application must load
            failed.append("%s: %s" % (find.__name__[1:], _said(exc)))
    return {
        "connections": [wire.text(name) for name in closed],
        "unclosed": [wire.text(name) for name in failed],
    }


def _django(closed: list[str], failed: list[str]) -> None:
    module = sys.modules.get("django.db")
    if module is None or not sys.modules["django.conf"].settings.configured:
        return
    for connection in module.connections.all(initialized_only=True):
        if connection.connection is None:
            continue
        name = "Django's %r (%s)" % (connection.alias, connection.vendor)
        try:
            connection.close()
            if hasattr(connection, "close_pool"):  # Django 5.1 and later, with psycopg's
                connection.close_pool()
        except Exception as exc:
            failed.append("%s: %s" % (name, _said(exc)))
            continue
        if connection.connection is None:
            closed.append(name)
        elif not _is_in_memory(connection):
            failed.append("%s: it is in a transaction" % name)


def _is_in_memory(connection: Any) -> bool:
    """A database of SQLite in memory: its copies in the workers have nothing in common."""
    return bool(getattr(connection, "is_in_memory_db", lambda: False)())


def _sqlalchemy(closed: list[str], failed: list[str]) -> None:
    module = sys.modules.get("sqlalchemy.engine")
    engine_type = getattr(module, "Engine", None)
    if engine_type is None:
        return
    for engine in [found for found in gc.get_objects() if type(found) is engine_type]:
        if engine.dialect.name == "sqlite" and engine.url.database in _IN_MEMORY:
            continue
        idle = getattr(engine.pool, "checkedin", int)()
        used = getattr(engine.pool, "checkedout", int)()
        name = "SQLAlchemy's %s" % engine.url.render_as_string(hide_password=True)
        if idle > 0:
            engine.dispose()
            closed.append(name)
        if used > 0:
            failed.append("%s: %d in use" % (name, used))


def _said(exc: Exception) -> str:
    return "%s: %s" % (type(exc).__name__, exc)
