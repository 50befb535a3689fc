"""Prompts as lists show them: rows of text that become JSON without becoming anything else first.

To make keys, times and JSON into Python's objects, and those into text again, was most of what a
list of 100 cost. Here the database gives the text that it has, and a prompt is a few of these, one
after another.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast, Substr

from promptcrafter import ids

PREVIEW = 200  # characters

Row = Sequence[Any]
Write = Callable[[Any], bytes]


def with_preview(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.annotate(preview=Substr("content", 1, PREVIEW))


def as_text(
    rows: QuerySet[Any], content: str, *, first: Sequence[str] = (), whole: str = "content"
) -> QuerySet[Any, Any]:
    """The columns `first`, and then those of a Row, with its content (`full`), which is in the
    column `whole`, the `preview` of it, or `none`."""
    names = ["id", *(column for column, *_ in _columns(content))]
    casts = {f"{name}_text": Cast(F(name), TextField()) for name in names if name in _AS_TEXT}
    shown = (f"{name}_text" if name in _AS_TEXT else name for name in names)
    columns = (whole if name == "content" else name for name in shown)
    return with_preview(rows).annotate(**casts).values_list(*first, *columns)


def written(rows: Iterable[Row], content: str, *, owner: UUID) -> list[bytes]:
    """Each of one or more as JSON, as PromptSerializer shows that owner's prompt."""
    columns = _columns(content)
    fields = ",".join(f'"{name}":%b' for _, name, _ in columns)
    template = f'{{"_id":"%b","ownerId":"{ids.encode("user", owner)}",{fields}}}'.encode()
    keys, *texts = zip(*rows, strict=True)
    values = [map(write, text) for (_, _, write), text in zip(columns, texts, strict=True)]
    encoded = map(str.encode, ids.encode_all("prompt", keys))
    return list(map(template.__mod__, zip(encoded, *values, strict=True)))


def key(row: Row) -> UUID:
    return UUID(row[0])


def updated_at(row: Row) -> datetime:
    return datetime.fromisoformat(row[-1]).replace(tzinfo=UTC)


def _columns(content: str) -> list[tuple[str, str, Write]]:
    """Column, name and how it is written, in the order that they are shown in."""
    left_out = {"full": {"preview"}, "preview": {"content"}}.get(content, {"preview", "content"})
    return [each for each in _SHOWN if each[0] not in left_out]


def _json(text: str) -> bytes:
    """Without the spaces that the databases put into it."""
    return text.encode() if len(text) == 2 else orjson.dumps(orjson.loads(text))


def _moment(text: str) -> bytes:
    """`2026-11-24 08:00:00.123456` in UTC, from which PostgreSQL takes zeros at the end and to
    which it adds `+00`."""
    text = text.removesuffix("+00")
    if "." in text:
        text = text.ljust(26, "0")
    return f'"{text[:10]}T{text[11:]}Z"'.encode()


_SHOWN: list[tuple[str, str, Write]] = [
    ("title", "title", orjson.dumps),
    ("content", "content", orjson.dumps),
    ("preview", "preview", orjson.dumps),
    ("model", "model", orjson.dumps),
    ("tags", "tags", _json),
    ("variables", "variables", _json),
    ("version", "version", orjson.dumps),
    ("labels", "labels", _json),
    ("created_at", "createdAt", _moment),
    ("updated_at", "updatedAt", _moment),
]
_AS_TEXT = {"id", *(column for column, _, write in _SHOWN if write in {_json, _moment})}
