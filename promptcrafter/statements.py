"""Querysets that are compiled once.

Django makes the SQL of a queryset anew each time: of reading one row by its key that is most of the
cost (0.5 of 0.7 ms). What each request asks for is made into a Statement instead: the same
queryset, with Parameters where the values go.

    find = Statement(lambda: Prompt.objects.filter(pk=Parameter("key", models.UUIDField())))
    find.first(key=key)
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any, Generic, TypeVar

import orjson
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, models, router
from django.db.models.query import get_related_populators

Row = TypeVar("Row", bound=models.Model)


class Parameter(models.Expression):
    """Stands in a queryset for a value of that field's type that is given later."""

    def __init__(self, name: str, output_field: "models.Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]


class Compiled:
    """A queryset's SQL on one database, and where the values go."""

    is_binary = False

    def __init__(self, queryset: models.QuerySet[Any, Any], using: str) -> None:
        self.compiler = queryset.query.get_compiler(connection=_closed(using))
        self.sql, self._parameters = self.compiler.as_sql()
        found = self.compiler.get_converters([each[0] for each in self.compiler.select])
        self.converters = [
            (position, convert)
            for position, (functions, expression) in found.items()
            for convert in _plain(functions, expression, self.compiler.connection)
        ]

    def run(self, cursor: Any, values: dict[str, Any]) -> None:
        prepared = [
            each.output_field.get_db_prep_value(values[each.name], self.compiler.connection)
            if isinstance(each, Parameter)
            else each
            for each in self._parameters
        ]
        cursor.execute(self.sql, prepared)


Made = TypeVar("Made", bound=Compiled)


class Once(Generic[Made]):
    """A queryset, made and compiled at its first use, for each database that is read."""

    def __init__(self, kind: type[Made], queryset: Callable[[], models.QuerySet[Any, Any]]) -> None:
        self._kind, self._queryset = kind, queryset
        self._made: dict[str, Made] = {}

    @cached_property
    def _model(self) -> type[models.Model]:
        return self._queryset().model

    @contextmanager
    def running(self, values: dict[str, Any]) -> Iterator[tuple[Made, Any]]:
        """It, and the cursor that has its rows."""
        using = router.db_for_read(self._model) or DEFAULT_DB_ALIAS
        if using not in self._made:
            self._made[using] = self._kind(self._queryset(), using)
        connection = connections[using]
        try:
            cursor = self._run(using, connection, values)
        except OperationalError as error:
            if not getattr(error.__cause__, "is_to_repeat", False):
                raise
            connection.close()
            cursor = self._run(using, connection, values)
        with cursor:
            yield self._made[using], cursor

    def _run(self, using: str, connection: Any, values: dict[str, Any]) -> Any:
        cursor = statement_cursor(connection, is_binary=self._kind.is_binary)
        self._made[using].run(cursor, values)
        return cursor


class Instances(Compiled):
    def __init__(self, queryset: models.QuerySet[Any, Any], using: str) -> None:
        super().__init__(queryset, using)
        select, info = self.compiler.select, self.compiler.klass_info
        fields = info["select_fields"]
        self._model, self._using = info["model"], using
        self._own = slice(fields[0], fields[-1] + 1)
        self._names = [each[0].target.attname for each in select[self._own]]
        # The stubs are of a later Django.
        self._related = get_related_populators(info, select, using)  # type: ignore[call-arg]
        self._annotations = list(self.compiler.annotation_col_map.items())

    def build(self, row: tuple[Any, ...]) -> Any:
        """As Django's ModelIterable does."""
        values = list(row)
        for position, convert in self.converters:
            if values[position] is not None:
                values[position] = convert(values[position])
        instance = self._model.from_db(self._using, self._names, values[self._own])
        for related in self._related:
            related.populate(values, instance)
        for name, position in self._annotations:
            setattr(instance, name, values[position])
        return instance


class Statement(Generic[Row]):
    """A queryset of whole rows of a model, with their `select_related`, `only` and annotations."""

    def __init__(self, queryset: Callable[[], models.QuerySet[Row]]) -> None:
        self._once = Once(Instances, queryset)

    def first(self, **values: Any) -> Row | None:
        """The first row, or None. One query."""
        with self._once.running(values) as (compiled, cursor):
            row = cursor.fetchone()
        return None if row is None else compiled.build(row)


class Tuples(Compiled):
    """JSON is to be cast to text."""

    is_binary = True

    def converted(self, rows: list[Any]) -> list[Any]:
        """Column by column."""
        if not rows or not self.converters:
            return rows
        columns: list[Any] = list(zip(*rows, strict=True))
        for position, convert in self.converters:
            columns[position] = map(convert, columns[position])
        return list(zip(*columns, strict=True))


class Columns:
    """A queryset of `values_list`, for at most so many rows: tuples, with nothing made of them."""

    def __init__(self, queryset: Callable[[], models.QuerySet[Any, Any]], *, most: int) -> None:
        self._most = most
        self._once = Once(Tuples, lambda: queryset()[: most + 1])

    def rows(self, **values: Any) -> list[Any] | None:
        """All of them, or None where there are more. One query."""
        with self._once.running(values) as (compiled, cursor):
            rows = cursor.fetchall()
        return compiled.converted(rows) if len(rows) <= self._most else None


def _closed(using: str) -> Any:
    """A connection to compile for, which is never opened: what is compiled keeps it, and a thread's
    own would then outlive its thread. It takes itself to be in a transaction, where alone a
    statement that locks is run."""
    connection = connections.create_connection(using)
    connection.ensure_connection = lambda: None  # type: ignore[method-assign]
    connection.autocommit = False
    return connection


def _plain(functions: Any, expression: Any, connection: Any) -> list[Callable[[Any], Any]]:
    """Of the value alone."""
    if isinstance(expression.output_field, models.JSONField):
        return [orjson.loads]
    if connection.vendor == "sqlite" and isinstance(expression.output_field, models.DateTimeField):
        return [_moment]
    return [partial(_convert, each, expression, connection) for each in functions]


def _moment(value: datetime) -> datetime:
    """As Django's converter for SQLite does, where a time without a zone is in UTC."""
    return value.replace(tzinfo=UTC)


def _convert(function: Any, expression: Any, connection: Any, value: Any) -> Any:
    return function(value, expression, connection)


def statement_cursor(connection: Any, *, is_binary: bool = False) -> Any:
    """PostgreSQL's are prepared, and of the answers of some it writes no text; sqlite3 keeps the
    last 128 of a connection's by itself."""
    if connection.vendor == "postgresql":
        return connection.statement_cursor(is_binary=is_binary)
    return connection.cursor()
