"""Lists in pages: by what rows sort by, never by how many there were (keyset paging)."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet

from prompts import cursors
from prompts.cursors import Cursor, MalformedCursor
from prompts.models.expressions import ByCodePoint


class Sort(NamedTuple):
    """What a list can be in order of: a field, and then the key."""

    field: str | None  # None: the key alone
    read: Callable[[Any], Any] = lambda value: value  # of a cursor; raises ValueError, TypeError
    by_code_point: bool = False
    is_nullable: bool = False  # rows without a value come last, in either direction

    def value(self, row: Any) -> Any:
        """As JSON has it."""
        if self.field is None:
            return None
        value = getattr(row, self.field)
        return value.isoformat() if isinstance(value, datetime) else value


class Order(NamedTuple):
    """A list's order as it was asked for: `-updatedAt`."""

    name: str
    sort: Sort
    key: str = "pk"  # of the rows' model
    by: str | None = None  # where an index has the key in this order, if it is elsewhere
    of: str = ""  # which list, as its cursors say

    @property
    def is_descending(self) -> bool:
        return self.name.startswith("-")

    def parts(self, rows: QuerySet[Any], at: Cursor | None = None) -> list[QuerySet[Any]]:
        """The rows in order, or those beyond a cursor's; in parts, one after another, each of which
        an index has in that order. Raises MalformedCursor."""
        is_back = at is not None and at.is_back
        rows = self._sorted(rows, is_descending=self.is_descending is not is_back)
        if not self.sort.is_nullable:
            return [rows.filter(self._beyond(at)) if at else rows]
        with_value, without = rows.filter(sorted_by__isnull=False), rows.filter(sorted_by=None)
        parts = [without, with_value] if is_back else [with_value, without]
        if at is None:
            return parts
        begun = without if self._value(at) is None else with_value
        rest = parts[1:] if begun is parts[0] else []
        return [begun.filter(self._beyond(at)), *rest]

    def _sorted(self, rows: QuerySet[Any], *, is_descending: bool) -> QuerySet[Any]:
        by_key = f"{'-' if is_descending else ''}{self.by or self.key}"
        if self.sort.field is None:
            return rows.order_by(by_key)
        by_field = F("sorted_by").desc() if is_descending else F("sorted_by").asc()
        return rows.alias(sorted_by=self._expression()).order_by(by_field, by_key)

    def _beyond(self, at: Cursor) -> Q:
        comes = "lt" if self.is_descending is not at.is_back else "gt"
        by_key = Q(**{f"{self.by or self.key}__{comes}": at.key})
        value = None if self.sort.field is None else self._value(at)
        if value is None:
            return by_key
        # The first condition says nothing new, but is one that an index can begin at.
        return Q(**{f"sorted_by__{comes}e": value}) & (Q(**{f"sorted_by__{comes}": value}) | by_key)

    def cursor(self, row: Any, *, is_back: bool) -> str:
        return Cursor(self.of, is_back, [self.sort.value(row)], getattr(row, self.key)).encode()

    def _expression(self) -> Any:
        field = self.sort.field
        return ByCodePoint(field) if self.sort.by_code_point else F(str(field))

    def _value(self, cursor: Cursor) -> Any:
        try:
            (value,) = cursor.values
            if value is None and self.sort.is_nullable:
                return None
            return self.sort.read(value)
        except (ValueError, TypeError, OverflowError) as error:
            raise MalformedCursor from error


class Page(NamedTuple):
    rows: list[Any]
    cursors: Mapping[str, str | None]  # by relation: `first`, `prev`, `next`


def page(rows: QuerySet[Any], order: Order, *, limit: int, cursor: str | None) -> Page:
    """At most `limit` of the rows from the cursor on; at most a statement for each part of them.
    Raises MalformedCursor."""
    at = cursors.decode(cursor, of=order.of) if cursor is not None else None
    is_back = at is not None and at.is_back
    found: list[Any] = []
    for part in order.parts(rows, at):
        found += part[: limit + 1 - len(found)]
    is_more, found = len(found) > limit, found[:limit]
    if is_back:
        found.reverse()
    links: dict[str, str | None] = {"first": None}
    if found and (is_more if is_back else at):
        links["prev"] = order.cursor(found[0], is_back=True)
    if found and (is_back or is_more):
        links["next"] = order.cursor(found[-1], is_back=False)
    return Page(found, links)


def moment(value: Any) -> datetime:
    """Of a cursor; raises ValueError, TypeError, OverflowError."""
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError(value)
    return found.astimezone(UTC)


def text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(value)
    value.encode()  # no lone surrogate
    return value


def number(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= 1e9:
        raise ValueError(value)
    return value


def of(sorts: Mapping[str, Sort], name: str, **keys: str) -> Order:
    return Order(name, sorts[name.removeprefix("-")], **keys)


PROMPTS = {
    "createdAt": Sort(None),
    "updatedAt": Sort("updated_at", moment),
    "title": Sort("title", text, by_code_point=True),
}
VERSIONS = {**PROMPTS, "updatedAt": Sort("created_at", moment)}  # of prompts, as of a label
LOGS = {"createdAt": Sort(None), "score": Sort("score", number, is_nullable=True)}
