"""The zygote: what the front tells it."""

import signal
import socket

import pytest
from highball_worker import wire
from highball_worker.zygote import Zygote


# Its other sockets end with the process.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_messages_that_come_together_are_all_obeyed():
    before = signal.getsignal(signal.SIGCHLD)
    ours, theirs = socket.socketpair()
    try:
        with ours, theirs:
            ours.settimeout(10)
            orders = [{"id": n, "name": "nworkers_changed", "new": n} for n in (1, 2, 3)]
            ours.sendall(b"".join(wire.frame(wire.HOOK, wire.dumps(order)) for order in orders))
            ours.shutdown(socket.SHUT_WR)
            assert Zygote(theirs).serve() is None
            theirs.close()
            channel = wire.Channel(ours)
            answers = [channel.receive() for _ in orders]
            assert [answer.value()["id"] for answer in answers] == [1, 2, 3]
            assert {answer.kind for answer in answers} == {wire.HOOKED}
    finally:
        signal.signal(signal.SIGCHLD, before)
