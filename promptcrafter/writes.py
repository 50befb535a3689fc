"""Rows that are written by statements made once, and sent together.

Django makes an INSERT or UPDATE anew for each row that is saved, which costs more than the database
takes for it, and waits for the answer to each. Here both are done once: the first halves what it
costs to save a prompt with its version and its tags, the second what it waits for.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models

from promptcrafter.statements import statement_cursor


@contextmanager
def together(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """The rows written within go to PostgreSQL in one message, and what is wrong with one of them
    is raised at the end. For writing alone: no answer comes before. SQLite has nothing to wait for.
    """
    connection = connections[using]
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def insert(*rows: models.Model, using: str = DEFAULT_DB_ALIAS) -> None:
    """Writes new rows of one model. A number that the database gives as their key is not learnt."""
    if not rows:
        return
    connection, fields = connections[using], _fields(type(rows[0]))
    values = [_value(field, row, connection) for row in rows for field in fields]
    with statement_cursor(connection) as cursor:
        cursor.execute(_insert(type(rows[0]), len(rows)), values)


def require_no_options(args: tuple[Any, ...], options: dict[str, Any]) -> None:
    """Of a `save` that writes a new row by `insert`; what `create` passes on is what that does."""
    asked = {name for name, value in options.items() if value}
    is_elsewhere = options.get("using") not in {None, DEFAULT_DB_ALIAS}
    if args or is_elsewhere or not asked <= {"force_insert", "using"}:
        raise TypeError("A new row is written whole, and to the default database.")


def saved(row: models.Model, using: str = DEFAULT_DB_ALIAS) -> None:
    """What Django notes of a row that it inserted, once it is known that it was."""
    row._state.adding, row._state.db = False, using


def update(row: models.Model, names: Sequence[str], *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Writes these fields of a row that is locked."""
    connection = connections[using]
    fields = [*map(row._meta.get_field, names), row._meta.pk]
    values = [_value(field, row, connection) for field in fields]
    with statement_cursor(connection) as cursor:
        cursor.execute(_update(type(row), tuple(names)), values)


def _value(field: Any, row: models.Model, connection: Any) -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)


@cache
def _fields(model: type[models.Model]) -> list[Any]:
    fields = model._meta.local_concrete_fields
    return [each for each in fields if not isinstance(each, models.AutoField)]


@cache
def _insert(model: type[models.Model], count: int) -> str:
    columns = ", ".join(f'"{field.column}"' for field in _fields(model))
    row = ", ".join(["%s"] * len(_fields(model)))
    rows = ", ".join([f"({row})"] * count)
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES {rows}'  # noqa: S608


@cache
def _update(model: type[models.Model], names: tuple[str, ...]) -> str:
    meta: Any = model._meta
    columns = ", ".join(f'"{meta.get_field(name).column}" = %s' for name in names)
    return f'UPDATE "{meta.db_table}" SET {columns} WHERE "{meta.pk.column}" = %s'  # noqa: S608
