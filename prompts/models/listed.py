"""Prompts as lists show them: rows of text that are shown without becoming instances first.

To make keys, times and JSON into Python's objects, one by one, and those into text again was most
of what a list of 100 cost. Here the database gives what costs it the least, and what it gives is
made into what is shown a column at a time.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import repeat
from typing import Any
from uuid import UUID

import orjson
from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast, Substr

from promptcrafter import ids

PREVIEW = 200  # characters

Row = Sequence[Any]
Column = Iterable[Any]


class Moment(Cast):
    """A time, as text where the database keeps it so."""

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return compiler.compile(self.source_expressions[0])


def with_preview(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.annotate(preview=Substr("content", 1, PREVIEW))


def as_text(
    rows: QuerySet[Any], content: str, *, first: Sequence[str] = (), whole: str = "content"
) -> QuerySet[Any, Any]:
    """The columns `first`, and then those of a Row, with its content (`full`), which is in the
    column `whole`, the `preview` of it, or `none`."""
    names = ["id", *(name for name, _ in _columns(content))]
    casts = {f"{name}_text": _CASTS[name](F(name), TextField()) for name in names if name in _CASTS}
    shown = (f"{name}_text" if name in _CASTS else name for name in names)
    columns = (whole if name == "content" else name for name in shown)
    return with_preview(rows).annotate(**casts).values_list(*first, *columns)


def shown(rows: Iterable[Row], content: str, *, owner: UUID) -> list[dict[str, Any]]:
    """Each of one or more, as PromptSerializer shows that owner's prompt."""
    columns = _columns(content)
    keys, *values = zip(*rows, strict=True)
    names = ("_id", "ownerId", *(_NAMES.get(name, name) for name, _ in columns))
    read = (read(column) for (_, read), column in zip(columns, values, strict=True))
    owners = [ids.encode("user", owner)] * len(keys)
    shown = zip(ids.encode_all("prompt", keys), owners, *read, strict=True)
    return list(map(dict, map(zip, repeat(names), shown)))


def key(row: Row) -> UUID:
    return UUID(row[0])


def updated_at(row: Row) -> datetime:
    last: datetime | str = row[-1]
    return last if isinstance(last, datetime) else datetime.fromisoformat(last).replace(tzinfo=UTC)


def _columns(content: str) -> list[tuple[str, Callable[[Column], Column]]]:
    """Each with how it is read, in the order that they are shown in."""
    left_out = {"full": {"preview"}, "preview": {"content"}}.get(content, {"preview", "content"})
    return [each for each in _SHOWN if each[0] not in left_out]


def _as_is(column: Column) -> Column:
    return column


def _json(column: Column) -> Column:
    return map(orjson.loads, column)


def _moments(column: Column) -> Column:
    """A text is SQLite's: `2026-11-24 08:00:00.123456`, in UTC."""
    return [f"{each[:10]}T{each[11:]}Z" if isinstance(each, str) else each for each in column]


_SHOWN = [
    ("title", _as_is),
    ("content", _as_is),
    ("preview", _as_is),
    ("model", _as_is),
    ("tags", _json),
    ("variables", _json),
    ("version", _as_is),
    ("labels", _json),
    ("created_at", _moments),
    ("updated_at", _moments),
]
_CASTS = {"id": Cast, "tags": Cast, "variables": Cast, "labels": Cast}
_CASTS |= {"created_at": Moment, "updated_at": Moment}
_NAMES = {"created_at": "createdAt", "updated_at": "updatedAt"}
