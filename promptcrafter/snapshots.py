"""Reading as of one moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections

_BEGIN = {
    "sqlite": "BEGIN DEFERRED",  # Django's own transactions take the lock of writers at once
    "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
}


@contextmanager
def snapshot() -> Iterator[None]:
    """All statements within see the database as the first of them does. For reading alone, and for
    moments: PostgreSQL ends a transaction that idles. In a transaction it is that one's."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN[connection.vendor])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")
