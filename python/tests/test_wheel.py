"""The wheel, in virtual environments without anything else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from programs import environ, eventually, get

REPOSITORY = Path(__file__).parents[2]

PROGRAM = """\
import sys, threading, urllib.request
import flask, highball
assert sys.prefix in highball.__file__, highball.__file__
app = flask.Flask("tried")

@app.route("/")
def index():
    return sys.prefix

if __name__ == "__main__":
    with highball.make_server("127.0.0.1", 0, app) as server:
        threading.Thread(target=server.handle_request).start()
        url = "http://127.0.0.1:%d/" % server.server_port
        assert urllib.request.urlopen(url).read().decode() == sys.prefix
    server = highball.Server(app, bind="127.0.0.1:0", workers=1, control="off")
    def ask():
        server.wait_until_ready(20)
        print(urllib.request.urlopen(server.addresses[0]).read().decode())
        server.stop()
    threading.Thread(target=ask).start()
    server.run()
"""


def pythons() -> list[str]:
    """The oldest and the newest CPython of pyenv's that the package is for."""
    found = []
    for path in Path.home().glob(".pyenv/versions/3.*/bin/python3"):
        version = tuple(map(int, re.findall(r"\d+", path.parts[-3])[:3]))
        if version >= (3, 9):
            found.append((version, str(path)))
    found.sort()
    return [found[0][1], found[-1][1]] if found else []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("go") is None:
        pytest.skip("there is no Go to build the wheel with")
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet",
         "--no-deps", "--wheel-dir", str(out), str(REPOSITORY / "python")],
        check=True,
    )  # fmt: skip
    (path,) = out.iterdir()
    return path


def test_what_is_in_it(wheel: Path) -> None:
    source = (REPOSITORY / "version.go").read_text()
    version = re.search(r'Version = "(.+)"', source)
    assert version is not None
    assert wheel.name.startswith("highball-%s-py3-none-" % version[1])
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert archive.getinfo("highball/_bin/highball").external_attr >> 16 & 0o111
    assert {"highball/py.typed", "highball/LICENSE"} <= set(names)
    assert not [name for name in names if "tests" in name or "__pycache__" in name]
    assert wheel.stat().st_size < 12 << 20


@pytest.mark.parametrize("which", [0, 1], ids=["oldest", "newest"])
def test_in_a_fresh_environment(wheel: Path, which: int, tmp_path: Path) -> None:
    if not pythons():
        pytest.skip("there is no CPython of pyenv's")
    venv = tmp_path / "venv"
    subprocess.run([pythons()[which], "-m", "venv", str(venv)], check=True)
    bin = venv / "bin"
    # No compiler, nothing to fetch: the wheel alone.
    alone = environ(PATH=str(bin), PYTHONPATH="", CC="/nonexistent")
    pip = [str(bin / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--no-index", str(wheel)], check=True, env=alone)
    for command in ([str(bin / "highball")], [str(bin / "python"), "-m", "highball"]):
        said = subprocess.run([*command, "--version"], env=alone, stdout=-1, text=True, check=True)
        assert said.stdout.startswith("highball ")
    subprocess.run(
        [*pip, "-r", str(REPOSITORY / "examples/flask_app/requirements.txt")], check=True
    )
    program = tmp_path / "tried.py"
    program.write_text(PROGRAM)
    said = subprocess.run(
        [str(bin / "python"), str(program)], env=alone, stdout=-1, text=True, check=True, timeout=60
    )
    assert said.stdout.strip() == str(venv)
    run_flask(bin, venv, tmp_path, alone)


def run_flask(bin: Path, venv: Path, cwd: Path, env: dict[str, str]) -> None:
    """Another environment is active, and does not count."""
    env = {**env, "VIRTUAL_ENV": sys.prefix}
    log = cwd / "log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [str(bin / "highball"), "run", "tried:app", "--bind", "127.0.0.1:0",
             "--log-format", "json", "--control", "off"],
            cwd=cwd, env=env, stderr=stderr,
        )  # fmt: skip
    try:
        eventually(lambda: "listening on" in log.read_text(), "it does not start")
        lines = [json.loads(line)["msg"] for line in log.read_text().splitlines()]
        url = next(line for line in lines if "listening on" in line).split()[-1]
        assert get(url) == (200, str(venv))
    finally:
        process.terminate()
        process.wait()
