"""Threads change more often while the front asks, and as before when it does not."""

import socket
import sys

from highball_worker import wire
from highball_worker.haste import INTERVAL, Haste


def test_haste_ends_when_no_question_comes():
    ours, theirs = socket.socketpair()
    before = sys.getswitchinterval()
    with ours, theirs:
        haste = Haste(wire.Channel(ours))
        haste.rest()
        haste.begin()
        haste.begin()
        hasty = sys.getswitchinterval()
        wire.Channel(theirs).send(wire.STACKS, {})
        haste.rest()
        with_a_question = sys.getswitchinterval()
        assert ours.recv(1000)
        haste.rest()
    assert hasty == with_a_question
    assert abs(hasty - INTERVAL) < 1e-6
    assert sys.getswitchinterval() == before


def test_a_question_that_was_read_ahead_is_not_waited_for():
    ours, theirs = socket.socketpair()
    before = sys.getswitchinterval()
    with ours, theirs:
        channel = wire.Channel(ours)
        haste = Haste(channel)
        for _ in range(2):
            wire.Channel(theirs).send(wire.STACKS, {})
        assert channel.receive()
        assert channel.pending
        haste.begin()
        haste.rest()
        assert abs(sys.getswitchinterval() - INTERVAL) < 1e-6
        assert channel.receive()
        haste.rest()
    assert sys.getswitchinterval() == before
