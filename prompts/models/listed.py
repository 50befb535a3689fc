"""Prompts as rows of the columns that lists show, rather than as instances."""

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Substr

PREVIEW = 200  # characters

# Column → name, in the order that they are shown in.
_SHOWN = {
    "title": "title",
    "content": "content",
    "preview": "preview",
    "model": "model",
    "tags": "tags",
    "variables": "variables",
    "version": "version",
    "labels": "labels",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
}


def with_preview(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.annotate(preview=Substr("content", 1, PREVIEW))


def columns(content: str) -> tuple[str, ...]:
    """Of a prompt, with its whole `content`, the `preview` of it, or neither; first the key."""
    left_out = {"full": {"preview"}, "preview": {"content"}}.get(content, {"preview", "content"})
    return ("pk", *(column for column in _SHOWN if column not in left_out))


def names(content: str) -> tuple[str, ...]:
    """By which they are shown, and their owner after the key."""
    return ("_id", "ownerId", *(_SHOWN[column] for column in columns(content)[1:]))
