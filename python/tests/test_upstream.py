"""Django's and Werkzeug's own tests that start a live server, with Highball as that server.

`make test-python` fetches their sources to .tools. What fails is listed with its reason;
what is listed and does not fail is an error, too. Flask's tests start no server.
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from programs import SOURCES, environ

SOURCE = Path(__file__).parents[2] / ".tools/upstream"
PLUGINS = Path(__file__).parents[1] / "upstream"

CLOSE = "Highball says Connection: close to who asked for that (RFC 9112, 9.6)"
CHUNKED = "a response without a length is chunked, and its connection goes on"

DJANGO = {
    "LiveServerViews.test_closes_connection_without_content_length": CHUNKED,
    "LiveServerViews.test_keep_alive_on_connection_with_content_length": CLOSE,
    "LiveServerViews.test_keep_alive_connection_clears_previous_request_data": CLOSE,
}

WERKZEUG = {
    "test_server[unix socket]": "its client sends a path as Host, which is no host: 400",
    "test_untrusted_host": "a request target has no fragment (RFC 9112, 3.2): 400",
    "test_double_slash_path": "PATH_INFO is the path as it was sent, with both slashes",
    "test_chunked_request[False]": "Transfer-Encoding is the connection's, and not in environ",
    "test_chunked_request[True]": "chunked with a Content-Length that is no number: 400",
    "test_multiple_headers_concatenated": "space around a value is not part of it (RFC 9110, 5.5)",
    "test_multiline_header_folding": "folded fields are refused (RFC 9112, 5.2): 400",
    "test_streaming_close_response[]": CHUNKED,
    "test_streaming_close_response[crash]": CHUNKED + ": what is cut is seen to be cut",
}

# What would not come up: its way into the server is Werkzeug's alone.
NOT_WERKZEUG = {
    "test_ssl_object": "an SSLContext does not tell of what files it was made",
    "test_reloader_sys_path[stat]": "serve() has no reloader: that is `highball dev`",
    "test_reloader_sys_path[watchdog]": "serve() has no reloader: that is `highball dev`",
}


def source_of(name: str) -> Path:
    path = SOURCE / ("%s-%s" % (name, version(name)))
    if not path.is_dir():
        pytest.skip("the sources of %s are not there: make .tools/upstream/.fetched" % path.name)
    return path


def test_django() -> None:
    where = source_of("django") / "tests"
    done = subprocess.run(
        [sys.executable, str(PLUGINS / "in_place_of_django.py"), "servers", "staticfiles_tests",
         "--parallel", "1"],
        cwd=where, env=environ(), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    said = done.stderr + done.stdout
    failed = set(re.findall(r"^(?:FAIL|ERROR): \S+ \(\S+?\.(\w+\.\w+)\)", said, re.M))
    ran = re.search(r"^Ran (\d+) tests", said, re.M)
    assert ran is not None and int(ran[1]) > 200, said
    assert said.count("served by highball") >= 9, said
    assert failed == set(DJANGO), said


def test_werkzeug() -> None:
    where = source_of("werkzeug")
    deselected = ["--deselect=tests/test_serving.py::%s" % name for name in NOT_WERKZEUG]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "in_place_of_werkzeug", "--timeout", "60", "-q",
         "-m", "dev_server", "tests/test_serving.py", "tests/test_debug.py",
         "tests/middleware/test_http_proxy.py", "-p", "no:cacheprovider", *deselected],
        cwd=where, env=environ(PYTHONPATH="%s:%s" % (PLUGINS, SOURCES)),
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    failed = set(re.findall(r"^(?:FAILED|ERROR) \S+?::(.+?)(?: - .*)?$", done.stdout, re.M))
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None and int(passed[1]) >= 12, done.stdout + done.stderr
    assert failed == set(WERKZEUG), done.stdout
