"""What the package is made of: the script, and the exceptions."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import highball
from highball import _binary, _exceptions
from programs import environ, get

PUBLIC = Path(__file__).parents[2] / "internal/pyworker/highball_worker/public.py"

SAME = """\
import json, sys
import highball
from highball_worker import public, slot
def application(environ, start_response):
    start_response("200 OK", [])
    same = highball.RequestTimeout is public.RequestTimeout is slot.RequestTimeout
    return [json.dumps([same, highball.__file__, sys.executable]).encode()]
"""


def test_the_exceptions_are_the_worker_s_twins() -> None:
    def classes(path: str) -> list[str]:
        tree = ast.parse(Path(path).read_text())
        return [ast.dump(node) for node in tree.body if isinstance(node, ast.ClassDef)]

    assert classes(str(PUBLIC)) == classes(_exceptions.__file__)
    assert set(dir(_exceptions)) <= {*dir(highball), "__cached__", "__doc__"}


def test_outside_of_a_worker_they_are_the_package_s_own() -> None:
    program = (
        "import highball, highball._exceptions as own, sys\n"
        "assert highball.RequestTimeout is own.RequestTimeout\n"
        "assert highball.ClientDisconnected is own.ClientDisconnected\n"
        "highball.make_server('127.0.0.1', 0, None).server_close()\n"
        "from highball_worker import slot\n"
        "assert slot.RequestTimeout is highball.RequestTimeout\n"
    )
    subprocess.run([sys.executable, "-c", program], env=environ(), check=True)


def test_in_a_worker_they_are_the_worker_s_own(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SAME)
    with run_module(tmp_path, "app") as (_, url):
        same, file, executable = json.loads(get(url)[1])
    assert same
    assert file == highball.__file__
    assert executable == sys.executable


class run_module:
    """python -m highball run APP, and its URL."""

    def __init__(self, cwd: Path, app: str, *args: str, **env: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "highball", "run", app, "--bind", "127.0.0.1:0",
             "--workers", "1", "--control", "off", *args],
            cwd=cwd, env=environ(**env), stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> tuple[subprocess.Popen[str], str]:
        assert self.process.stderr is not None
        self.log = []
        for line in self.process.stderr:
            self.log.append(line)
            if "listening on " in line:
                return self.process, line.split("listening on ")[1].strip()
        raise AssertionError("".join(self.log))

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.communicate()


def test_the_process_is_the_binary_s(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SAME)
    with run_module(tmp_path, "app") as (process, _):
        assert os.readlink("/proc/%d/exe" % process.pid) == os.path.realpath(_binary.find())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_exit_codes_are_the_binary_s() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "highball", "run", "--nonsense"], env=environ(), stderr=-1, text=True
    )
    assert done.returncode == 2
    assert "--nonsense" in done.stderr


def test_the_interpreter_is_the_operator_s_if_he_names_one(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SAME)
    (tmp_path / "python").symlink_to(sys.executable)
    mine = str(tmp_path / "python")
    (tmp_path / "highball.toml").write_text('python = "%s"\n' % mine)
    for args, env in [((), {}), (("--python", mine), {}), ((), {"HIGHBALL_PYTHON": mine})]:
        with run_module(tmp_path, "app", *args, **env) as (_, url):  # type: ignore[arg-type]
            assert json.loads(get(url)[1])[2] == mine
        (tmp_path / "highball.toml").unlink(missing_ok=True)


def test_without_a_binary_there_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    package = tmp_path / "highball"
    package.mkdir()
    for name in ("__init__.py", "__main__.py", "_binary.py", "_exceptions.py"):
        (package / name).write_text((Path(highball.__file__).parent / name).read_text())
    done = subprocess.run(
        [sys.executable, "-m", "highball"], stderr=-1, text=True, cwd=tmp_path,
        env=environ(PYTHONPATH=str(tmp_path)),
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("highball: error: this installation of highball has no binary")
