"""`highball check`: runs the probes, without a socket, and tells the front what they show.

Imported late: all of the standard library that it needs is loaded by then.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from . import environ, forks, lifeline, wire
from .findings import NOTE, Findings
from .lint import Lint
from .loading import load
from .probe_server import Outcome, exchange, streams
from .probes import FORM, PROBES, Probe
from .rules import Layer, LayerRules
from .spy import Spy, Watch
from .where import place_of_thread

Tell = Callable[[dict[str, Any]], None]


class Checker:
    """All probes on one application."""

    def __init__(self, tell: Tell) -> None:
        self.findings = Findings()
        self.lint = Lint(self.findings)
        self.linting = False
        self.method = "GET"
        self._tell = tell
        self._layers: list[Layer] = []
        self._calls: list[LayerRules] = []

    def around(self, application: Callable[..., Any], label: str) -> Callable[..., Any]:
        layer = Layer(label, application)
        if self._layers:
            self._layers[-1].outer = layer
        self._layers.append(layer)
        return _Checked(application, lambda: self._watch(layer), self)

    def _watch(self, layer: Layer) -> Watch:
        rules = LayerRules(layer, self.findings, self.method)
        self._calls.append(rules)
        return rules

    def run(self, application: Callable[..., Any], config: dict[str, Any]) -> None:
        timeout = config["request_timeout_ms"] / 1000
        for probe in PROBES:
            self._tell({"event": "probe", "name": probe.name})
            self.findings.begin(probe.name, probe.only_notes)
            timer = threading.Timer(timeout, self._hangs, [threading.get_ident(), timeout])
            timer.daemon = True
            if timeout:
                timer.start()
            self.probe(application, probe, config)
            timer.cancel()
            self._report()
        self._tell({"event": "end", "probes": len(PROBES)})

    def probe(self, application: Callable[..., Any], probe: Probe, config: dict[str, Any]) -> None:
        """Once by our own rules, and once inside wsgiref's validator."""
        self.method = probe.method
        self.linting = False
        self._calls.clear()
        outcomes = [self._exchange(application, probe, config) for _ in range(probe.times)]
        for call in self._calls:
            call.finish()
        self._look_at(outcomes)
        self.linting = True
        inner = self._layers[0]
        again = partial(self._exchange, application, probe, config)
        self.lint.run(again, inner.where, inner.label)

    def _exchange(
        self, application: Callable[..., Any], probe: Probe, config: dict[str, Any]
    ) -> Outcome:
        request = make_environ(probe, config)
        strict = not probe.terminated and not self.linting
        request.update(streams(self.findings, probe.body or b"", strict, self._layers[0].label))
        if probe.most is None:
            return exchange(application, request)
        return exchange(application, request, probe.most)

    def _look_at(self, outcomes: list[Outcome]) -> None:
        first, last = outcomes[0], outcomes[-1]
        if first.status[:1] == "5" and not first.error:
            outer = self._layers[-1]
            problem = f"it answers {first.status!r}"
            self.findings.add("server-error", problem, "", outer.label, level=NOTE)
        if first.error or last.error or first.status != last.status:
            return
        if first.size and not last.size:
            inner = self._layers[0]
            problem = f"the first call gives {first.size} bytes, the next one none"
            self.findings.add("again", problem, inner.where, inner.label)

    def _report(self) -> None:
        for finding in self.findings.changed():
            self._tell({"event": "finding", **finding})

    def _hangs(self, thread: int, timeout: float) -> None:
        """In a thread of its own: says where the probe is, and ends the process."""
        inner = self._layers[0]
        where = place_of_thread(thread) or inner.where
        self.findings.add("hang", f"no answer within {timeout:g} s", where, inner.label)
        self._report()
        self._tell({"event": "end", "probes": len(PROBES), "left_at": self.findings.probe})
        os._exit(0)


class _Checked(Spy):
    """A layer that is watched by our rules, or runs in wsgiref's validator."""

    def __init__(self, application: Any, watch: Callable[[], Watch], checker: Checker) -> None:
        super().__init__(application, watch)
        self._checker = checker

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._checker.linting:
            return self._checker.lint.call(self._application, args, kwargs)
        return super().__call__(*args, **kwargs)


def make_environ(probe: Probe, config: dict[str, Any]) -> dict[str, Any]:
    """As Highball makes it, with the probe's oddities."""
    prefix = config["script_name"]
    target = prefix + (probe.path or ("" if prefix else "/"))
    made: dict[str, Any] = {
        "REQUEST_METHOD": probe.method,
        "SCRIPT_NAME": prefix,
        "PATH_INFO": probe.path,
        "QUERY_STRING": probe.query,
        "REQUEST_URI": target,
        "RAW_URI": target,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "50000",
        "HTTP_HOST": "localhost:8000",
        "HTTP_USER_AGENT": "highball-check",
        "HTTP_ACCEPT": "*/*",
        "wsgi.url_scheme": "http",
        "wsgi.early_hints": lambda headers: None,
        "highball.request_id": "check",
        "highball.queue_time": 0.0,
        **environ.base(config),
    }
    if not probe.terminated:
        del made["wsgi.input_terminated"]
        if probe.body is not None:
            made["CONTENT_LENGTH"] = str(len(probe.body))
    if probe.body:
        made["CONTENT_TYPE"] = FORM
    made.update(probe.environ)
    for key in probe.without:
        if key != "SCRIPT_NAME" or not prefix:
            made.pop(key, None)
    return made


def main(command_fd: int, lifeline_fd: int) -> None:
    lifeline.arm(lifeline_fd)
    os.set_inheritable(command_fd, False)
    sock = socket.socket(fileno=command_fd)
    forks.guard(sock)
    channel = wire.Channel(sock)
    message = channel.receive()
    if message is None:
        return
    config = wire.options(message.value())
    checker = Checker(lambda event: channel.send(wire.TRACE, event))
    application = load(config, checker.around)
    if application.failure is not None:
        channel.send(wire.FAILED, application.failure)
        return
    channel.send(wire.READY, application.report())
    if not config.get("load_only"):
        checker.run(application.serve, config)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # without waiting for threads that the application left
