"""The static files of a Django project.

settings.STATIC_URL itself is not read: Django keeps what it makes of it at the first
time, with the SCRIPT_NAME of that moment.
"""

import os
import sys
from importlib import import_module
from typing import Any, Optional

from .app_static import DEV, Directory, Found, is_directory

_APP = "django.contrib.staticfiles"


def add(mode: str, found: Found) -> None:
    settings = sys.modules["django.conf"].settings
    apps = import_module("django.apps").apps
    if not apps.ready or not apps.is_installed(_APP):
        return
    url = str(settings._wrapped.STATIC_URL or "")
    if not url or "://" in url or url.startswith("//"):
        return  # another host's
    relative = not url.startswith("/")
    url = "/" + url.strip("/") + "/" if url.strip("/") else "/"
    if mode == DEV:
        found.directories.extend(
            Directory(url + prefix, relative, directory, cache="no-cache")
            for prefix, directory in _of_finders()
        )
        return
    root = settings.STATIC_ROOT
    why = root and _why_not(settings, os.fspath(root))
    if why:
        found.notes.append(why)
    elif root:
        hashed = _is_hashed(settings)
        found.directories.append(Directory(url, relative, os.path.abspath(root), hashed=hashed))


def _why_not(settings: Any, root: str) -> Optional[str]:
    """Why STATIC_ROOT is not served; None if it is."""
    if any("whitenoise" in str(name).lower() for name in settings.MIDDLEWARE or ()):
        return "WhiteNoise serves STATIC_ROOT: without it in MIDDLEWARE the server itself does"
    if not is_directory(root):
        return "STATIC_ROOT, %s, does not exist: run manage.py collectstatic" % root
    module = sys.modules.get(getattr(settings, "SETTINGS_MODULE", None) or "")
    source = getattr(module, "__file__", None)
    if source and _is_below(source, root):
        return "STATIC_ROOT, %s, has the settings in it, which would be public: not served" % root
    return None


def _is_below(path: str, directory: str) -> bool:
    directory = os.path.realpath(directory)
    return os.path.commonpath([os.path.realpath(path), directory]) == directory


def _is_hashed(settings: Any) -> bool:
    """Whether collectstatic puts digests into the names."""
    storages = getattr(settings, "STORAGES", None) or {}
    name = storages.get("staticfiles", {}).get("BACKEND") or getattr(
        settings, "STATICFILES_STORAGE", None
    )
    if not name:
        return False
    backend = import_module("django.utils.module_loading").import_string(name)
    mixin = import_module("django.contrib.staticfiles.storage").HashedFilesMixin
    return issubclass(backend, mixin)


def _of_finders() -> list[tuple[str, str]]:
    """Prefixes and directories in the order in which Django looks into them."""
    finders = import_module(_APP + ".finders")
    found = []
    for finder in finders.get_finders():
        for prefix, directory in getattr(finder, "locations", ()):
            if is_directory(directory):
                found.append((prefix + "/" if prefix else "", os.path.abspath(directory)))
        if not hasattr(finder, "locations"):
            for storage in getattr(finder, "storages", {}).values():
                if is_directory(storage.location):
                    found.append(("", os.path.abspath(storage.location)))
    return found
