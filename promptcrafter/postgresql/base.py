"""Django's backend for PostgreSQL, with three things made cheap that nearly each request asks for.

A kept connection is looked at before it is used, the statements of promptcrafter.statements are
prepared, and times are read in C.
"""

from datetime import UTC, datetime
from select import POLLIN, poll
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Cursor
from psycopg.adapt import Loader
from psycopg.pq import TransactionStatus


class MomentLoader(Loader):
    """Times as PostgreSQL writes them in a session in UTC; Django's takes four times as long."""

    timezone = UTC  # Django compares it with its own

    def load(self, data: Any) -> datetime:
        return datetime.fromisoformat(str(data, "ascii"))


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Whether the server has kept the connection.

        Where it is closed, or has died, there is something to read, be it the end. Only then is
        Django's way taken, a statement, which was a seventh of the cost of reading a prompt.
        """
        return self.connection is not None and (self._is_quiet() or super().is_usable())

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        if self.timezone is UTC:
            connection.adapters.register_loader("timestamptz", MomentLoader)
        return connection

    def statement_cursor(self) -> Any:
        """A cursor whose statements are parsed and planned once for each connection."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(Cursor(self.connection))

    def _is_quiet(self) -> bool:
        connection = self.connection
        if connection.closed or connection.info.transaction_status != TransactionStatus.IDLE:
            return False
        waiting = poll()
        waiting.register(connection.fileno(), POLLIN)
        return not waiting.poll(0)
