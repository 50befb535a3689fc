"""Django's backend for PostgreSQL, with an end to waiting, and statements that are prepared.

A server that is gone is found out by the network. One that is frozen (its disk hangs, its machine
swaps, the standby that it must wait for is away) keeps every promise of TCP and answers nothing,
and neither `statement_timeout` nor `tcp_user_timeout` ends a call to it: only the client's own
clock does.
"""

import time
from datetime import UTC, datetime
from select import POLLIN, poll
from threading import Lock, Thread
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg import IsolationLevel, errors
from psycopg.adapt import Loader
from psycopg.pq import Format, TransactionStatus

# Whether a kept connection still leads anywhere must be known while the caller waits.
CHECK_SECONDS = 2.0
# For the server's own word that a statement took too long: the connection is then still good.
GRACE_SECONDS = 0.5
# What fails later than this was not refused, but not answered.
SLOW_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 0.2

Parameters = dict[str, Any]


class Lookout:
    """Waits for a server that does not answer, so that no request has to: to them it is away."""

    def __init__(self) -> None:
        self.is_away = False
        self.lock = Lock()

    def report(self, parameters: Parameters) -> None:
        """Somebody waited in vain."""
        with self.lock:
            if not self.is_away:
                self.is_away = True
                Thread(target=self._look, args=[parameters], name="lookout", daemon=True).start()

    def _look(self, parameters: Parameters) -> None:
        while self.is_away:
            try:
                Connection.connect(**parameters).close()
                self.is_away = False
            except Exception:  # whatever it is: who looks no more would leave it away for ever
                time.sleep(LOOK_AGAIN_SECONDS)


lookouts: dict[str, Lookout] = {}  # of this process, one for each of DATABASES


class TableChanged(psycopg.OperationalError):
    """A column's type is another than when the statement was prepared, by a migration perhaps. What
    was no part of a transaction `is_to_repeat`, on another connection."""

    def __init__(self, *, is_to_repeat: bool) -> None:
        super().__init__("a table was changed since")
        self.is_to_repeat = is_to_repeat


class Connection(psycopg.Connection[Any]):
    """Raises OperationalError, and is closed, where the server does not answer within `patience`
    seconds, and where it turns out to be one that takes no writes."""

    patience: float | None = None
    parameters: Parameters
    lookout: Lookout

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, timeout or self.patience)
        except errors._WaitTimeout as error:
            if timeout is not None:  # psycopg's own
                raise
            self.close()  # without a word to the server: a COMMIT must not be cancelled half-way
            self.lookout.report(self.parameters)
            raise psycopg.OperationalError(f"no answer within {self.patience} s") from error
        except errors.ReadOnlySqlTransaction as error:
            self.close()  # it was the primary once; the next connection looks for the new one
            raise psycopg.OperationalError("the server takes no writes") from error
        except errors.FeatureNotSupported as error:
            if error.diag.source_function != "RevalidateCachedQuery":
                raise
            # "cached plan must not change result type", in the server's language.
            is_alone = self.info.transaction_status == TransactionStatus.IDLE
            self.close()  # with all that it has prepared
            raise TableChanged(is_to_repeat=is_alone) from error


class MomentLoader(Loader):
    """Times as PostgreSQL writes them in a session in UTC, read in C."""

    timezone = UTC  # Django compares it with its own

    def load(self, data: Any) -> datetime:
        return datetime.fromisoformat(str(data, "ascii"))


class DatabaseWrapper(base.DatabaseWrapper):
    # Seconds that a statement may take; None, as for migrations, for no end. What serves requests
    # sets it for all its threads.
    patience: float | None = None

    def get_new_connection(self, conn_params: Parameters) -> Connection:
        """Opened within `connect_timeout` for each host that DATABASE_URL names."""
        self.isolation_level = IsolationLevel.READ_COMMITTED
        connection = self._open(conn_params)
        if self.timezone is UTC:
            connection.adapters.register_loader("timestamptz", MomentLoader)
        return connection

    def _open(self, conn_params: Parameters) -> Connection:
        if self.patience is None:
            return Connection.connect(**conn_params)
        own = f"-c statement_timeout={int(self.patience * 1000)}"
        conn_params = conn_params | {"options": f"{conn_params.get('options', '')} {own}"}
        connection = self._connect(conn_params)
        connection.patience = self.patience + GRACE_SECONDS
        connection.parameters, connection.lookout = conn_params, self._lookout
        return connection

    def is_usable(self) -> bool:
        """Asked before each request of a connection that was kept.

        Where the server has closed it, or died, there is something to read, be it the end. Only
        then is it asked by a statement, which was a seventh of the cost of reading a prompt.
        """
        if not isinstance(self.connection, Connection) or self._lookout.is_away:
            return False
        if self._is_quiet():
            return True
        patience = self.connection.patience
        self.connection.patience = patience and CHECK_SECONDS
        try:
            return bool(super().is_usable())
        finally:
            self.connection.patience = patience

    def statement_cursor(self, *, is_binary: bool) -> Any:
        """A cursor whose statements are parsed and planned once for each connection.

        In binary, times come as numbers: to write them out, and to read that, was a third of what
        a list of prompts cost (1.2 for 1.7 ms of a hundred, the server's and PostgreSQL's).
        """
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor = psycopg.Cursor(self.connection)
            cursor.format = Format.BINARY if is_binary else Format.TEXT
            return self._prepare_cursor(cursor)  # type: ignore[attr-defined]

    @property
    def _lookout(self) -> Lookout:
        return lookouts.setdefault(self.alias, Lookout())

    def _is_quiet(self) -> bool:
        connection = self.connection
        if connection.closed or connection.info.transaction_status != TransactionStatus.IDLE:
            return False
        waiting = poll()
        waiting.register(connection.fileno(), POLLIN)
        return not waiting.poll(0)

    def _connect(self, conn_params: Parameters) -> Connection:
        if self._lookout.is_away:
            raise psycopg.OperationalError("the server did not answer a moment ago")
        started = time.monotonic()
        try:
            return Connection.connect(**conn_params)
        except psycopg.OperationalError:
            if time.monotonic() - started > SLOW_SECONDS:
                self._lookout.report(conn_params)
            raise
