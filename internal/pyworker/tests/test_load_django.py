"""Django projects. Most need no Django: only the layout and the settings are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from load_probe import app, load

MANAGE = """
import os, sys
def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
"""
PROJECT = {
    "manage.py": MANAGE,
    "shop/__init__.py": "",
    "shop/settings.py": "WSGI_APPLICATION = 'shop.wsgi.application'\n",
    "shop/wsgi.py": app("django"),
}


def test_project_in_the_current_directory(tmp_path: Path) -> None:
    got = load(tmp_path, None, {**PROJECT, "wsgi.py": app("not this")})
    assert (got.target, got.kind) == ("shop.wsgi:application", "django")
    assert got.body == "django"


@pytest.mark.parametrize("spec", [".", "manage.py"])
def test_project_named(tmp_path: Path, spec: str) -> None:
    assert load(tmp_path, spec, PROJECT).kind == "django"


def test_project_in_another_directory_is_entered(tmp_path: Path) -> None:
    got = load(tmp_path, "site", {"site/" + name: text for name, text in PROJECT.items()})
    assert got.target == "shop.wsgi:application"
    assert os.path.realpath(got.cwd) == os.path.realpath(tmp_path / "site")
    assert got.path[0] == str(tmp_path / "site")


def test_project_without_wsgi_application(tmp_path: Path) -> None:
    files = {**PROJECT, "shop/settings.py": "WSGI_APPLICATION = None\n"}
    assert load(tmp_path, None, files).target == "shop.wsgi:application"


def test_split_settings(tmp_path: Path) -> None:
    files = {**PROJECT, "manage.py": MANAGE.replace("shop.settings", "shop.settings.dev")}
    del files["shop/settings.py"]
    files["shop/settings/__init__.py"] = files["shop/settings/dev.py"] = ""
    assert load(tmp_path, None, files).target == "shop.wsgi:application"


def test_environment_comes_first(tmp_path: Path) -> None:
    files = {**PROJECT, "prod.py": "WSGI_APPLICATION = 'other.served'\n"}
    files["other.py"] = app("prod", "served")
    got = load(tmp_path, None, files, env={"DJANGO_SETTINGS_MODULE": "prod"})
    assert (got.target, got.body) == ("other:served", "prod")


def test_assigned_variable(tmp_path: Path) -> None:
    manage = "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'shop.settings'\n"
    assert load(tmp_path, None, {**PROJECT, "manage.py": manage}).kind == "django"


def test_computed_settings(tmp_path: Path) -> None:
    manage = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', name())\n"
    got = load(tmp_path, None, {**PROJECT, "manage.py": manage})
    assert "computes its settings module" in got.message
    assert "DJANGO_SETTINGS_MODULE" in got.hint


def test_manage_py_of_something_else(tmp_path: Path) -> None:
    got = load(tmp_path, None, {"manage.py": "print('tasks')\n", "app.py": app()})
    assert got.target == "application of app.py"


def test_settings_that_do_not_exist(tmp_path: Path) -> None:
    got = load(tmp_path, None, {**PROJECT, "manage.py": MANAGE.replace("settings", "setings")})
    assert got.message.startswith("there is no settings module shop.setings, which ")
    assert got.message.endswith("manage.py names")
    assert got.hint == "did you mean shop.settings?"


def test_wsgi_application_that_does_not_exist(tmp_path: Path) -> None:
    files = {**PROJECT, "shop/settings.py": "WSGI_APPLICATION = 'shop.wsgy.application'\n"}
    got = load(tmp_path, None, files)
    assert got.message == (
        "there is no module shop.wsgy, which WSGI_APPLICATION of shop.settings names"
    )
    assert got.hint == "did you mean shop.wsgi?"


def test_project_without_a_wsgi_module(tmp_path: Path) -> None:
    files = {"manage.py": MANAGE, "shop/__init__.py": "", "shop/settings.py": ""}
    got = load(tmp_path, None, files)
    assert got.message.endswith("names no WSGI application")
    assert got.tried == [
        "WSGI_APPLICATION of shop.settings: not set",
        "shop.wsgi:application",
        "wsgi:application",
    ]


def test_error_in_the_settings_passes_through(tmp_path: Path) -> None:
    got = load(tmp_path, None, {**PROJECT, "shop/settings.py": "import nothing_there\n"})
    assert got.error == "ModuleNotFoundError"


def test_project_in_a_subdirectory_is_hinted(tmp_path: Path) -> None:
    got = load(tmp_path, None, {"backend/manage.py": MANAGE})
    assert got.hint == "did you mean the Django project in backend/?"


def test_real_django(tmp_path: Path) -> None:
    pytest.importorskip("django")
    settings = "SECRET_KEY = 'x'\nROOT_URLCONF = 'urls'\nALLOWED_HOSTS = ['*']\n"
    wsgi = (
        "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
        "from django.core.{0} import get_{0}_application\n"
        "application = get_{0}_application()\n"
    )
    urls = (
        "from django.http import HttpResponse\nfrom django.urls import path\n"
        "urlpatterns = [path('', lambda request: HttpResponse('real'))]\n"
    )
    files = {
        **PROJECT,
        "shop/settings.py": settings + "WSGI_APPLICATION = 'shop.wsgi.application'\n",
        "shop/wsgi.py": wsgi.format("wsgi"),
        "shop/asgi.py": wsgi.format("asgi"),
        "urls.py": urls,
    }
    assert load(tmp_path, None, files).body == "real"
    asgi = load(tmp_path, "shop.asgi:application", files)
    assert "is an ASGI application" in asgi.message
    assert asgi.hint == "did you mean shop.wsgi:application?"
