"""make_server(): what wsgiref's server does, this one does."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler
from wsgiref.simple_server import WSGIServer as StandardServer

import highball
import pytest
from highball._wsgi_server import WSGIServer
from programs import eventually, get, is_alive


def here(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d %s" % (os.getpid(), threading.current_thread().name.encode())]


@contextlib.contextmanager
def serving(app: Any, **settings: Any) -> Iterator[tuple[WSGIServer, str]]:
    with highball.make_server("127.0.0.1", 0, app, **settings) as server:
        thread = threading.Thread(target=server.serve_forever, name="serving")
        thread.start()
        try:
            yield server, "http://127.0.0.1:%d/" % server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_the_application_runs_in_the_thread_that_serves() -> None:
    with serving(here) as (_, url):
        assert get(url) == (200, "%d serving" % os.getpid())


def test_more_threads_serve_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=20)

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        together.wait()
        return here(environ, start_response)

    answers: list[tuple[int, str]] = []
    with serving(app, threads=3) as (_, url):
        clients = [threading.Thread(target=lambda: answers.append(get(url))) for _ in range(3)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    assert sorted(text.split()[1] for _, text in answers) == [
        "highball-slot-1", "highball-slot-2", "serving",
    ]  # fmt: skip


def test_it_has_what_wsgiref_s_server_has() -> None:
    with highball.make_server("127.0.0.1", 0, here) as server:
        assert server.server_address == ("127.0.0.1", server.server_port)
        assert server.server_name == socket.getfqdn("127.0.0.1")
        assert server.fileno() == server.socket.fileno()
        assert server.get_app() is here
        server.set_app(None)
        assert server.get_app() is None


def test_handle_request_serves_one() -> None:
    with highball.make_server("127.0.0.1", 0, here, threads=2) as server:
        url = "http://127.0.0.1:%d/" % server.server_port
        for _ in range(2):
            answer: list[tuple[int, str]] = []
            client = threading.Thread(target=lambda to=answer: to.append(get(url)))
            client.start()
            server.handle_request()
            client.join()
            assert answer == [(200, "%d MainThread" % os.getpid())]


def test_handle_request_has_a_timeout() -> None:
    late: list[bool] = []

    class Impatient(WSGIServer):
        timeout = 0.05

        def handle_timeout(self) -> None:
            late.append(True)

    with highball.make_server("127.0.0.1", 0, here, Impatient) as server:
        server.handle_request()
    assert late == [True]


def test_requests_wait_until_they_are_served() -> None:
    with highball.make_server("127.0.0.1", 0, here) as server:
        answer: list[tuple[int, str]] = []
        url = "http://127.0.0.1:%d/" % server.server_port
        client = threading.Thread(target=lambda: answer.append(get(url)))
        client.start()
        server.handle_request()
        client.join()
    assert answer[0][0] == 200


def test_two_at_the_same_time_and_one_after_the_other() -> None:
    for _ in range(2):
        with serving(here) as (_, one), serving(here, threads=2) as (_, other):
            assert get(one)[0] == get(other)[0] == 200


def test_a_server_leaves_nothing_behind() -> None:
    with serving(here, threads=3):
        pass
    threads, files = threading.active_count(), len(os.listdir("/proc/self/fd"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with serving(here, threads=3) as (server, url):
            get(url)
            front = server._front.process.pid
    assert not is_alive(front)
    assert (threading.active_count(), len(os.listdir("/proc/self/fd"))) == (threads, files)


def test_an_idle_connection_does_not_hold_the_end_up() -> None:
    with serving(here) as (server, _):
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
        connection.request("GET", "/")
        connection.getresponse().read()
        began = time.monotonic()
    assert time.monotonic() - began < 0.9, "the front waits a second for it elsewhere"
    connection.close()


def test_what_nobody_serves_ends_with_the_server() -> None:
    server = highball.make_server("127.0.0.1", 0, here)
    ended = threading.Event()

    def ask() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            get("http://127.0.0.1:%d/" % server.server_port)
        ended.set()

    threading.Thread(target=ask).start()
    server.server_close()
    assert ended.wait(20)


def test_an_exception_is_a_response_and_the_server_goes_on(capfd: Any) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/fails":
            raise ZeroDivisionError("on purpose")
        return here(environ, start_response)

    with serving(app) as (_, url):
        assert get(url + "fails")[0] == 500
        assert get(url)[0] == 200
    assert "ZeroDivisionError: on purpose" in capfd.readouterr().err


def test_the_front_dies() -> None:
    server = highball.make_server("127.0.0.1", 0, here)
    server._front.process.kill()
    with pytest.raises(RuntimeError, match="highball ended while it was needed: signal 9"):
        server.serve_forever()
    with pytest.raises(RuntimeError, match="signal 9"):
        server.handle_request()
    server.server_close()
    server.server_close()
    with pytest.raises(ValueError, match="closed"):
        server.serve_forever()


def test_the_front_dies_in_a_request() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        server._front.process.kill()
        server._front.process.wait()
        return here(environ, start_response)

    server = highball.make_server("127.0.0.1", 0, app)

    def ask() -> None:
        with pytest.raises((OSError, http.client.HTTPException)):
            get("http://127.0.0.1:%d/" % server.server_port)

    client = threading.Thread(target=ask)
    client.start()
    with pytest.raises(RuntimeError, match="signal 9"):
        server.serve_forever()
    client.join()
    server.server_close()


def test_ctrl_c_in_the_application_ends_serve_forever() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        signal.raise_signal(signal.SIGINT)
        return here(environ, start_response)

    with highball.make_server("127.0.0.1", 0, app) as server:
        client = threading.Thread(target=get, args=("http://127.0.0.1:%d/" % server.server_port,))
        client.start()
        with pytest.raises(KeyboardInterrupt):
            server.serve_forever()
        client.join()


def test_a_request_timeout_is_raised_in_the_application_s_thread() -> None:
    raised: list[str] = []
    interval = sys.getswitchinterval()

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        end = time.monotonic() + (20 if environ["PATH_INFO"] == "/long" else 0)
        try:
            while time.monotonic() < end:
                pass
        except highball.RequestTimeout:
            raised.append(threading.current_thread().name)
            raise
        return here(environ, start_response)

    with highball.make_server("127.0.0.1", 0, app, request_timeout=0.3) as server:
        url = "http://127.0.0.1:%d/" % server.server_port
        client = threading.Thread(target=get, args=(url,))
        client.start()
        server.handle_request()  # the slot's thread is this one, and then another
        client.join()
        thread = threading.Thread(target=server.serve_forever, name="other")
        thread.start()
        assert get(url + "long")[0] == 504
        assert get(url) == (200, "%d other" % os.getpid())
        server.shutdown()
        thread.join()
    assert raised == ["other"]
    assert sys.getswitchinterval() == interval, "the threads change more often than before"


def test_children_of_the_application_do_not_hold_the_server_open() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        pid = os.fork()
        if pid == 0:
            signal.pause()
            os._exit(1)
        children.append(pid)
        return here(environ, start_response)

    children: list[int] = []
    with serving(app) as (_, url):
        get(url)
        began = time.monotonic()
    assert time.monotonic() - began < 0.9
    os.kill(children[0], signal.SIGKILL)
    os.waitpid(children[0], 0)


def test_what_is_wrong_is_told_at_once() -> None:
    make = highball.make_server
    for given, kind, text in [
        ({"thredas": 1}, TypeError, 'unknown setting "thredas": did you mean threads?'),
        ({"threads": "x"}, ValueError, 'make_server(): threads: "x" is not a whole number'),
        ({"threads": [1, 2]}, TypeError, "make_server(): threads takes one value, not a list of 2"),
        ({"max_body": object()}, TypeError, "make_server(): max-body: a value of type object"),
        ({"workers": 2}, TypeError, "make_server(): workers is what the call itself says"),
        ({"python": "x"}, TypeError, "make_server(): python is not for this"),
        ({"max_requests": 2}, ValueError, "replace a worker"),
        ({"middleware": "no.such:thing"}, RuntimeError, "there is no module no"),
        ({"hooks": "some"}, RuntimeError, "hooks are for workers that are forked"),
        ({"server_class": StandardServer}, TypeError, "want none, or a subclass"),
        ({"handler_class": int}, TypeError, "it is no handler of wsgiref's"),
    ]:  # fmt: skip
        with pytest.raises(kind) as raised:
            make("127.0.0.1", 0, here, **given)  # type: ignore[arg-type]
        assert text in str(raised.value)
    server = make("127.0.0.1", 0, here, handler_class=WSGIRequestHandler)
    with server, pytest.raises(OSError, match="in use"):
        make("127.0.0.1", server.server_port, here)


def test_the_environment_is_for_another_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIGHBALL_WORKERS", "7")
    monkeypatch.setenv("HIGHBALL_NONSENSE", "7")
    with serving(here) as (_, url):
        assert get(url)[0] == 200


def test_the_front_ends_with_this_process(tmp_path: Any) -> None:
    from programs import program

    text = (
        "import highball, time\n"
        "server = highball.make_server('127.0.0.1', 0, print)\n"
        "print(server._front.process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with program(text, cwd=tmp_path, python=sys.executable) as process:
        assert process.stdout is not None
        front = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        process.wait()
    eventually(lambda: not is_alive(front), "the front has outlived the program")
