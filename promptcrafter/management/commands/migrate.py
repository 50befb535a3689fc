import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, transaction
from django.db.migrations.executor import MigrationExecutor
from psycopg.errors import LockNotAvailable

from promptcrafter import locks

ATTEMPTS = 5
PAUSE_S = 2


class Executor(MigrationExecutor):
    """Whose migrations and the notes that they were applied, or taken back, are one transaction.

    With Django's, a process that is killed between the two leaves tables that the next start wants
    to make again.
    """

    def apply_migration(self, state: Any, migration: Any, *args: Any, **kwargs: Any) -> Any:
        with _whole(migration, self.connection):
            return super().apply_migration(state, migration, *args, **kwargs)

    def unapply_migration(self, state: Any, migration: Any, *args: Any, **kwargs: Any) -> Any:
        with _whole(migration, self.connection):
            return super().unapply_migration(state, migration, *args, **kwargs)


@contextmanager
def _whole(migration: Any, connection: Any) -> Iterator[None]:
    if not migration.atomic:
        yield
        return
    # SQLite can't be told within a transaction to leave references alone.
    with connection.constraint_checks_disabled(), transaction.atomic(connection.alias):
        yield


migrate.MigrationExecutor = Executor  # type: ignore[attr-defined]


class Command(migrate.Command):
    """Django's, one at a time: of several machines that start at once, each would create the same
    tables.

    On PostgreSQL a migration waits for `lock_timeout` and not longer, for all requests would queue
    up behind it. Each is a transaction, so what was in vain is done again.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with locks.alone_in_database():
                self.insist(*args, **options)
        except locks.Taken as error:
            raise CommandError(str(error)) from error

    def insist(self, *args: Any, **options: Any) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                if attempt == ATTEMPTS:
                    raise CommandError(
                        f"A migration waited {ATTEMPTS} times in vain for a table that a long "
                        "transaction holds; what was migrated before it stays. End that "
                        "transaction, or wait for it, and migrate again."
                    ) from error
                time.sleep(PAUSE_S)
            else:
                return
