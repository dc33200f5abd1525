"""Which static files are reported. The frameworks are real in e2e; here they are shapes."""

import sys
import types
from pathlib import Path
from typing import Any

import pytest
from highball_worker import app_static, flask_static


class Settings(types.SimpleNamespace):
    """As django.conf.settings: what reads STATIC_URL itself would have it kept."""

    configured = True

    def __getattr__(self, name: str) -> Any:
        if name == "STATIC_URL":
            raise AssertionError("STATIC_URL was read")
        return getattr(self._wrapped, name)


@pytest.fixture
def django(monkeypatch, tmp_path):
    """Makes modules that look like Django's."""
    wrapped = types.SimpleNamespace(
        STATIC_URL="static/", STATIC_ROOT=str(tmp_path), MIDDLEWARE=[], SETTINGS_MODULE="nowhere"
    )
    settings = Settings(_wrapped=wrapped)
    apps = types.SimpleNamespace(ready=True, is_installed=lambda name: True)
    for name, content in {
        "django": {},
        "django.conf": {"settings": settings},
        "django.apps": {"apps": apps},
    }.items():
        module = types.ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    return wrapped


def report(mode=""):
    return app_static.of(object(), mode).report()


@pytest.mark.parametrize(
    ("url", "want", "relative"),
    [
        ("static/", "/static/", True),
        ("/static/", "/static/", False),
        ("/a/b", "/a/b/", False),
        ("/", "/", False),
    ],
)
def test_local_urls(django, tmp_path, url, want, relative):
    django.STATIC_URL = url
    assert report()["static"] == [
        {"url": want, "relative": relative, "dir": str(tmp_path), "cache": "", "hashed": False}
    ]


@pytest.mark.parametrize("url", ["https://cdn/static/", "//cdn/static/", "", None])
def test_urls_of_others(django, url):
    django.STATIC_URL = url
    assert report() == {"static": [], "static_notes": []}


def test_off_and_no_root(django):
    assert report("off")["static"] == []
    django.STATIC_ROOT = None
    assert report() == {"static": [], "static_notes": []}


def test_without_staticfiles(django):
    sys.modules["django.apps"].apps.is_installed = lambda name: False
    assert report() == {"static": [], "static_notes": []}


def test_source_below_the_root(django, tmp_path, monkeypatch):
    settings = types.ModuleType("nowhere")
    settings.__file__ = str(tmp_path / "deep" / "settings.py")
    monkeypatch.setitem(sys.modules, "nowhere", settings)
    got = report()
    assert got["static"] == [] and "would be public" in got["static_notes"][0]
    settings.__file__ = str(tmp_path.parent / "settings.py")
    assert report()["static"]


def test_nothing_breaks_the_application(django):
    class Hostile:
        def __fspath__(self):
            raise ValueError("\udc80 hostile")

    django.STATIC_ROOT = Hostile()
    got = report()
    assert got["static"] == [] and "ValueError: \\udc80 hostile" in got["static_notes"][0]


def test_flask_rules(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()

    def rule(endpoint: str, text: str) -> Any:
        return types.SimpleNamespace(endpoint=endpoint, rule=text)

    application = types.SimpleNamespace(
        url_map=types.SimpleNamespace(
            host_matching=False,
            iter_rules=lambda: [
                rule("static", "/static/<path:filename>"),
                rule("shop.static", "/shop/s/<path:filename>"),
                rule("gone.static", "/gone/<path:filename>"),
                rule("user.static", "/<user>/static/<path:filename>"),
                rule("download", "/download/<path:filename>"),
            ],
        ),
        subdomain_matching=False,
        static_folder=str(tmp_path / "files"),
        blueprints={
            "shop": types.SimpleNamespace(static_folder=str(tmp_path / "files")),
            "gone": types.SimpleNamespace(static_folder=str(tmp_path / "missing")),
            "user": types.SimpleNamespace(static_folder=str(tmp_path / "files")),
        },
        config={"SEND_FILE_MAX_AGE_DEFAULT": 300},
    )
    found = app_static.Found([], [])
    flask_static.add(application, app_static.DEPLOYED, found)
    assert [(d.url, d.relative, d.cache) for d in found.directories] == [
        ("/static/", True, "public, max-age=300"),
        ("/shop/s/", True, "public, max-age=300"),
    ]
    application.url_map.host_matching = True
    found = app_static.Found([], [])
    flask_static.add(application, app_static.DEPLOYED, found)
    assert not found.directories and found.notes


def test_whitenoise_keeps_its_files(django):
    django.MIDDLEWARE = ["whitenoise.middleware.WhiteNoiseMiddleware"]
    got = report()
    assert got["static"] == [] and "WhiteNoise" in got["static_notes"][0]
