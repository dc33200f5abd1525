"""What is said before a fork, and renewed after it."""

import multiprocessing.util
import os
import random
import socket
import ssl
import threading

import pytest
from highball_worker import preload


@pytest.fixture
def own():
    """The sockets that the test's process has already."""
    return {int(name) for name in os.listdir("/proc/self/fd")}


def test_threads_are_named(own):
    done = threading.Event()
    thread = threading.Thread(target=done.wait, name="refresher", daemon=True)
    thread.start()
    try:
        assert "refresher" in preload.findings(own)["warnings"]
    finally:
        done.set()
        thread.join()
    assert "refresher" not in preload.findings(own)["warnings"]


def test_sockets_are_named_with_their_ends(own):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            local = client.getsockname()[1]
            found = preload.findings(own)["sockets"]
    assert "descriptor %d: 127.0.0.1:%d" % (server.fileno(), port) in found or any(
        entry.endswith("127.0.0.1:%d" % port) for entry in found
    )
    assert any("127.0.0.1:%d -> 127.0.0.1:%d" % (local, port) in entry for entry in found)


def test_own_sockets_and_files_are_not(own, tmp_path):
    ours, theirs = socket.socketpair()
    with ours, theirs, open(tmp_path / "file", "w"):
        known = own | {ours.fileno(), theirs.fileno()}
        assert preload.findings(known)["sockets"] == []
        assert preload.findings(own | {ours.fileno()})["sockets"] == [
            "descriptor %d: a socket without addresses" % theirs.fileno()
        ]


def _in_child(report):
    """What report() returns in a forked child that was renewed."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            preload.renew()
            os.write(writer, repr(report()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as result:
        text = result.read().decode()
    os.waitpid(pid, 0)
    return text


def test_children_do_not_draw_the_same_numbers():
    random.seed(1)
    assert _in_child(random.random) != _in_child(random.random)


def test_children_do_not_draw_the_same_keys():
    preload.prepare()
    ssl.RAND_bytes(8)

    def draw():
        return ssl.RAND_bytes(8)

    assert len({_in_child(draw), _in_child(draw), repr(draw())}) == 3


def test_finalizers_of_the_zygote_do_not_run_in_workers():
    finalizer = multiprocessing.util.Finalize(None, print, exitpriority=1)
    try:
        assert _in_child(lambda: len(multiprocessing.util._finalizer_registry)) == "0"
        assert finalizer.still_active()
    finally:
        finalizer.cancel()
