"""Programs that are run as processes of their own, and what is asked of them."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

SOURCES = Path(__file__).parents[1] / "src"
PATIENCE = 20.0  # seconds, for what takes none on a machine that has time


def environ(**more: str) -> dict[str, str]:
    """Without settings of who runs the tests."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HIGHBALL_")}
    return {**kept, "PYTHONPATH": str(SOURCES), "PYTHONUNBUFFERED": "1", **more}


@contextlib.contextmanager
def program(
    text: str, *args: str, cwd: Path, python: str = sys.executable
) -> Iterator[subprocess.Popen[str]]:
    """Runs the text as a program; its stdout is piped. It is killed at the end."""
    path = cwd / "program.py"
    path.write_text(text)
    process = subprocess.Popen(
        [python, str(path), *args], cwd=cwd, env=environ(), text=True, stdout=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def get(url: str, **headers: str) -> tuple[int, str]:
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=PATIENCE)
    try:
        connection.request("GET", "/" + path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def eventually(what: Callable[[], bool], why: str) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, why
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """A zombie is not."""
    try:
        stat = Path("/proc/%d/stat" % pid).read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
