"""A place in a list, as clients carry it from page to page. Pure; opaque to them.

It names the last row that was seen, not how many there were, so that what is saved or deleted
meanwhile neither repeats a row nor hides one.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, NamedTuple
from uuid import UUID


class MalformedCursor(ValueError):
    def __init__(self) -> None:
        super().__init__("Send a cursor as a `Link` header gave it, to the same list.")


class Cursor(NamedTuple):
    of: str  # which list, in which order
    is_back: bool  # whether the page before the row is asked for, not the one after it
    values: list[Any]  # by which the row sorts, as JSON
    key: UUID  # of the row, which sorts those of equal values

    def encode(self) -> str:
        text = json.dumps([self.of, self.is_back, self.values, self.key.hex])
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(text: str, *, of: str) -> Cursor:
    """Raises MalformedCursor, also where the cursor is of another list."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        was, is_back, values, key = json.loads(urlsafe_b64decode(padded))
        cursor = Cursor(was, is_back, values, UUID(hex=key))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise MalformedCursor from error
    if was != of or not isinstance(is_back, bool) or not isinstance(values, list):
        raise MalformedCursor
    return cursor
