"""The life of a worker: set up, load the application, serve, end."""

import mmap
import os
from typing import Any, Callable, Optional, TypeVar

from . import deployment, environ, forks, greenlets, lifeline, native, stacks, uwsgi_entry, wire
from .control import Control
from .failure import describe, reason
from .loading import Application, failed, load
from .pipes import Pipes
from .slot import WORDS, Slot
from .zygote import Child, flush

SlotType = TypeVar("SlotType", bound=Slot)


def run(child: Child) -> None:
    control = _take_over(child.fds)
    child.hooks.forked(child.worker, control.log)
    slots: Optional[list[Slot]] = receive_slots(control, child.hooks.slots(child.worker))
    if slots is None:
        os._exit(0)
    uwsgi_entry.become(child.number, slots)
    application = _start(child)
    if child.config.get("files"):
        _tell_files(application, control)
    if application.failure is not None:
        control.send(wire.FAILED, application.failure)
        return
    if application.tracer is not None:
        application.tracer.connect(control.send)
    checks = _begin_checks(child)
    for slot in slots:
        slot.development = application.development
    base = {**environ.base(child.config), **uwsgi_entry.environ()}
    report = application.report()
    report["dump"] = stacks.dump_on_signal(2)
    report["interrupts"] = child.hooks.has("worker_int") or child.hooks.has("worker_exit")
    try:  # before it counts as ready: a worker without its threads must not replace another
        control.start(slots, child.hooks, child.worker)
        greenlets.join(slots[0])
        threads = _start_threads(slots, application.serve, base, control)
    except (RuntimeError, MemoryError) as exc:
        control.send(wire.FAILED, _unstartable(exc))
        return
    control.send(wire.READY, report)
    if checks is not None:
        checks.report(control.log)
    _serve_slot(slots[0], application.serve, uwsgi_entry.numbered(base, 0), control)
    for wait in threads:
        wait()
    if checks is not None:
        checks.end()
    child.worker.alive = False
    control.exit()
    _at_exit(control)
    flush()


def _take_over(fds: list[int]) -> Control:
    """fds: the control socket, the lifeline, stdout and stderr, as the front made them."""
    sock = native.make_socket(fileno=fds[0])
    lifeline.arm(fds[1])
    os.dup2(fds[2], 1)
    os.dup2(fds[3], 2)
    os.close(fds[2])
    os.close(fds[3])
    forks.guard(sock)
    return Control(sock)


def _start(child: Child) -> Application:
    """The application, after the hooks that come before and after it is loaded."""
    failure = child.hooks.require("post_fork", worker=child.worker)
    if failure is not None:
        return failed(failure)
    application = child.application or load(child.config)
    if application.failure is None:
        application.failure = _call_post_fork_hook()
    if application.failure is None:
        application.failure = child.hooks.loaded(child.worker, application.serve)
    return application


def _call_post_fork_hook() -> Optional[dict[str, Any]]:
    """uWSGI's way to say it, in the module of its name."""
    try:
        uwsgi_entry.call("post_fork_hook")
    except BaseException as exc:
        return reason(exc, "uwsgi.post_fork_hook failed")
    return None


def _at_exit(control: Control) -> None:
    try:
        uwsgi_entry.call("atexit")
    except BaseException as exc:
        control.log("error", "uwsgi.atexit failed\n" + describe(exc))


def _begin_checks(child: Child) -> Optional[deployment.Checks]:
    """Of the first worker alone, and before it has threads."""
    if child.config["deploy_checks"] and child.worker.age == 1:
        return deployment.begin(child.fds[1])
    return None


def _tell_files(application: Application, control: Control) -> None:
    """Before anything else is said: what is broken is mended in one of them."""
    from .files_in_use import FilesInUse

    files = FilesInUse(lambda paths: control.send(wire.FILES, [wire.text(path) for path in paths]))
    files.tell(application.raised)
    if application.failure is None:
        files.follow()


def _start_threads(
    slots: list[Slot], application: Callable[..., Any], base: dict[str, Any], control: Control
) -> list[Callable[[], Any]]:
    """Slot 0 is the main thread: applications call signal.signal, which others may not."""
    return [
        native.thread(
            f"highball-slot-{number}",
            _serve_beside,
            slot,
            application,
            uwsgi_entry.numbered(base, number),
            control,
        )
        for number, slot in enumerate(slots[1:], 1)
    ]


def _unstartable(exc: Exception) -> dict[str, Any]:
    return {
        "message": "the worker's threads cannot be started: %s" % exc,
        "tried": [],
        "hint": "allow it more processes (TasksMax of systemd, ulimit -u) or memory, "
        "or set fewer --threads",
        "traceback": "",
    }


def _serve_beside(slot: Slot, *given: Any) -> None:
    greenlets.join(slot)
    _serve_slot(slot, *given)


def _serve_slot(
    slot: Slot, application: Callable[..., Any], base: dict[str, Any], control: Control
) -> None:
    try:
        slot.serve(application, base)
    except OSError:
        pass  # the front closed the pipe
    except BaseException as exc:
        if not isinstance(exc, wire.WireError):
            control.log("error", "a slot failed, its process ends\n" + describe(exc))
        flush()
        os._exit(70)


def receive_slots(control: Control, make: Callable[..., SlotType]) -> Optional[list[SlotType]]:
    """Nothing if the front has gone meanwhile."""
    setup = control.channel.receive()
    if setup is None:
        return None
    count = wire.options(setup.value())["slots"]
    words = memoryview(mmap.mmap(setup.fds[0], 0)).cast("I")[: WORDS * count]
    os.close(setup.fds[0])
    slots: list[SlotType] = []
    for index in range(count):
        message = control.channel.receive()
        if message is None:
            return None
        pipes = Pipes(*message.fds[:2])
        lane = native.make_socket(fileno=message.fds[2])
        forks.guard(pipes, lane)
        slots.append(make(pipes, lane, words, index, control.log))
    return slots
