"""The control socket of a worker: its thread, and what the worker tells the front."""

import os
import socket
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import native, stacks, wire
from .haste import Haste

if TYPE_CHECKING:
    from .hooks import Hooks
    from .slot import Slot


class Control:
    """Messages to and from the front beside the slots."""

    def __init__(self, sock: socket.socket) -> None:
        self.channel = wire.Channel(sock)
        self._lock = native.allocate_lock()
        self._slots: Sequence[Slot] = ()
        self._exited = False

    def send(self, kind: int, value: Any) -> None:
        with self._lock:
            self.channel.send(kind, value)

    def log(self, kind: str, text: str, request_id: str = "") -> None:
        """kind: "errors" (a line of wsgi.errors), or the level of a remark of ours or a hook's."""
        try:
            self.send(wire.LOG, (kind, wire.text(text), request_id))
        except OSError:
            pass  # the front is going, and this process with it

    def start(self, slots: "Sequence[Slot]", hooks: "Hooks", worker: Any) -> None:
        self._slots, self._hooks, self._worker = slots, hooks, worker
        self.join = native.thread("highball-control", self._run)

    def _run(self) -> None:
        haste = Haste(self.channel)
        try:
            self._obey_all(haste)
        except (wire.WireError, OSError):
            self._lost()
        finally:
            haste.end()

    def _obey_all(self, haste: Haste) -> None:
        """Until the front closes the socket: then those of the slots end the process."""
        while True:
            haste.rest()
            message = self.channel.receive()
            if message is None:
                return
            haste.begin()
            self._obey(message.kind, message)

    def _lost(self) -> None:
        """Nobody is there any more for whom this process is."""
        os._exit(70)

    def _obey(self, kind: int, message: wire.Message) -> None:
        if kind == wire.STACKS:
            question = wire.options(message.value())
            found = stacks.of_all() if "slot" not in question else self._stack(question["slot"])
            self.send(wire.STACKED, {"id": question["id"], "stacks": found})
        elif kind == wire.INTERRUPT:
            order = wire.options(message.value())
            will_be = self._slots[order["slot"]].interruption.interrupt(
                order["number"], order["milliseconds"] / 1000, order["request"]
            )
            self.send(wire.INTERRUPTED, {"id": order["id"], "raised": will_be})
        elif kind == wire.GIVE_UP:
            self._last("worker_abort", wire.GIVEN_UP, wire.options(message.value())["id"])
        elif kind == wire.HOOK:
            self._last("worker_int", wire.HOOKED, wire.options(message.value())["id"])

    def _last(self, hook: str, answer: int, identifier: int) -> None:
        """Calls a hook that comes before this process is killed: once, and in a thread of
        its own, since what hangs there must not make this one mute."""
        first, self._worker.alive = self._worker.alive, False

        def run() -> None:
            if first:
                self._hooks.notify(hook, worker=self._worker)
                if hook == "worker_int":
                    self.exit()
            try:
                self.send(answer, {"id": identifier})
            except OSError:
                pass  # the front is going

        has = self._hooks.has
        if first and (has(hook) or (hook == "worker_int" and has("worker_exit"))):
            native.thread("highball-hook", run)
        else:
            run()

    def exit(self) -> None:
        """Calls worker_exit, once."""
        if not self._exited:
            self._exited = True
            self._hooks.notify("worker_exit", worker=self._worker)

    def _stack(self, slot: int) -> list[Any]:
        thread = self._slots[slot].thread
        frame = sys._current_frames().get(thread)
        return [] if frame is None else [(thread, "slot %d" % slot, stacks.below_ours(frame))]
