"""Rows looked up by many values, in one statement, however many: they are one parameter.

Django can't join with a list; its `IN` is a parameter for each, and in no order.
"""

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Field, Func, IntegerField, QuerySet
from django.db.models.sql.datastructures import BaseTable

Rows = TypeVar("Rows", bound=QuerySet[Any])

# To order by: as the values are.
IN_ORDER = Func(template="wanted.key", output_field=IntegerField())


def with_values(rows: Rows, column: str, values: Sequence[Any]) -> Rows:
    """Those whose column has one of the values, which are different ones; not for a subquery.

    It leans on `Query.alias_map`, which Django keeps for itself.
    """
    found = rows.all()
    meta, query = rows.model._meta, found.query
    alias = query.get_initial_alias()
    field = meta.pk if column == "pk" else meta.get_field(column)
    query.alias_map[alias] = _Begun(query.alias_map[alias], field, values)
    return found


class _Begun(BaseTable):
    """A query's first table, begun at a table of values."""

    def __init__(self, table: Any, field: "Field[Any, Any]", values: Sequence[Any]) -> None:
        super().__init__(table.table_name, table.table_alias)
        self._field, self._values = field, values

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        # SQLite takes CROSS for this order; by its guess of ten rows it would look at all values
        # for each of the owner's rows.
        return self._joined("json_each(%s) AS wanted CROSS JOIN", compiler, connection, json.dumps)

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        values = f"unnest(%s::{self._field.db_type(connection)}[])"
        table = f"{values} WITH ORDINALITY AS wanted (value, key) JOIN"
        return self._joined(table, compiler, connection, list)

    def _joined(
        self, wanted: str, compiler: Any, connection: Any, write: Any
    ) -> tuple[str, list[Any]]:
        table, _ = self.as_sql(compiler, connection)
        quote = compiler.quote_name_unless_alias
        column = f"{quote(self.table_alias)}.{quote(self._field.column)}"
        values = [self._field.get_db_prep_value(value, connection) for value in self._values]
        return f"{wanted} {table} ON {column} = wanted.value", [write(values)]
