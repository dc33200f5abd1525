"""The binary as a child of this process, which serves what this process has made."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any, Callable, Optional

from . import _binary, _bundle
from ._settings import texts

_loading = threading.Lock()  # of the code of a worker


class Front:
    """Started by its constructor; `command` is our end of the socket that it commands by."""

    def __init__(
        self,
        caller: str,
        settings: Mapping[str, Any],
        *,
        in_threads: bool,
        listening: Optional[socket.socket] = None,
        environ: Optional[Mapping[str, str]] = None,
    ) -> None:
        self.addresses: list[str] = []
        self.asked = False  # to end
        self._told = b""
        binary = _binary.find()
        given = texts(caller, settings)
        with _loading:
            loaded = _bundle.is_loaded()
            self.command, theirs = socket.socketpair()
            self._report, report = os.pipe()
            code, bundle = (0, 0) if loaded else os.pipe()
            pass_fds = [theirs.fileno(), report] + ([] if loaded else [bundle])
            if listening is not None:
                pass_fds.append(listening.fileno())
                given["bind"] = ["fd://%d" % listening.fileno()]
            try:
                self.process = subprocess.Popen(
                    [binary, "attach"], stdin=subprocess.PIPE, pass_fds=pass_fds, env=environ,
                    start_new_session=True,  # Ctrl-C is for us, and we tell the front
                )  # fmt: skip
            except BaseException:
                self.command.close()
                os.close(self._report)
                if not loaded:
                    os.close(code)
                raise
            finally:
                theirs.close()
                os.close(report)
                if not loaded:
                    os.close(bundle)
            self._say(
                {
                    "caller": caller, "settings": given, "in_threads": in_threads,
                    "pid": os.getpid(), "python": sys.executable or "python3",
                    "command": pass_fds[0], "report": pass_fds[1],
                    "bundle": 0 if loaded else pass_fds[2],
                }
            )  # fmt: skip
            if not loaded:
                _bundle.load(code)
        if not _bundle.is_loaded():
            self.fail()

    def _say(self, what: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        try:
            with self.process.stdin as stdin:
                stdin.write(json.dumps(what).encode())
        except BrokenPipeError:
            pass  # it has ended, and fail() tells why

    @property
    def report_fd(self) -> int:
        return self._report

    def read_report(self) -> bool:
        """Takes what there is of the report; False when there is no more to come."""
        data = os.read(self._report, 65536)
        self._told += data
        if data:
            return True
        self._finish_report()
        return False

    def await_report(self) -> None:
        """Returns when the front listens, and raises what the front has failed by."""
        while self._report >= 0 and self.read_report():
            pass
        if not self.addresses:
            self.fail()

    def _finish_report(self) -> None:
        os.close(self._report)
        self._report = -1
        if self._told:
            self.told = json.loads(self._told)
            self.addresses = self.told.get("addresses") or []

    told: Mapping[str, Any] = {}

    def raise_told(self) -> None:
        """Raises what the front has said that it failed by."""
        text = self.told.get("error")
        if not text:
            return
        kind = self.told.get("kind")
        if kind == "type":
            raise TypeError(text)
        if kind == "value":
            raise ValueError(text)
        if kind == "os":
            raise OSError(self.told["errno"], text)
        raise RuntimeError(text)

    def fail(self) -> None:
        """The front has ended, or is about to: raises why."""
        self.close()
        self.raise_told()
        raise RuntimeError("highball ended unexpectedly: %s" % describe(self.process.returncode))

    def ask_to_end(self) -> None:
        """As a signal does: the first lets requests finish, a second does not."""
        self.asked = True
        try:
            self.process.send_signal(signal.SIGTERM)
        except ProcessLookupError:
            pass

    def close(self, patience: Optional[float] = None) -> None:
        """Returns when the process has ended, which it is made to after patience."""
        self.command.close()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        while self._report >= 0 and self.read_report():
            pass


def describe(status: int) -> str:
    return "signal %d" % -status if status < 0 else "exit code %d, see the log" % status


# How waitress, wsgiref and a framework name what they serve.
Application = Callable[..., Any]


def name_of(application: Application) -> str:
    kind = type(application)
    module = getattr(application, "__module__", None) or kind.__module__
    name = getattr(application, "__qualname__", None) or kind.__qualname__
    return "%s.%s" % (module, name)
