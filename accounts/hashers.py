"""How passwords are stored. Not for anything with more entropy than a person can remember."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher

from accounts import refusals

_hashing = BoundedSemaphore(settings.HASHES_AT_ONCE)
# Those that hash and those that wait for it; one thread at least is left to everybody else.
_places = BoundedSemaphore(max(settings.THREADS - 1, settings.HASHES_AT_ONCE))


class Busy(Exception):
    """As many wait for a password to be hashed as may."""

    retry_after = 1

    def __init__(self) -> None:
        refusals.note("log-ins at once")
        super().__init__("Too many people are logging in at this moment; try again in a second.")


@contextmanager
def slot() -> Iterator[None]:
    """Around whatever hashes a password for somebody who may be anybody.

    A hash costs memory and CPU on purpose, and a flood of them must leave both to those who read:
    few hash at once, some wait for it, and for the rest it raises Busy.
    """
    if not _places.acquire(blocking=False):
        raise Busy
    try:
        with _hashing:
            yield
    finally:
        _places.release()


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id at the OWASP minimum (Password Storage Cheat Sheet): 19 MiB, 2 passes, 1 lane.

    Django's default takes 100 MiB and 8 lanes: a handful of log-ins at once would be an outage.
    """

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
