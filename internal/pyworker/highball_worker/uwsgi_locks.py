"""The locks of `uwsgi.lock()`: among all threads of all workers of one generation."""

from __future__ import annotations

import fcntl
import os
import tempfile
import threading


class Locks:
    """Each is a thread's lock and, around it, the lock of one byte of an unnamed file."""

    def __init__(self) -> None:
        self._file, path = tempfile.mkstemp()
        os.unlink(path)
        self._threads: dict[int, threading.Lock] = {}

    def acquire(self, number: int) -> None:
        self._threads.setdefault(number, threading.Lock()).acquire()
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, number)

    def release(self, number: int) -> None:
        lock = self._threads.get(number)
        if lock is None or not lock.locked():
            return
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, number)
        lock.release()

    def held(self, number: int) -> bool:
        lock = self._threads.setdefault(number, threading.Lock())
        if not lock.acquire(blocking=False):
            return True
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, number)
        except OSError:
            return True
        finally:
            lock.release()
        return False
