"""How long a request keeps its thread busy, on clocks that a test moves and on real ones."""

from __future__ import annotations

import importlib.util
import sys
import time
from array import array
from types import ModuleType
from typing import Any

import pytest
from highball_worker import meter
from highball_worker.slot import WORDS

LONGEST = 65535
BEGUN, LEFT, DONE, ASKED = range(WORDS)


class Machine:
    """What a thread does, in microseconds, as its clocks show it."""

    def __init__(self, patch: pytest.MonkeyPatch, module: ModuleType = meter) -> None:
        self.wall = self.cpu = self.waits = 0
        patch.setattr(module, "monotonic_ns", lambda: self.wall)
        patch.setattr(module, "thread_time_ns", lambda: self.cpu)
        if module is meter:  # as on Linux, wherever the test runs
            patch.setattr(module, "_waits", lambda: self.waits)
            patch.setattr(module, "_TELLS", True)

    def runs(self, us: int) -> None:
        self.cpu += us * 1000
        self.wall += us * 1000

    def is_preempted(self, us: int) -> None:
        self.wall += us * 1000

    def sleeps(self, us: int) -> None:
        self.wall += us * 1000
        self.waits += 1


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def shared(slots: int, begun: int = 0, done: int = 0) -> memoryview[int]:
    """The words of a process; begun and done are those of slot 0."""
    words = memoryview(array("I", [0] * (WORDS * slots)))
    words[BEGUN], words[DONE] = begun, done
    return words


def about(us: int) -> Any:
    return pytest.approx(us, abs=1)


# Made-up clocks.


def test_the_cpu_time_counts(machine: Machine) -> None:
    machine.runs(7000)
    machine.sleeps(7000)  # before the request
    meant = meter.Meter(shared(1), 0)
    machine.runs(300)
    machine.is_preempted(50000)
    machine.runs(200)
    assert meant.took() == about(500)
    assert not meant.doubtful


def test_of_a_thread_that_waits_all_time_counts(machine: Machine) -> None:
    machine.sleeps(7000)
    meant = meter.Meter(shared(1), 0)
    machine.runs(300)
    machine.sleeps(4000)
    assert meant.took() == about(4300)
    assert not meant.doubtful


OTHERS = {  # begun and done of another slot: at the start, at the end
    "idle": ((5, 5), (5, 5), False),
    "never used": ((0, 0), (0, 0), False),
    "runs all the time": ((5, 4), (5, 4), True),
    "begins": ((5, 5), (6, 5), True),
    "begins and ends": ((5, 5), (6, 6), True),
    "ends": ((5, 4), (5, 5), True),
    "ends, and begins the next": ((5, 4), (6, 5), True),
}


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("other", OTHERS)
def test_a_wait_beside_other_requests_says_little(machine: Machine, other: str, place: int) -> None:
    before, after, crowded = OTHERS[other]
    words = shared(3)
    mine, theirs = (place + 1) % 3, WORDS * place
    words[WORDS * mine + BEGUN] = 9  # of its own words none counts
    words[theirs + BEGUN], words[theirs + DONE] = before
    meant = meter.Meter(words, mine)
    machine.runs(300)
    machine.sleeps(4000)
    words[WORDS * mine + BEGUN] = 10
    words[theirs + BEGUN], words[theirs + DONE] = after
    assert meant.took() == about(300 if crowded else 4300)
    assert meant.doubtful == crowded


def test_what_the_front_says_of_others_does_not_count(machine: Machine) -> None:
    words = shared(2)
    meant = meter.Meter(words, 1)
    machine.sleeps(4000)
    words[LEFT] = words[ASKED] = 3
    assert meant.took() == about(4000)
    assert not meant.doubtful


def test_without_a_wait_others_do_not_matter(machine: Machine) -> None:
    words = shared(2, begun=5, done=4)
    meant = meter.Meter(words, 1)
    machine.runs(300)
    machine.is_preempted(4000)
    words[BEGUN] = 6
    assert meant.took() == about(300)
    assert not meant.doubtful


def test_at_most_what_a_header_holds(machine: Machine) -> None:
    meant = meter.Meter(shared(1), 0)
    machine.runs(LONGEST - 2)
    assert meant.took() == about(LONGEST - 1)
    machine.runs(2)
    assert meant.took() == LONGEST
    machine.sleeps(10**9)
    assert meant.took() == LONGEST


def test_at_least_one(machine: Machine) -> None:
    """0 says that a frame has no measurement."""
    meant = meter.Meter(shared(1), 0)
    assert meant.took() == 1
    machine.waits += 1
    assert meant.took() == 1


# Systems that do not say whether a thread has waited.


@pytest.fixture(params=["no resource", "no RUSAGE_THREAD"])
def elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as Windows or macOS would have it."""
    resource = None
    if request.param == "no RUSAGE_THREAD":
        resource = ModuleType("resource")
        resource.getrusage = None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "resource", resource)
    spec = importlib.util.spec_from_file_location("meter_elsewhere", meter.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_elsewhere_all_time_counts(elsewhere: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, elsewhere)
    meant = elsewhere.Meter(shared(2), 1)
    machine.runs(300)
    machine.is_preempted(4000)
    assert meant.took() == about(4300)
    assert not meant.doubtful


def test_elsewhere_beside_other_requests(
    elsewhere: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(monkeypatch, elsewhere)
    meant = elsewhere.Meter(shared(2, begun=5, done=4), 1)
    machine.runs(300)
    machine.is_preempted(4000)
    assert meant.took() == about(300)
    assert meant.doubtful


# Real clocks.


def test_a_busy_loop() -> None:
    meant = meter.Meter(shared(1), 0)
    until = time.thread_time_ns() + 3_000_000
    while time.thread_time_ns() < until:
        pass
    assert meant.took() >= 3000


def test_a_sleep() -> None:
    meant = meter.Meter(shared(1), 0)
    time.sleep(0.004)
    assert meant.took() >= 4000


def test_a_sleep_beside_another_request() -> None:
    meant = meter.Meter(shared(2, begun=1), 1)
    time.sleep(0.004)
    assert 1 <= meant.took() < 4000
    assert meant.doubtful
