"""How often something happened, counted by one atomic statement: exact across processes, on both
databases, with no other server.

A count begins with the first event and ends after its time; what is counted is told by a keyed
hash, so that the table names no e-mail and no address.
"""

import time
from collections.abc import Mapping
from typing import NamedTuple

from django.db import connection, models
from django.utils.crypto import salted_hmac


class Count(NamedTuple):
    events: int
    seconds_left: int


class CounterQuerySet(models.QuerySet["Counter"]):
    def expired(self) -> "CounterQuerySet":
        """But for those that somebody counts at this moment, who could wait for us."""
        over = self.filter(ends_at__lte=_now()).select_for_update(skip_locked=True)
        return self.filter(pk__in=over.values("pk"))

    def look_up(self, *names: str) -> dict[str, Count]:
        """The counts that are running."""
        keys = {_key(name): name for name in names}
        running = self.filter(pk__in=keys, ends_at__gt=_now())
        return {keys[row.key]: Count(row.count, row.ends_at - _now()) for row in running}

    def add(self, periods: Mapping[str, int], by: int = 1) -> dict[str, Count]:
        """Counts an event under each name, for its period in seconds. One statement.

        In the order of the keys, so that two that count the same do not wait for each other.
        """
        now, table = _now(), connection.ops.quote_name(self.model._meta.db_table)
        keys = {_key(name): name for name in periods}
        rows = [(key, by, now + periods[keys[key]]) for key in sorted(keys)]
        values = ", ".join(["(%s, %s, %s)"] * len(rows))
        statement = f"""
            INSERT INTO {table} ("key", "count", "ends_at") VALUES {values}
            ON CONFLICT ("key") DO UPDATE SET
              "count" = CASE WHEN {table}."ends_at" <= %s THEN EXCLUDED."count"
                             ELSE {table}."count" + EXCLUDED."count" END,
              "ends_at" = CASE WHEN {table}."ends_at" <= %s THEN EXCLUDED."ends_at"
                               ELSE {table}."ends_at" END
            RETURNING "key", "count", "ends_at"
        """  # noqa: S608  # the table's own name
        with connection.cursor() as cursor:
            cursor.execute(statement, [*(value for row in rows for value in row), now, now])
            return {keys[key]: Count(count, end - now) for key, count, end in cursor.fetchall()}

    def take_back(self, *names: str) -> None:
        """One event of each, as if it had not been. A statement for each: one that locks two rows
        could wait for `add`, and `add` for it."""
        for name in names:
            self.filter(pk=_key(name), count__gt=0).update(count=models.F("count") - 1)

    def forget(self, name: str) -> None:
        self.filter(pk=_key(name)).delete()


class Counter(models.Model):
    key = models.CharField(max_length=64, primary_key=True)
    count = models.BigIntegerField()
    ends_at = models.BigIntegerField(db_index=True, help_text="Seconds since 1970.")

    objects = CounterQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(count__gte=0), name="counter_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.key


def _now() -> int:
    return int(time.time())


def _key(name: str) -> str:
    return salted_hmac("accounts.counter", name, algorithm="sha256").hexdigest()
