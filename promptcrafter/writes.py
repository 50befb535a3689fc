"""Rows that are written by statements made once, and together.

Django makes an INSERT or UPDATE anew for each row that is saved, which costs more than the database
takes for it, and an instance of its model. Here a row is a dict, the SQL is made once for each
shape, and what belongs together is one statement on PostgreSQL: a transaction of its own, with
nothing to begin and to commit. On SQLite, which has nothing to wait for, it is several.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple

import orjson
from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from psycopg.types.json import Jsonb

from promptcrafter.statements import statement_cursor


class Overtaken(Exception):
    """The row is not as it was read any more."""


class New(NamedTuple):
    """A row to insert. A number that the database gives as its key is not learnt."""

    model: type[models.Model]
    values: Mapping[str, Any]  # by the fields' `attname`, with other things or not


class Gone(NamedTuple):
    """Rows to delete: those that have these values, of a list any."""

    model: type[models.Model]
    values: Mapping[str, Any]


class Part(NamedTuple):
    """A statement, alone or within another one."""

    sql: str
    values: list[Any]


def insert(*rows: New) -> None:
    """Writes all of them or none; those of one model are next to each other."""
    if not rows:
        return
    connection = connections[DEFAULT_DB_ALIAS]
    parts = list(_inserts(rows, connection))
    if connection.vendor == "postgresql":
        _execute(connection, _together(*(part.sql for part in parts)), parts)
    elif len(parts) == 1:
        _execute(connection, parts[0].sql, parts)
    else:
        with transaction.atomic():
            for part in parts:
                _execute(connection, part.sql, [part])


def swap(
    row: models.Model,
    names: Sequence[str],
    *,
    known: Mapping[str, Any],
    gone: Sequence[Gone] = (),
    new: Sequence[New] = (),
) -> None:
    """Writes these columns of the row that has the `known` values, and with it the rest; raises
    Overtaken, and writes nothing, where there is no such row any more."""
    connection = connections[DEFAULT_DB_ALIAS]
    update = _updating(row, names, known, connection)
    parts = [_deleting(each, connection) for each in gone]
    parts += _inserts(new, connection, has_condition=True)
    if connection.vendor == "postgresql":
        sql = _if_swapped(update.sql, *(part.sql for part in parts))
        if not _execute(connection, sql, [update, *parts]):
            raise Overtaken
        return
    with transaction.atomic():
        if not _execute(connection, update.sql, [update]):
            raise Overtaken
        for part in parts:
            _execute(connection, part.sql, [part])


def require_no_options(args: tuple[Any, ...], options: dict[str, Any]) -> None:
    """Of a `save` that writes a new row by `insert`; what `create` passes on is what that does."""
    asked = {name for name, value in options.items() if value}
    is_elsewhere = options.get("using") not in {None, DEFAULT_DB_ALIAS}
    if args or is_elsewhere or not asked <= {"force_insert", "using"}:
        raise TypeError("A new row is written whole, and to the default database.")


def saved(row: models.Model) -> None:
    """What Django notes of a row that it inserted, once it is known that it was."""
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def _execute(connection: Any, sql: str, parts: Sequence[Part]) -> int:
    """How many rows it wrote, or returned."""
    with statement_cursor(connection) as cursor:
        cursor.execute(sql, [value for part in parts for value in part.values])
        return int(cursor.rowcount)


def _inserts(
    rows: Sequence[New], connection: Any, *, has_condition: bool = False
) -> Iterator[Part]:
    """A statement for each model. Of several rows PostgreSQL's is the same, however many: each
    column goes as an array. Those that a condition is added to, which are its alone, SELECT."""
    is_postgresql = connection.vendor == "postgresql"
    for model, group in groupby(rows, lambda row: row.model):
        names = _columns(model)
        values = [_prepared(model, names, row.values, connection) for row in group]
        if is_postgresql and len(values) > 1:
            yield Part(_insert_arrays(model), [list(each) for each in zip(*values, strict=True)])
        elif is_postgresql and has_condition:
            yield Part(_insert_selected(model), values[0])
        else:
            yield Part(_insert(model, len(values)), [each for row in values for each in row])


def _updating(
    row: models.Model, names: Sequence[str], known: Mapping[str, Any], connection: Any
) -> Part:
    model, told = type(row), tuple(name for name, value in known.items() if value is not None)
    absent = tuple(name for name, value in known.items() if value is None)
    values = _prepared(model, names, row.__dict__, connection)
    values += _prepared(model, told, known, connection)
    return Part(_update(model, tuple(names), told, absent), values)


def _deleting(rows: Gone, connection: Any) -> Part:
    conditions, values = [], []
    for name, sought in rows.values.items():
        known = sought if isinstance(sought, list) else [sought]
        known = [_prepared(rows.model, [name], {name: each}, connection)[0] for each in known]
        if connection.vendor == "postgresql":  # one statement, however many they are
            conditions.append(f'"{name}" = ANY(%s)')
            values.append(known)
        else:
            conditions.append(f'"{name}" IN ({", ".join(["%s"] * len(known))})')
            values += known
    return Part(_delete(rows.model, " AND ".join(conditions)), values)


# Values -----------------------------------------------------------------------------------------


def _prepared(
    model: type[models.Model], names: Sequence[str], values: Mapping[str, Any], connection: Any
) -> list[Any]:
    how = _how(model, connection.vendor)
    return [
        values[name] if how[name] is None else how[name](values[name], connection) for name in names
    ]


@cache
def _how(model: type[models.Model], vendor: str) -> dict[str, Any]:
    """What makes a field's value the database's, by name; None where it is that already."""
    return {each.attname: _preparing(each, vendor) for each in model._meta.concrete_fields}


def _preparing(field: Any, vendor: str) -> Callable[[Any, Any], Any] | None:
    field = field.target_field if field.is_relation else field
    if isinstance(field, models.CharField | models.TextField):
        return None
    if vendor == "postgresql":
        if isinstance(field, models.UUIDField | models.DateTimeField):
            return None
        if isinstance(field, models.JSONField):
            return _jsonb
    return field.get_db_prep_save


def _jsonb(value: Any, connection: Any) -> Any:
    return Jsonb(value, dumps=orjson.dumps)


# SQL --------------------------------------------------------------------------------------------


@cache
def _columns(model: type[models.Model]) -> tuple[str, ...]:
    """By `attname`, which is what a column is called. Not that which the database fills in."""
    fields = model._meta.local_concrete_fields
    return tuple(each.attname for each in fields if not isinstance(each, models.AutoField))


@cache
def _insert(model: type[models.Model], count: int) -> str:
    row = ", ".join(["%s"] * len(_columns(model)))
    return f"{_into(model)} VALUES {', '.join([f'({row})'] * count)}"


@cache
def _insert_selected(model: type[models.Model]) -> str:
    row = ", ".join(["%s"] * len(_columns(model)))
    return f"{_into(model)} SELECT {row} WHERE true"


@cache
def _insert_arrays(model: type[models.Model]) -> str:
    columns = ", ".join(f"%s::{_type(model, name)}[]" for name in _columns(model))
    return f"{_into(model)} SELECT * FROM unnest({columns}) WHERE true"  # noqa: S608


def _type(model: type[models.Model], name: str) -> str:
    """PostgreSQL's. A cast to a shorter type would cut a text, where the column refuses it."""
    field: Any = next(each for each in model._meta.concrete_fields if each.attname == name)
    kind = str(field.db_type(connections[DEFAULT_DB_ALIAS]))
    return "text" if kind.startswith("varchar") else kind


