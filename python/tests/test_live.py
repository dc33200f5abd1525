"""LiveServer, the fixture, and Django's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest
from highball.testing import LiveServer
from highball.testing.pytest_plugin import highball_live_server  # noqa: F401 - a fixture
from programs import environ, get


def here(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["PATH_INFO"].encode()]


def test_it_serves_within_the_with_statement() -> None:
    with LiveServer(here) as live:
        assert live.url == str(live) == "http://127.0.0.1:%d" % live.port
        assert get(live + "/x") == (200, "/x")
    with pytest.raises(RuntimeError, match="has not been started"):
        _ = live.url
    with live:
        assert get(live + "/y") == (200, "/y")


def test_it_fails_where_the_test_sees_it() -> None:
    with pytest.raises(RuntimeError, match="signal 9"), LiveServer(here) as live:
        live.server._front.process.kill()
        live._thread.join()  # type: ignore[union-attr]


@pytest.fixture
def app() -> Callable[..., Any]:
    return here


def test_the_fixture(highball_live_server: LiveServer) -> None:  # noqa: F811
    assert get(highball_live_server + "/z") == (200, "/z")


DJANGO = """\
import django, sys, threading
from pathlib import Path
from urllib.request import urlopen
from urllib.error import HTTPError
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

here = Path(__file__).parent
settings.configure(
    SECRET_KEY="x", ROOT_URLCONF=__name__, DEBUG=False, ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["django.contrib." + n for n in ("contenttypes", "auth", "staticfiles")],
    STATIC_URL="/static/", STATICFILES_DIRS=[here / "static"], STATIC_ROOT=here / "root",
    MEDIA_URL="/media/", MEDIA_ROOT=here / "media",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
django.setup()

from django.contrib.auth.models import Group
from django.db import connections
from highball.testing.django import HighballLiveServerTestCase, HighballStaticLiveServerTestCase

used = []

def add(request):
    Group.objects.create(name="made by a request")
    used.append(connections["default"])
    return HttpResponse(",".join(Group.objects.values_list("name", flat=True).order_by("id")))

urlpatterns = [path("add", add)]

class Database(HighballLiveServerTestCase):
    def test_it_is_shared(self):
        Group.objects.create(name="made by the test")
        answers = []
        def ask():
            answers.append(urlopen(self.live_server_url + "/add").read())
        for _ in range(2):  # one thread of the server's, and another
            Group.objects.filter(name="made by a request").delete()
            ask()
        self.assertEqual(answers, [b"made by the test,made by a request"] * 2)
        self.assertEqual(Group.objects.count(), 2)
        self.assertTrue(all(one is connections["default"] for one in used), used)

    def test_media_and_static_root(self):
        (here / "root").mkdir(exist_ok=True); (here / "media").mkdir(exist_ok=True)
        (here / "root" / "a.txt").write_text("collected")
        (here / "media" / "b.txt").write_text("media")
        self.assertEqual(urlopen(self.live_server_url + "/static/a.txt").read(), b"collected")
        self.assertEqual(urlopen(self.live_server_url + "/media/b.txt").read(), b"media")

class Static(HighballStaticLiveServerTestCase):
    def test_finders(self):
        self.assertEqual(urlopen(self.live_server_url + "/static/c.txt").read(), b"found")
        with self.assertRaises(HTTPError) as raised:
            urlopen(self.live_server_url + "/static/none.txt")
        self.assertEqual(raised.exception.code, 404)
        raised.exception.close()

if __name__ == "__main__":
    (here / "static").mkdir(exist_ok=True)
    (here / "static" / "c.txt").write_text("found")
    from django.test.runner import DiscoverRunner
    import unittest
    runner = DiscoverRunner(verbosity=1)
    runner.setup_test_environment()
    names = runner.setup_databases(aliases={"default": True})
    suite = unittest.TestSuite(
        unittest.defaultTestLoader.loadTestsFromTestCase(case) for case in (Database, Static)
    )
    result = runner.run_suite(suite)
    runner.teardown_databases(names)
    print("ran %d, failed %d" % (result.testsRun, len(result.failures + result.errors)))
"""


def test_django(tmp_path: Path) -> None:
    pytest.importorskip("django")
    path = tmp_path / "program.py"
    path.write_text(DJANGO)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path)], env=environ(), capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.stdout.endswith("ran 3, failed 0\n"), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
