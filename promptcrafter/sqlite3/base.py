"""Django's SQLite, whose writers take turns (promptcrafter.sqlite3.lock).

A connection has the lock from before a transaction's BEGIN IMMEDIATE until after its COMMIT or
ROLLBACK, and around each statement outside of a transaction that may write. So nobody commits while
another commits, nor while one copies the WAL to the database: that is done in a COMMIT, by a
PRAGMA, or in the last connection's close. What only reads takes no lock.
"""

import re
import sqlite3
import weakref
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, Self

from django.db.backends.sqlite3 import base

from promptcrafter.sqlite3 import lock

# All others may write: a PRAGMA too, for one of them is a checkpoint.
_READS = re.compile(r"\s*(SELECT|EXPLAIN|VALUES|BEGIN DEFERRED|COMMIT|ROLLBACK)\b", re.IGNORECASE)


class DatabaseWrapper(base.DatabaseWrapper):
    _lock: lock.WriteLock | None = None  # of a database in memory there is none
    _held: lock.WriteLock | None = None
    _unless_lost: Any = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        if not self.is_in_memory_db():
            try:
                self._lock = lock.of(self.settings_dict["NAME"])
            except OSError as error:
                raise sqlite3.OperationalError(f"{error.filename}: {error.strerror}") from error
        return connection

    def create_cursor(self, name: str | None = None) -> "Cursor":
        cursor = self.connection.cursor(factory=Cursor)
        cursor.wrapper = self
        return cursor

    def take_turn(self) -> None:
        """Waits for as long as SQLite would, and then says what it would say."""
        if self._lock is None or self._held is not None:
            return
        try:
            is_ours = self._lock.acquire(self.settings_dict["OPTIONS"].get("timeout", 5))
        except OSError as error:
            raise sqlite3.OperationalError(f"the writers' lock: {error.strerror}") from error
        if not is_ours:
            raise sqlite3.OperationalError("database is locked")
        self._held = self._lock
        # A thread may end in a transaction, and its connection is then nobody's.
        self._unless_lost = weakref.finalize(self, lock.give_back, self._held)
        self._unless_lost.atexit = False

    def end_turn(self) -> None:
        """Unless a transaction goes on."""
        if self._held is not None and not self.connection.in_transaction:
            self._give_back()

    def commit(self) -> None:
        try:
            super().commit()
        finally:
            self.end_turn()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self.end_turn()

    def set_autocommit(self, autocommit: bool, *args: Any, **kwargs: Any) -> None:
        try:
            super().set_autocommit(autocommit, *args, **kwargs)  # it commits what it finds
        finally:
            self.end_turn()

    def _close(self) -> None:
        # Whoever else has it is connected, and it is the last to close that makes a checkpoint.
        with suppress(sqlite3.OperationalError):
            self.take_turn()
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._give_back()

    def _give_back(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._unless_lost.detach()
            held.release()


class Cursor(base.SQLiteCursorWrapper):
    wrapper: DatabaseWrapper
    # Of a write outside of a transaction, what it returned: SQLite commits it when all is read.
    _returned: Iterator[Any] | None = None

    def execute(self, query: str, params: Any = None) -> Self:
        self._returned = None
        may_write = not _READS.match(query)
        if may_write:
            self.wrapper.take_turn()
        try:
            super().execute(query, params)
            if may_write and self.description and not self.connection.in_transaction:
                self._returned = iter(super().fetchall())
        finally:
            self.wrapper.end_turn()
        return self

    def executemany(self, query: str, param_list: Iterable[Any]) -> Self:
        self.wrapper.take_turn()
        try:
            super().executemany(query, param_list)
        finally:
            self.wrapper.end_turn()
        return self

    def executescript(self, script: str) -> Self:
        self.wrapper.take_turn()
        try:
            super().executescript(script)
        finally:
            self.wrapper.end_turn()
        return self

    def __next__(self) -> Any:
        return super().__next__() if self._returned is None else next(self._returned)

    def fetchone(self) -> Any:
        return super().fetchone() if self._returned is None else next(self._returned, None)

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        if self._returned is None:
            return super().fetchmany(size)
        return list(islice(self._returned, size))

    def fetchall(self) -> list[Any]:
        return super().fetchall() if self._returned is None else list(self._returned)
