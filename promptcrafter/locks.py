"""One process at a time, of all that serve one database or share one folder."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db import DatabaseError, OperationalError, connection

WAIT_S = 120
# Seven bytes of SHA-256("promptcrafter"): no other program asks for the lock of this number.
KEY = 8342758450624625


class Taken(Exception):
    """A sentence; another process did not end in time."""


@contextmanager
def alone_in_database(wait_s: float = WAIT_S) -> Iterator[None]:
    """Among all that ask for this, on any machine that uses the database; raises Taken.

    It ends with the process, however that ends: of PostgreSQL it is a lock of the session, beside
    SQLite's file a lock of the kernel's.
    """
    if connection.vendor == "sqlite":
        with alone_with(Path(f"{connection.settings_dict['NAME']}.alone"), wait_s):
            yield
        return
    _wait(lambda: _asked("SELECT pg_try_advisory_lock(%s)"), wait_s)
    try:
        yield
    finally:
        with suppress(DatabaseError):  # with the session, the lock is gone too
            _asked("SELECT pg_advisory_unlock(%s)")


@contextmanager
def alone_with(file: Path, wait_s: float = WAIT_S) -> Iterator[None]:
    """Among all processes of this machine that ask for this file; raises Taken. It is never taken
    away: who waits for it would wait for another than who comes later."""
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise OperationalError(f"{file}: {error.strerror}.") from error
    try:
        _wait(lambda: _locked(descriptor), wait_s)
        yield
    finally:
        os.close(descriptor)


def _wait(is_taken: Callable[[], bool], wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while not is_taken():
        if time.monotonic() > deadline:
            raise Taken(
                f"Another process has been changing the database for {wait_s:g} s: it migrates "
                "it or restores a backup. Start again when it has ended."
            )
        time.sleep(0.1)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _asked(sql: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, [KEY])
        return bool(cursor.fetchone()[0])
