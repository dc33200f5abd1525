"""The zygote: what the front tells it."""

import signal
import socket
import threading

import pytest
from highball_worker import wire
from highball_worker.zygote import Zygote


# Its other sockets end with the process.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_messages_that_come_together_are_all_obeyed():
    """Each before the front says anything more."""
    before = signal.getsignal(signal.SIGCHLD)
    ours, theirs = socket.socketpair()
    answers = []

    def front():
        channel = wire.Channel(ours)
        try:
            answers.extend(channel.receive().value()["id"] for _ in range(3))
        except OSError:
            pass  # none within the time
        ours.shutdown(socket.SHUT_WR)

    try:
        with ours, theirs:
            ours.settimeout(5)
            orders = [{"id": n, "name": "nworkers_changed", "new": n} for n in (1, 2, 3)]
            ours.sendall(b"".join(wire.frame(wire.HOOK, wire.dumps(order)) for order in orders))
            thread = threading.Thread(target=front)
            thread.start()
            assert Zygote(theirs).serve() is None
            thread.join()
            assert answers == [1, 2, 3]
    finally:
        signal.signal(signal.SIGCHLD, before)
