"""Answers that were given, kept for a day, so that a request sent twice is carried out once.

As Stripe does it: the first answer to a key is given again; the same key with another request is an
error; what failed is not kept. The key is claimed in a transaction of its own, so that other
processes see it; the answer is written in the transaction that carries the request out, so there is
never one without the other.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

KEY_MAX_LENGTH = 255
KEPT_FOR = timedelta(hours=24)
# A request that took longer than this has died with its process.
ABANDONED_AFTER = timedelta(minutes=1)


class KeyReused(Exception):
    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was sent with another request; use a new one.")


class KeyInProgress(Exception):
    def __init__(self) -> None:
        super().__init__("A request with this Idempotency-Key is still running; try again shortly.")


class IdempotencyKeyQuerySet(models.QuerySet["IdempotencyKey"]):
    def expired(self) -> Self:
        return self.filter(claimed_at__lt=timezone.now() - KEPT_FOR)

    def claim(self, user: Any, key: str, fingerprint: str) -> "IdempotencyKey":
        """The row of this key: `status` is None where the request is to be carried out now.

        Raises KeyReused and KeyInProgress.
        """
        now = timezone.now()
        self.filter(user=user, key=key).expired().delete()
        row, is_new = self.get_or_create(
            user=user, key=key, defaults={"fingerprint": fingerprint, "claimed_at": now}
        )
        if is_new:
            return row
        if row.fingerprint != fingerprint:
            raise KeyReused
        if row.status is None and not self._take_over(row, now):
            raise KeyInProgress
        return row

    def _take_over(self, row: "IdempotencyKey", now: datetime) -> bool:
        """Claims what a dead process left; of several that try, one does."""
        if row.claimed_at >= now - ABANDONED_AFTER or not row.as_claimed().update(claimed_at=now):
            return False
        row.claimed_at = now
        return True


class IdempotencyKey(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # the unique constraint's index serves
    )
    key = models.CharField(max_length=KEY_MAX_LENGTH)
    fingerprint = models.CharField(max_length=64)
    claimed_at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_is_unique"),
        ]

    def __str__(self) -> str:
        return self.key

    def as_claimed(self) -> IdempotencyKeyQuerySet:
        """This row, while the claim on it is the one that we know."""
        mine = IdempotencyKey.objects.filter(pk=self.pk, status=None)
        return mine.filter(claimed_at=self.claimed_at)

    def finish(self, status: int, body: str) -> None:
        """Keeps the answer. Raises KeyInProgress where another request has taken the claim over,
        so that what this one did in the same transaction is undone."""
        if not self.as_claimed().update(status=status, body=body):
            raise KeyInProgress

    def release(self) -> None:
        self.as_claimed().delete()


def fingerprint(method: str, path: str, body: Any) -> str:
    """SHA-256 of what was asked for; two spellings of one JSON value are the same."""
    text = json.dumps([method, path, body], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
