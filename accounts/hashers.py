"""How passwords are stored. Not for anything with more entropy than a person can remember."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_bytes
from threading import BoundedSemaphore

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher

_hashing = BoundedSemaphore(settings.HASHES_AT_ONCE)
# Those that hash and those that wait for it; one thread at least is left to everybody else.
_places = BoundedSemaphore(max(settings.THREADS - 1, settings.HASHES_AT_ONCE))


class Busy(Exception):
    """As many wait for a password to be hashed as may."""

    retry_after = 1
    refusal = "log-ins at once"

    def __init__(self) -> None:
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


def of_nobody() -> str:
    """What no password hashes to, and costs as much to try as any other hash. Made up: to hash one
    is 30 ms and 19 MB for each process that starts."""
    hasher = Argon2idHasher()
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, digest = (b64encode(token_bytes(size)).decode().rstrip("=") for size in (22, 32))
    return f"{hasher.algorithm}$argon2id$v=19${cost}${salt}${digest}"


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id at the OWASP minimum (Password Storage Cheat Sheet): 19 MiB, 2 passes, 1 lane.

    Django's default takes 100 MiB and 8 lanes: a handful of log-ins at once would be an outage.
    """

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
