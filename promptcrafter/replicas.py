"""Reads of prompts from a replica, where READ_DATABASE_URL names one.

Whoever reads sees all that they were told is saved, and of others' changes all that are older than
STALE_SECONDS:

- What a request with a method that is safe reads of the application `prompts` may come from the
  replica. Accounts, sessions, keys and counts are always the primary's, so a revocation holds at
  once. So is everything of a request that writes.
- A request that may write leaves the time in its caller's row (`User.wrote_at`), at most once in
  MARK_SECONDS, before it begins and, if it took long, before it is answered. Every request reads
  that row on the primary anyway, on whichever machine. Until the mark is older than both times
  together (and a second, for clocks that differ), its caller reads on the primary.
- A thread of each process asks the primary how far its log has come, and then the replica whether
  it has replayed as much. What was committed before the question is then there to be read. When the
  last time that this was so is longer ago than STALE_SECONDS, everybody reads on the primary.

So a replica that is away or behind costs the primary its work, and nobody an answer.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread, local
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.utils import timezone

REPLICA = "replica"
STALE_SECONDS = 2.0
MARK_SECONDS = 2.0
CLOCK_SECONDS = 1.0
ASK_SECONDS = 0.5
SAFE = {"GET", "HEAD", "OPTIONS"}

_request = local()


class Router:
    """Django's hook. Only what `reading` allows is read on the replica."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        is_ours = model._meta.app_label == "prompts" and getattr(_request, "is_far", False)
        return REPLICA if is_ours else DEFAULT_DB_ALIAS

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


class Watch:
    """Since when, on this process's clock, the replica has everything."""

    def __init__(self) -> None:
        self.fresh_as_of = float("-inf")

    def start(self) -> None:
        Thread(target=self._run, name="replica", daemon=True).start()

    def is_fresh(self) -> bool:
        return time.monotonic() - self.fresh_as_of < STALE_SECONDS

    def distrust(self) -> None:
        self.fresh_as_of = float("-inf")

    def look(self) -> None:
        asked = time.monotonic()
        (position,) = _row(DEFAULT_DB_ALIAS, "SELECT pg_current_wal_flush_lsn()")
        # One that was promoted, or is the primary, is no replica: it may have another history.
        question = "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s::pg_lsn"
        if _row(REPLICA, question, position)[0]:
            self.fresh_as_of = asked

    def _run(self) -> None:
        while True:
            try:
                self.look()
            except Error:  # it is as stale as it was, and reads are the primary's soon
                connections.close_all()
            time.sleep(ASK_SECONDS)


watch = Watch()  # of this process


@contextmanager
def reading() -> Iterator[None]:
    """For the length of a request; where it reads is settled once its caller is known."""
    _request.is_far = _request.must_stay = False
    try:
        yield
    finally:
        _request.is_far = _request.must_stay = False


def is_repeated() -> bool:
    """Whether this request was made before, and the replica failed it."""
    return getattr(_request, "must_stay", False)


def settle(method: str, user: Any) -> None:
    """Where this request of theirs reads; a request that may write leaves its mark."""
    if settings.READ_FROM_REPLICA:
        if method not in SAFE:
            mark(user)
        elif not is_repeated():
            _request.is_far = watch.is_fresh() and _is_settled(user)


def conclude(method: str, user: Any) -> None:
    """Before something is acknowledged: what took long was written later than its mark says."""
    if settings.READ_FROM_REPLICA and method not in SAFE and hasattr(user, "wrote_at"):
        mark(user)


def stay(response: Any) -> bool:
    """Whether the replica failed this request, which is to be made again, on the primary."""
    has_failed = response.status_code == 503 and getattr(_request, "is_far", False)
    if has_failed:
        watch.distrust()
        _request.is_far, _request.must_stay = False, True
    return has_failed


def mark(user: Any) -> None:
    """That they wrote about now; one write in half of MARK_SECONDS at most."""
    now = timezone.now()
    if user.wrote_at is None or now - user.wrote_at > timedelta(seconds=MARK_SECONDS / 2):
        type(user).objects.filter(pk=user.pk).update(wrote_at=now)
        user.wrote_at = now


def _is_settled(user: Any) -> bool:
    unsettled = timedelta(seconds=STALE_SECONDS + MARK_SECONDS + CLOCK_SECONDS)
    return user.wrote_at is None or timezone.now() - user.wrote_at > unsettled


def _row(alias: str, question: str, *values: Any) -> Any:
    with connections[alias].cursor() as cursor:
        cursor.execute(question, values)
        return cursor.fetchone()
