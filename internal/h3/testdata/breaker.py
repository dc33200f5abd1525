"""A client of HTTP/3 that sends what it is told to, byte for byte.

Each line of stdin is a case as JSON: a port, the pieces to send, each on a stream, and what to
wait for. Each line of stdout says what the server did: how it closed the connection, if it did,
and what came on each stream. QUIC is aioquic's; of HTTP/3 this client knows nothing.
"""

from __future__ import annotations

import json
import socket
import ssl
import sys
import time
from typing import Any

from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import (
    ConnectionTerminated,
    HandshakeCompleted,
    QuicEvent,
    StopSendingReceived,
    StreamDataReceived,
    StreamReset,
)


class Client:
    """One connection, and what has come on it."""

    def __init__(self, port: int) -> None:
        configuration = QuicConfiguration(
            is_client=True,
            alpn_protocols=["h3"],
            server_name="h3.test",
            verify_mode=ssl.CERT_NONE,
        )
        self.quic = QuicConnection(configuration=configuration)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = ("127.0.0.1", port)
        self.ready = False
        self.closed: int | None = None
        self.reason = ""
        self.of_application = False
        self.streams: dict[int, dict[str, Any]] = {}
        self.quic.connect(self.address, now=time.time())

    def stream(self, number: int) -> dict[str, Any]:
        empty = {"data": "", "fin": False, "reset": None, "stop": None}
        return self.streams.setdefault(number, empty)

    def note(self, event: QuicEvent) -> None:
        if isinstance(event, HandshakeCompleted):
            self.ready = True
        elif isinstance(event, ConnectionTerminated):
            self.closed = event.error_code
            self.reason = event.reason_phrase
            self.of_application = event.frame_type is None
        elif isinstance(event, StreamDataReceived):
            stream = self.stream(event.stream_id)
            stream["data"] += event.data.hex()
            stream["fin"] = stream["fin"] or event.end_stream
        elif isinstance(event, StreamReset):
            self.stream(event.stream_id)["reset"] = event.error_code
        elif isinstance(event, StopSendingReceived):
            self.stream(event.stream_id)["stop"] = event.error_code

    def flush(self) -> None:
        for datagram, address in self.quic.datagrams_to_send(now=time.time()):
            self.socket.sendto(datagram, address)

    def turn(self, until: float) -> None:
        """Sends what there is, and takes what comes, for a moment."""
        self.flush()
        timer = self.quic.get_timer()
        now = time.time()
        wait = min(until, timer if timer is not None else until) - now
        self.socket.settimeout(max(wait, 0.001))
        try:
            data, address = self.socket.recvfrom(65536)
        except (TimeoutError, socket.timeout):
            self.quic.handle_timer(now=time.time())
        else:
            self.quic.receive_datagram(data, address, now=time.time())
        while (event := self.quic.next_event()) is not None:
            self.note(event)

    def over(self, number: int) -> bool:
        stream = self.streams.get(number)
        return stream is not None and (stream["fin"] or stream["reset"] is not None)

    def result(self) -> dict[str, Any]:
        return {
            "closed": self.closed,
            "reason": self.reason,
            "application": self.of_application,
            "streams": self.streams,
        }


def run(case: dict[str, Any]) -> dict[str, Any]:
    client = Client(case["port"])
    limit = time.time() + 10
    while not client.ready and client.closed is None and time.time() < limit:
        client.turn(limit)
    for step in case["steps"]:
        if client.closed is not None:
            break
        if step.get("await"):
            limit = time.time() + 5
            while not client.over(step["stream"]) and time.time() < limit:
                client.turn(limit)
        elif step.get("reset") is not None:
            client.quic.reset_stream(step["stream"], step["reset"])
        else:
            data = bytes.fromhex(step["data"])
            client.quic.send_stream_data(step["stream"], data, step["fin"])
        client.flush()
    limit = time.time() + case["patience"]
    while client.closed is None and time.time() < limit:
        if case["until"] is not None and client.over(case["until"]):
            break
        client.turn(limit)
    result = client.result()
    client.quic.close()
    client.flush()
    client.socket.close()
    return result


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
