"""Frames, and the vectors that the Go tests read as well."""

from __future__ import annotations

import importlib.util
import os
import re
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from highball_worker import wire

TESTDATA = Path(__file__).resolve().parents[2] / "wire" / "testdata"


def checker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_vectors", TESTDATA / "check_vectors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CHECK = checker()
VECTORS = CHECK.load()


def named(section: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", VECTORS[section], ids=lambda vector: vector["name"])


@named("values")
def test_values(vector: Any) -> None:
    assert CHECK.value_failures(vector) == []
    assert wire.dumps(CHECK.build(vector["value"])).hex() == vector["python"]


@named("refused")
def test_refused(vector: Any) -> None:
    assert CHECK.refused_failures(vector) == []


@named("frames")
def test_frames(vector: Any) -> None:
    fields = [vector[key] for key in ("length", "number", "type", "flags", "fds")]
    assert wire.HEADER.pack(*fields).hex() == vector["hex"]
    assert list(wire.HEADER.unpack(bytes.fromhex(vector["hex"]))) == fields


def test_header_is_the_same_everywhere() -> None:
    assert wire.HEADER_SIZE == 12
    assert (
        wire.frame(wire.BLOCK, b"ab", 3, wire.END) == struct.pack("<IIBBH", 2, 3, 17, 1, 0) + b"ab"
    )


def test_names_and_numbers_are_those_of_the_document() -> None:
    """Where internal/wire's tests find those of frame.go."""
    document = (TESTDATA.parent / "PROTOCOL.md").read_text("utf-8")
    types = re.findall(r"^\| (\d+) \| ([A-Z][a-z]+) \|", document, re.MULTILINE)
    flags = re.findall(r"^\| ([A-Z]+) \| (\d+) \|", document, re.MULTILINE)
    assert len(types) == 27
    assert len(flags) == 6
    for number, name in types + [(value, flag) for flag, value in flags]:
        assert getattr(wire, name.upper()) == int(number), name


def test_text_has_no_lone_surrogates() -> None:
    assert wire.text("a\udc80\ud800b") == "a\\udc80\\ud800b"
    assert wire.text("caf\xe9 \U0001f943") == "caf\xe9 \U0001f943"


@pytest.fixture
def pair() -> Iterator[tuple[wire.Channel, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(10)
        yield wire.Channel(ours), theirs


def test_channel_takes_messages_apart(pair: tuple[wire.Channel, socket.socket]) -> None:
    channel, front = pair
    sent = [wire.frame(wire.FORK, wire.dumps({"n": n, "pad": "x" * 5000 * n})) for n in range(4)]
    front.sendall(b"".join(sent))
    for n in range(4):
        message = channel.receive()
        assert message is not None
        assert (message.kind, message.value()["n"], message.fds) == (wire.FORK, n, [])


def test_channel_takes_descriptors_with_their_frame(
    pair: tuple[wire.Channel, socket.socket],
) -> None:
    channel, front = pair
    reading, writing = os.pipe()
    plain = wire.frame(wire.STACKS, wire.dumps(None))
    with_fds = wire.frame(wire.SLOT, wire.dumps(1), fds=2)
    front.sendall(plain)
    socket.send_fds(front, [with_fds + plain], [reading, writing])
    os.close(reading)
    os.close(writing)
    assert [message.fds for message in (channel.receive(),) if message] == [[]]
    message = channel.receive()
    assert message is not None
    assert len(message.fds) == 2
    assert not any(os.get_inheritable(fd) for fd in message.fds)
    for fd in message.fds:
        os.close(fd)
    last = channel.receive()
    assert last is not None
    assert last.fds == []


def test_channel_ends(pair: tuple[wire.Channel, socket.socket]) -> None:
    channel, front = pair
    front.close()
    assert channel.receive() is None


@pytest.mark.parametrize(
    "sent",
    [
        wire.frame(wire.FORK, b"abc")[:-1],
        wire.frame(wire.FORK, b"abc")[:5],
        wire.HEADER.pack(wire.MAX_MESSAGE + 1, 0, wire.FORK, 0, 0),
        wire.HEADER.pack(0, 0, wire.FORK, 0, wire.MAX_FDS + 1),
        wire.HEADER.pack(0, 0, wire.FORK, 0, 1),  # without the descriptor
    ],
    ids=["payload cut", "header cut", "too long", "too many descriptors", "descriptor missing"],
)
def test_channel_refuses(pair: tuple[wire.Channel, socket.socket], sent: bytes) -> None:
    channel, front = pair
    front.sendall(sent)
    front.close()
    with pytest.raises(wire.WireError):
        channel.receive()


def test_an_application_does_not_catch_a_wire_error() -> None:
    assert not issubclass(wire.WireError, Exception)