def _into(model: type[models.Model]) -> str:
    columns = ", ".join(f'"{name}"' for name in _columns(model))
    return f'INSERT INTO "{model._meta.db_table}" ({columns})'


@cache
def _update(
    model: type[models.Model],
    names: tuple[str, ...],
    told: tuple[str, ...],
    absent: tuple[str, ...],
) -> str:
    changes = ", ".join(f'"{name}" = %s' for name in names)
    known = [*(f'"{name}" = %s' for name in told), *(f'"{name}" IS NULL' for name in absent)]
    return f'UPDATE "{model._meta.db_table}" SET {changes} WHERE {" AND ".join(known)}'  # noqa: S608


@cache
def _delete(model: type[models.Model], known: str) -> str:
    return f'DELETE FROM "{model._meta.db_table}" WHERE {known}'  # noqa: S608


@cache
def _together(*statements: str) -> str:
    *first, last = statements
    named = ", ".join(f"part_{number} AS ({sql})" for number, sql in enumerate(first))
    return f"WITH {named} {last}" if first else last


@cache
def _if_swapped(update: str, *statements: str) -> str:
    """One row where the update found its own, and none, with nothing else done, where not."""
    parts = (f"{sql} AND EXISTS (SELECT FROM swapped)" for sql in statements)
    named = "".join(f", part_{number} AS ({sql})" for number, sql in enumerate(parts))
    return f"WITH swapped AS ({update} RETURNING 1){named} SELECT 1 FROM swapped"  # noqa: S608
