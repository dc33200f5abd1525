"""docs/PYTHON.md does what it says: its programs and commands are run as they stand there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from programs import environ, eventually, get

PAGE = Path(__file__).parents[2] / "docs/PYTHON.md"


def blocks(kind: str) -> list[str]:
    return re.findall(r"^```%s\n(.*?)^```$" % kind, PAGE.read_text(), re.M | re.S)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines()]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """With the page's programs, and with its commands on PATH."""
    for block in blocks("python"):
        name = re.match(r"# (\w+\.py)\n", block)
        assert name is not None, block
        (tmp_path / name[1]).write_text(block)
    bin = tmp_path / "bin"
    bin.mkdir()
    (bin / "python").write_text('#!/bin/sh\nexec "%s" "$@"\n' % sys.executable)
    (bin / "highball").write_text('#!/bin/sh\nexec "%s" -m highball "$@"\n' % sys.executable)
    for name in ("python", "highball"):
        (bin / name).chmod(0o755)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p highball.testing.pytest_plugin\n")
    return tmp_path


def test_there_are_commands() -> None:
    assert len(COMMANDS) == 6


@pytest.mark.parametrize("command", COMMANDS)
def test_command(command: str, directory: Path) -> None:
    if command == "pip install highball":
        return  # test_wheel.py installs it
    # Another port: several tests may be running.
    for path in directory.glob("*.py"):
        path.write_text(path.read_text().replace("127.0.0.1:8000", "127.0.0.1:0"))
    words = shlex.split(command.replace("127.0.0.1:8000", "127.0.0.1:0"))
    env = environ(PATH="%s:%s" % (directory / "bin", os.environ["PATH"]))
    log = directory / "log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            words, cwd=directory, env=env, stdout=subprocess.PIPE, stderr=stderr, text=True
        )
        if words[:2] == ["highball", "run"] or words[1:] == ["serve.py"]:
            eventually(lambda: "listening on" in log.read_text(), "it does not start")
            url = log.read_text().split("listening on ")[1].split()[0]
            assert get(url) == (200, "Hello")
            process.terminate()
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said + log.read_text()
    if words[1:] == ["one.py"]:
        assert said == "b'Hello'\n"
