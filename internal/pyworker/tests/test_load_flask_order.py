"""Which of two names in one module is served."""

from __future__ import annotations

from pathlib import Path

import pytest
from load_probe import load

flask = pytest.importorskip("flask")

BOTH = "from flask import Flask\napp = Flask('first')\napplication = Flask('second')\n"
WRAPPED = """\
from flask import Flask
app = Flask("inner")
def application(environ, start_response):
    return app(environ, start_response)
"""


@pytest.mark.parametrize(("source", "target"), [(BOTH, "app"), (WRAPPED, "application")])
def test_order(tmp_path: Path, source: str, target: str) -> None:
    found = load(tmp_path, None, {"wsgi.py": source}, call=False)
    assert found.target.startswith(target + " of")
