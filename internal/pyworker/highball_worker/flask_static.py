"""The static folders of a Flask application and its blueprints."""

import os
from typing import Any, Optional

from .app_static import DEV, Directory, Found, is_directory

_END = "/<path:filename>"


def add(application: Any, mode: str, found: Found) -> None:
    if application.url_map.host_matching or application.subdomain_matching:
        found.notes.append("Flask chooses them by host: it goes on to serve them itself")
        return
    cache = "no-cache" if mode == DEV else _cache(application)
    for rule in application.url_map.iter_rules():
        folder = _folder(application, rule.endpoint)
        url = rule.rule[: -len(_END)]
        if rule.rule.endswith(_END) and "<" not in url and is_directory(folder):
            found.directories.append(
                Directory(url + "/", True, os.path.abspath(str(folder)), cache=cache)
            )


def _folder(application: Any, endpoint: str) -> Optional[str]:
    """The folder that Flask itself serves under this name."""
    owner, _, name = endpoint.rpartition(".")
    if name != "static":
        return None
    scaffold = application.blueprints.get(owner) if owner else application
    folder: Optional[str] = getattr(scaffold, "static_folder", None)
    return folder


def _cache(application: Any) -> str:
    """What Flask would say."""
    age = application.config.get("SEND_FILE_MAX_AGE_DEFAULT")
    if age is None:
        return "no-cache"
    return "public, max-age=%d" % getattr(age, "total_seconds", lambda: age)()
