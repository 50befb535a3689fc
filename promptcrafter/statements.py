"""Querysets that are compiled once.

Django makes the SQL of a queryset anew each time: of reading one row by its key that is most of the
cost (0.5 of 0.7 ms). What each request asks for is made into a Statement instead: the same
queryset, with Parameters where the values go.

    find = Statement(lambda: Prompt.objects.filter(pk=Parameter("key", models.UUIDField())))
    find.first(key=key)
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Generic, TypeVar

import orjson
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.query import get_related_populators

Row = TypeVar("Row", bound=models.Model)


class Parameter(models.Expression):
    """Stands in a queryset for a value of that field's type that is given later."""

    def __init__(self, name: str, output_field: "models.Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        return "%s", [self]


class Statement(Generic[Row]):
    """A queryset of whole rows of a model, with their `select_related`, `only` and annotations."""

    def __init__(self, queryset: Callable[[], models.QuerySet[Row]]) -> None:
        self._queryset = queryset
        self._compiled: dict[str, Compiled] = {}

    def first(self, using: str = DEFAULT_DB_ALIAS, **values: Any) -> Row | None:
        """The first row, or None. One query."""
        connection = connections[using]
        compiled = self._compiled.get(using)
        if compiled is None:
            compiled = self._compiled[using] = Compiled(self._queryset(), using)
        with _cursor(connection) as cursor:
            cursor.execute(compiled.sql, compiled.parameters(values, connection))
            row = cursor.fetchone()
        return None if row is None else compiled.build(row, connection)


class Compiled:
    """For one database: its SQL, and how a row of it becomes an instance."""

    def __init__(self, queryset: models.QuerySet[Any], using: str) -> None:
        compiler = queryset.query.get_compiler(using=using)
        self.sql, self._parameters = compiler.as_sql()
        self._using = using
        self._compiler = compiler
        self._converters = compiler.get_converters([each[0] for each in compiler.select]).items()
        info = compiler.klass_info
        fields = info["select_fields"]
        self._model = info["model"]
        self._own = slice(fields[0], fields[-1] + 1)
        self._names = [each[0].target.attname for each in compiler.select[self._own]]
        self._related = get_related_populators(info, compiler.select, using)
        self._annotations = list(compiler.annotation_col_map.items())

    def parameters(self, values: dict[str, Any], connection: Any) -> list[Any]:
        return [
            each.output_field.get_db_prep_value(values[each.name], connection)
            if isinstance(each, Parameter)
            else each
            for each in self._parameters
        ]

    def build(self, row: tuple[Any, ...], connection: Any) -> Any:
        """As Django's ModelIterable does."""
        values = list(row)
        for position, (functions, expression) in self._converters:
            for convert in functions:
                values[position] = convert(values[position], expression, connection)
        instance = self._model.from_db(self._using, self._names, values[self._own])
        for related in self._related:
            related.populate(values, instance)
        for name, position in self._annotations:
            setattr(instance, name, values[position])
        return instance


class Columns:
    """A queryset of `values_list`, for at most so many rows: tuples, which take a third of the time
    of instances."""

    def __init__(self, queryset: Callable[[], models.QuerySet[Any, Any]], *, most: int) -> None:
        self._queryset, self._most = queryset, most
        self._compiled: dict[str, CompiledColumns] = {}

    def rows(self, using: str = DEFAULT_DB_ALIAS, **values: Any) -> list[Any] | None:
        """All of them, or None where there are more. One query."""
        connection = connections[using]
        compiled = self._compiled.get(using)
        if compiled is None:
            queryset = self._queryset()[: self._most + 1]
            compiled = self._compiled[using] = CompiledColumns(queryset, using)
        with _cursor(connection) as cursor:
            cursor.execute(compiled.sql, compiled.parameters(values, connection))
            rows = cursor.fetchall()
        return compiled.converted(rows) if len(rows) <= self._most else None


class CompiledColumns(Compiled):
    def __init__(self, queryset: models.QuerySet[Any, Any], using: str) -> None:
        compiler = queryset.query.get_compiler(using=using)
        self.sql, self._parameters = compiler.as_sql()
        found = compiler.get_converters([each[0] for each in compiler.select])
        self._functions = [
            (position, convert)
            for position, (functions, expression) in found.items()
            for convert in _plain(functions, expression, compiler.connection)
        ]

    def converted(self, rows: list[Any]) -> list[Any]:
        """Column by column."""
        if not rows:
            return []
        columns: list[Any] = list(zip(*rows, strict=True))
        for position, convert in self._functions:
            columns[position] = map(convert, columns[position])
        return list(zip(*columns, strict=True))


def _plain(functions: Any, expression: Any, connection: Any) -> list[Callable[[Any], Any]]:
    """Of the value alone."""
    if isinstance(expression.output_field, models.JSONField):
        return [orjson.loads]
    if connection.vendor == "sqlite" and isinstance(expression.output_field, models.DateTimeField):
        return [_moment]
    return [partial(_convert, each, expression, connection) for each in functions]


def _moment(value: datetime) -> datetime:
    """As Django's converter for SQLite, in a quarter of the time."""
    return value.replace(tzinfo=UTC)


def _convert(function: Any, expression: Any, connection: Any, value: Any) -> Any:
    return function(value, expression, connection)


def _cursor(connection: Any) -> Any:
    """PostgreSQL's are prepared; sqlite3 keeps the last 128 of a connection's by itself."""
    if connection.vendor == "postgresql":
        return connection.statement_cursor()
    return connection.cursor()
