"""serve(): workers that are forked from the program that has made the application."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import highball
import pytest
from programs import environ, eventually, get, is_alive, program

APPLICATION = """\
import json, os, sys, threading, time
import highball
made_in = os.getpid()
def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.5)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [json.dumps([made_in, os.getpid(), os.getppid()]).encode()]
"""

SERVE = (
    APPLICATION
    + """
server = highball.Server(app, bind="127.0.0.1:0", workers=2, control="off", log_level="warning")
def tell():
    server.wait_until_ready(20)
    print(server.addresses[0], server._front.process.pid, flush=True)
threading.Thread(target=tell).start()
server.run()
print("returned", threading.active_count(), flush=True)
"""
)


@contextmanager
def served(cwd: Path, text: str = SERVE) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    with program(text, cwd=cwd) as process:
        assert process.stdout is not None
        url, front = process.stdout.readline().split()
        yield process, url, int(front)


def test_the_workers_are_the_program_s_children(tmp_path: Path) -> None:
    with served(tmp_path) as (process, url, _):
        made_in, pid, parent = json.loads(get(url)[1])
    assert made_in == parent == process.pid != pid


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_requests_finish_and_serve_return(tmp_path: Path, number: int) -> None:
    with served(tmp_path) as (process, url, front):
        answers: list[tuple[int, str]] = []
        client = threading.Thread(target=lambda: answers.append(get(url + "slow")))
        client.start()
        worker = json.loads(get(url)[1])[1]
        process.send_signal(number)
        assert process.stdout is not None
        assert process.stdout.readline() == "returned 1\n"
        assert process.wait() == 0
        client.join()
    assert answers and answers[0][0] in (200,)
    assert not is_alive(front) and not is_alive(worker)


def test_ctrl_c_of_a_terminal_is_for_the_program_alone(tmp_path: Path) -> None:
    with served(tmp_path) as (process, _, front):
        assert os.getpgid(front) != os.getpgid(process.pid)


def test_the_front_ends_with_the_program(tmp_path: Path) -> None:
    with served(tmp_path) as (process, url, front):
        worker = json.loads(get(url)[1])[1]
        process.kill()
        process.wait()
    eventually(lambda: not is_alive(front), "the front has outlived the program")
    eventually(lambda: not is_alive(worker), "a worker has outlived the program")


def test_the_front_dies(tmp_path: Path) -> None:
    text = SERVE.replace(
        "server.run()\n",
        "try:\n    server.run()\nexcept RuntimeError as exc:\n    print(exc, flush=True)\n"
        "try:\n    os.waitpid(-1, 0)\n"
        "except ChildProcessError:\n    print('no child is left', flush=True)\n",
    )
    with served(tmp_path, text) as (process, url, front):
        worker = json.loads(get(url)[1])[1]
        os.kill(front, signal.SIGKILL)
        assert process.stdout is not None
        assert process.stdout.readline() == "highball failed: signal 9\n"
        assert process.stdout.readline() == "no child is left\n"
    eventually(lambda: not is_alive(worker), "a worker has outlived the front")


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    with served(tmp_path) as (_, url, _front):
        worker = json.loads(get(url)[1])[1]
        os.kill(worker, signal.SIGKILL)
        seen: set[int] = set()
        eventually(
            lambda: seen.add(json.loads(get(url)[1])[1]) or len(seen - {worker}) == 2,  # type: ignore[func-returns-value]
            "there is no other worker",
        )


def test_workers_run_their_own_exit_functions_and_not_the_program_s(tmp_path: Path) -> None:
    text = APPLICATION + (
        "import atexit\n"
        "def note(what): open('exits', 'a').write(what + '\\n')\n"
        "atexit.register(note, 'program %d' % os.getpid())\n"
        "def wrapped(environ, start_response):\n"
        "    atexit.register(note, 'worker %d' % os.getpid())\n"
        "    server.stop() if os.getpid() == made_in else os.kill(made_in, 15)\n"
        "    return app(environ, start_response)\n"
        + SERVE[len(APPLICATION) :].replace("Server(app", "Server(wrapped")
    )
    with served(tmp_path, text) as (process, url, _):
        _, worker, _ = json.loads(get(url)[1])
        assert process.wait(20) == 0
    lines = (tmp_path / "exits").read_text().splitlines()
    assert sorted(lines) == ["program %d" % process.pid, "worker %d" % worker]


def test_in_another_thread_and_again(tmp_path: Path) -> None:
    text = APPLICATION + (
        "for _ in range(2):\n"
        "    server = highball.Server(app, bind='127.0.0.1:0', workers=1, control='off')\n"
        "    thread = threading.Thread(target=server.run)\n"
        "    thread.start()\n"
        "    assert server.wait_until_ready(20)\n"
        "    print(server.addresses[0], 0, flush=True)\n"
        "    sys.stdin.readline()\n"
        "    server.shutdown()\n"
        "    thread.join(20)\n"
        "    assert not thread.is_alive() and threading.active_count() == 1\n"
    )
    path = tmp_path / "program.py"
    path.write_text(text)
    with subprocess.Popen(
        [sys.executable, str(path)], text=True, env=environ(), stdin=-1, stdout=-1
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        for _ in range(2):
            url = process.stdout.readline().split()[0]
            assert json.loads(get(url)[1])[2] == process.pid
            process.stdin.write("\n")
            process.stdin.flush()
        process.stdin.close()
        assert process.wait(20) == 0


def test_a_reload_says_why_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(SERVE)
    with subprocess.Popen(
        [sys.executable, str(path)], text=True, env=environ(), stdout=-1, stderr=-1
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        url, front = process.stdout.readline().split()
        os.kill(int(front), signal.SIGHUP)
        line = process.stderr.readline()
        os.kill(int(front), signal.SIGUSR2)
        second = process.stderr.readline()
        assert get(url)[0] == 200
        process.terminate()
        process.communicate()
    why = "the application was made by the program that serves it: start that program again"
    assert "no reload: " + why in line
    assert why in second


def nothing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    return []


def test_what_is_wrong_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bind = "127.0.0.1:%d" % taken.getsockname()[1]
        cases: list[tuple[dict[str, Any], type[Exception], str]] = [
            ({"bnid": ":1"}, TypeError, 'serve(): unknown setting "bnid": did you mean bind?'),
            ({"workers": "x"}, ValueError, 'serve(): workers: "x" is not a whole number'),
            ({"workers": 0}, ValueError, "serve(): workers"),
            ({"preload": True}, TypeError, "serve(): preload is not for this"),
            ({"user": "root"}, TypeError, "serve(): user is not for this: the workers would stay"),
            ({"bind": bind}, OSError, "address already in use"),
            ({"middleware": "no.such:thing"}, RuntimeError, "there is no module no"),
        ]
        for given, kind, text in cases:
            with pytest.raises(kind) as raised:
                highball.serve(nothing, **{"control": "off", **given})
            assert text in str(raised.value)
    with pytest.raises(TypeError, match="not callable: it is of type str"):
        highball.serve("mysite.wsgi")  # type: ignore[arg-type]


def test_values_of_python_are_settings() -> None:
    from datetime import timedelta

    from highball._settings import texts

    assert texts(
        "serve",
        {
            "bind": [":1", ":2"], "environ": {"A": "1"}, "validate": True, "threads": 3,
            "drain_timeout": timedelta(minutes=1.5), "queue_timeout": 0.25,
            "spool_dir": Path("/x"), "control": None,
        },
    ) == {
        "bind": [":1", ":2"], "environ": ["A=1"], "validate": ["true"], "threads": ["3"],
        "drain_timeout": ["90s"], "queue_timeout": ["0.25s"], "spool_dir": ["/x"],
    }  # fmt: skip
