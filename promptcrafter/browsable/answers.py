"""An answer for a reader: tables of what is a list, and all of it as JSON with marks."""

import json
import re
from typing import Any, NamedTuple

import orjson
from django.utils.html import format_html, format_html_join

from promptcrafter.browsable.links import home_of, row_page
from promptcrafter.wire import to_json

ROWS_MAX = 500  # of a list on one page
SHOWN = 300  # characters of a text in a list
CELL = 100  # of a text in a table
SHORT = 24  # on one line there
LONG = 120  # from there on a text stands by itself
SAID = {"title", "sentence"}  # as the heading, and in large

FIRST = {"_id", "output"}  # so that a narrow screen shows them

# What says little in a table, or is too long for one.
NOT_IN_TABLES = {"content", "variables", "ownerId", "authorId", "actorId", "histogram", "matches"}

_TOKEN = re.compile(
    r'(?P<text>"(?:[^"\\]++|\\.)*+")(?P<colon>:)?|(?P<number>-?\d[\d.eE+-]*)|true|false|null'
)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)[\d:.]*Z")

Row = dict[str, Any]


class Cell(NamedTuple):
    text: str = ""
    kind: str = ""  # time, number, id, chips, short
    href: str | None = None
    chips: list[str] = []


class Table(NamedTuple):
    caption: str
    columns: list[str]
    rows: list[list[Cell]]


class Answer:
    """What was answered, as JSON has it, and where."""

    def __init__(self, data: Any, *, template: str, path: str) -> None:
        self.data = orjson.loads(to_json(data))
        self.template, self.path = template, path
        self.count = len(self.data) if isinstance(self.data, list) else None
        if self.is_cut:
            self.data = self.data[:ROWS_MAX]

    @property
    def is_cut(self) -> bool:
        return self.count is not None and self.count > ROWS_MAX

    @property
    def fields(self) -> Row:
        return self.data if isinstance(self.data, dict) else {}

    def json(self) -> Any:
        """Indented, with a span for each token, and links from ids."""
        text = json.dumps(self.data, indent=2, ensure_ascii=False)  # orjson stops at depth 254
        pieces, at = [], 0
        for match in _TOKEN.finditer(text):
            pieces.append((text[at : match.start()], *self._marked(match)))
            at = match.end()
        marked = format_html_join("", '{}<span class="{}">{}</span>{}', pieces)
        return format_html("{}{}", marked, text[at:])

    def _marked(self, match: re.Match[str]) -> tuple[Any, ...]:
        text, colon = match["text"], match["colon"] or ""
        if text is None:
            return "number" if match["number"] else "word", match[0], ""
        if colon:
            return "key", text, colon
        href = home_of(text[1:-1], self.path)
        if href:
            return "text", format_html('<a href="{}">{}</a>', href, text), ""
        if self.count is not None and len(text) > SHOWN:
            return "text", f"{text[:SHOWN]}… {len(text) - SHOWN} more characters", ""
        return "text", text, ""

    # Tables -------------------------------------------------------------------------------------

    def tables(self) -> list[Table]:
        """Of the list; of one thing, of each list in it, and of two sides that are compared."""
        lists: dict[str, Any] = {"": self.data} if self.count is not None else dict(self.fields)
        if {"a", "b"} <= lists.keys():
            lists[""] = [{"side": side, **lists[side]} for side in ("a", "b")]
        return [
            self._table(name, [_flat(row) for row in rows])
            for name, rows in lists.items()
            if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows)
        ]

    def _table(self, caption: str, rows: list[Row]) -> Table:
        names = list(dict.fromkeys(name for row in rows for name in row))
        columns = [name for name in names if any(_fits(name, row.get(name)) for row in rows)]
        if "title" in columns and "_id" in names:  # which is the link
            columns = ["title", *(name for name in columns if name not in {"title", "_id"})]
        columns.sort(key=lambda name: name not in FIRST)
        if "updatedAt" in columns and "createdAt" in columns:
            columns.remove("createdAt")
        return Table(caption, columns, [self._cells(row, columns) for row in rows])

    def _cells(self, row: Row, columns: list[str]) -> list[Cell]:
        cells = {name: self._cell(row.get(name)) for name in columns}
        name, page = row_page(self.template, self.path, row)
        if "title" in columns and not name:
            name, page = "title", home_of(str(row.get("_id") or row.get("promptId")), self.path)
        if name in cells:
            cells[name] = cells[name]._replace(href=page)
        return list(cells.values())

    def _cell(self, value: Any) -> Cell:
        if isinstance(value, str):
            return self._of_text(value)
        if isinstance(value, bool):
            return Cell("yes" if value else "no")
        if isinstance(value, int | float):
            return Cell(str(round(value, 3) or value), "number")
        if isinstance(value, dict) and value.keys() == {"low", "high"}:
            low, high = value["low"], value["high"]
            if isinstance(low, float) and isinstance(high, float):
                return Cell(f"{low:.2f} – {high:.2f}", "number")
        if isinstance(value, dict):
            told = [f"{name} {each}" for name, each in value.items() if each is not None]
            return Cell(kind="chips", chips=told)
        if isinstance(value, list):
            return Cell(kind="chips", chips=[str(each) for each in value])
        return Cell("–", "short")

    def _of_text(self, value: str) -> Cell:
        if at := _TIME.fullmatch(value):
            return Cell(f"{at[1]} {at[2]}", "time")
        if href := home_of(value, self.path):
            return Cell(f"{value.partition('_')[0]}_…{value[-6:]}", "id", href)
        kind = "short" if len(value) <= SHORT else ""
        return Cell(value if len(value) <= CELL else f"{value[:CELL]}…", kind)

    # One thing ----------------------------------------------------------------------------------

    def facts(self) -> list[tuple[str, Cell]]:
        """Its short fields, without those that the page says already."""
        short = {name: value for name, value in self.fields.items() if not _is_long(value)}
        told = [name for name in short if name not in SAID and _is_told(short[name])]
        return [(name, self._cell(short[name])) for name in told]

    def texts(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Its long fields, in lines; those of a diff by what became of them."""
        long = {name: value for name, value in self.fields.items() if _is_long(value)}
        names = [name for name in long if name not in SAID]
        return [(name, _lines(long[name], is_diff=name == "contentDiff")) for name in names]


def _flat(row: Row) -> Row:
    """With the fields of what stands inside, as a prompt does in an item of a batch."""
    inner = [value for value in row.values() if isinstance(value, dict) and "_id" in value]
    return {**row, **inner[0]} if inner else row


def _fits(name: str, value: Any) -> bool:
    return name not in NOT_IN_TABLES and _is_told(value)


def _is_told(value: Any) -> bool:
    """A word, or some words."""
    if value in (None, "", [], {}):
        return False
    inner = value.values() if isinstance(value, dict) else value
    if isinstance(inner, str) or not hasattr(inner, "__iter__"):
        return True
    return not any(isinstance(each, dict | list) for each in inner)


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and (len(value) > LONG or "\n" in value)


def _lines(text: str, *, is_diff: bool) -> list[tuple[str, str]]:
    """Each with its class."""
    kinds = {"+": "added", "-": "removed", "@": "place"} if is_diff else {}
    return [(kinds.get(line[:1], ""), line) for line in text.splitlines(keepends=True)]
