"""Writers of one SQLite file take turns, in the order in which they came.

SQLite has one writer at a time, and the others ask again and again, at growing intervals: who has
just come is as likely to be next as who has waited for seconds.
"""

import _thread
import fcntl
import os
import stat
import threading
import time
from collections import deque
from contextlib import suppress

POLL_SECONDS = 0.001

_locks: dict[str, "WriteLock"] = {}
_opening = threading.Lock()


class WriteLock:
    """Held by one thread of one process, of all that write to that file through this module.

    The threads of a process queue. Their first one takes turns with other processes by flock(2),
    which the kernel gives back when a process ends, however it ends.
    """

    def __init__(self, database: str) -> None:
        self._threads = Queue()
        self._turn = _open(f"{database}.lock", database)
        self._next = _open(f"{database}.next", database)

    def acquire(self, timeout: float) -> bool:
        """Whether it was to be had within so many seconds; raises OSError where flock(2) fails."""
        deadline = time.monotonic() + timeout
        if not self._threads.acquire(timeout):
            return False
        is_ours = False
        try:
            is_ours = self._take_turn(deadline)
        finally:
            if not is_ours:
                self._threads.release()
        return is_ours

    def release(self) -> None:
        try:
            fcntl.flock(self._turn, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def close(self) -> None:
        os.close(self._turn)
        os.close(self._next)

    def _take_turn(self, deadline: float) -> bool:
        # A process that gives its turn back could take it again before another one has looked: it
        # can't while that one has `next`.
        if not _flock(self._next, deadline):
            return False
        try:
            return _flock(self._turn, deadline)
        finally:
            fcntl.flock(self._next, fcntl.LOCK_UN)


class Queue:
    """A lock that goes to those who wait in their order; threading.Lock goes to any of them."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Lock] = deque()

    def acquire(self, timeout: float) -> bool:
        with self._mutex:
            if not self._is_taken:
                self._is_taken = True
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=timeout):
            return True
        with self._mutex:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return False
        return True  # it came at the last moment

    def release(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False


def of(database: str) -> WriteLock:
    """This process's lock of that file; raises OSError where it can't be opened."""
    path = os.path.realpath(database)
    with _opening:
        if path not in _locks:
            _locks[path] = WriteLock(path)
        return _locks[path]


def give_back(lost: WriteLock) -> None:
    """What was taken by somebody who is garbage.

    In a thread of its own: garbage is collected in the midst of anything, also while this thread
    has a queue's mutex. A fork has no part in what its parent took.
    """
    if lost in _locks.values():
        _thread.start_new_thread(lost.release, ())


def _open(file: str, database: str) -> int:
    """With the database's owner and mode, as SQLite makes its own files: what root made while it
    ran a command must not lock the service out."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CREAT, 0o600)
    with suppress(OSError):
        found = os.stat(database)
        os.fchmod(descriptor, stat.S_IMODE(found.st_mode))
        os.fchown(descriptor, found.st_uid, found.st_gid)
    return descriptor


def _flock(descriptor: int, deadline: float) -> bool:
    """Asks again and again, for flock(2) would wait for ever."""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_SECONDS)
        else:
            return True


def _forget() -> None:
    """A fork would share its parent's files, and flock(2) keeps no file from itself."""
    global _opening
    _opening = threading.Lock()
    for each in _locks.values():
        each.close()
    _locks.clear()


os.register_at_fork(after_in_child=_forget)
