"""Reading as of one moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connections, models, router

_BEGIN = {
    "sqlite": "BEGIN DEFERRED",  # Django's own transactions take the lock of writers at once
    # It may idle while what was read is looked at, for longer than between the writes of others.
    "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
    "SET LOCAL idle_in_transaction_session_timeout = 60000",
}


@contextmanager
def snapshot(of: type[models.Model]) -> Iterator[None]:
    """All statements within see the database where that model is read as the first of them does.
    For reading alone: no transaction, and no other snapshot, can begin within. Inside of a
    transaction it does nothing."""
    connection = connections[router.db_for_read(of)]
    if connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN[connection.vendor])
    try:
        yield
    finally:
        try:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")
        except Error:  # it died within, and what was raised then says more
            connection.close()
