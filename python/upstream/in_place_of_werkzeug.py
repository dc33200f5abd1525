"""Has Highball be what `werkzeug.serving.run_simple` runs, in this process and its like.

Werkzeug's tests start each server as a process of its own, whose PYTHONPATH is the test's
temporary directory. A file sitecustomize.py there comes before the application.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

_CUSTOMIZE = """\
import sys
sys.path[1:1] = {paths!r}
import in_place_of_werkzeug
in_place_of_werkzeug.swap()
"""


def pytest_collection_finish(session: Any) -> None:
    """pytest has imported conftest.py, whose client starts the servers."""
    client = sys.modules["tests.conftest" if "tests.conftest" in sys.modules else "conftest"]
    enter = client.DevServerClient.__enter__

    def customized(self: Any) -> Any:
        Path(self._tmp_path, "sitecustomize.py").write_text(_CUSTOMIZE.format(paths=_paths()))
        return enter(self)

    client.DevServerClient.__enter__ = customized


def _paths() -> list[str]:
    import highball

    return [str(Path(__file__).parent), str(Path(highball.__file__).parents[1])]


def swap() -> None:
    import werkzeug.serving

    werkzeug.serving.run_simple = run_simple


def run_simple(
    hostname: str,
    port: int,
    application: Any,
    use_debugger: bool = False,
    threaded: bool = False,
    ssl_context: Any = None,
    **ignored: Any,
) -> None:
    import highball
    import werkzeug.serving

    settings: dict[str, Any] = {"workers": 1, "threads": 4, "control": "off"}
    bind = "%s:%d" % (hostname, port)
    if hostname.startswith("unix://"):
        bind = "unix:" + hostname[len("unix://") :]
    if ssl_context == "adhoc":
        ssl_context = werkzeug.serving.make_ssl_devcert("adhoc", hostname)
    if isinstance(ssl_context, tuple):
        bind = "https://" + bind
        settings["certfile"], settings["keyfile"] = ssl_context
    elif ssl_context is not None:
        raise NotImplementedError("an SSLContext does not tell what it was made of")
    if use_debugger:
        from werkzeug.debug import DebuggedApplication

        application = DebuggedApplication(application, evalex=True)
    highball.serve(application, bind=bind, **settings)
