"""Django's backend for PostgreSQL, with two things made cheap that nearly each request asks for.

A kept connection is looked at before it is used, and the statements of promptcrafter.statements are
prepared.
"""

from select import POLLIN, poll
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Cursor
from psycopg.pq import TransactionStatus


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Whether the server has kept the connection.

        Where it is closed, or has died, there is something to read, be it the end. Only then is
        Django's way taken, a statement, which was a seventh of the cost of reading a prompt.
        """
        return self.connection is not None and (self._is_quiet() or super().is_usable())

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
