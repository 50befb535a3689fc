"""Prompts as rows of a file, and back: what is written here is read here again as it was. Pure.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@`, be they of full width, or with a
tab or a line's end before it, for a formula, and runs it (OWASP, "CSV Injection"). Such a cell is
written with an apostrophe before it, which is read as none; so is one that begins with apostrophes
and then one of these.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from promptcrafter.texts import is_storable
from prompts import tags

Row = Mapping[str, Any]

READ = ("id", "version", "owner", "title", "content", "model", "tags", "message")
TOLD = ("labels", "createdAt", "updatedAt")  # written for people, not read
COLUMNS = tuple(name for name in READ if name != "message") + TOLD

_FORMULA = re.compile("'*[-=+@＝＋－＠\t\r\n]")
_ESCAPED = re.compile("'+[-=+@＝＋－＠\t\r\n]")

MOST = 5_000  # rows

# A cell may be as long as a prompt's text; the csv module has one limit for all, of 131,072.
csv.field_size_limit(10_000_000)


class Unreadable(ValueError):
    """The file is none of prompts; says why."""


def to_csv(rows: Iterable[Row]) -> Iterator[str]:
    """Lines end in CR LF (RFC 4180); the mark before the first tells spreadsheets of UTF-8."""
    line = io.StringIO()
    writer = csv.writer(line)
    yield "\ufeff"
    for cells in _cells(rows):
        writer.writerow(cells)
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def to_json(rows: Iterable[Row]) -> Iterator[str]:
    yield "["
    for number, row in enumerate(rows):
        yield ("," if number else "") + "\n" + json.dumps(row, ensure_ascii=False)
    yield "\n]\n"


def from_csv(text: str) -> list[Row]:
    """Raises Unreadable."""
    try:
        file = io.StringIO(text.removeprefix("\ufeff"), newline="")
        header, *lines = list(csv.reader(file)) or [[]]
    except csv.Error as error:
        raise Unreadable(f"This is no CSV file: {error}.") from error
    _check(header)
    if len(lines) > MOST:
        raise Unreadable(f"Send at most {MOST:,} rows at once.")
    rows = []
    for number, cells in enumerate(lines, 2):
        if len(cells) > len(header):
            raise Unreadable(f"Row {number} has more cells than the first row has names.")
        row = dict(zip(header, map(_unescaped, cells), strict=False))
        rows.append({name: cell for name, cell in row.items() if name in READ and cell})
    return [_with_tags(row) for row in rows if row]


def from_json(text: str) -> list[Row]:
    """Raises Unreadable."""
    try:
        rows = json.loads(text)
        is_text = is_storable(json.dumps(rows, ensure_ascii=False))
    except (ValueError, RecursionError) as error:
        raise Unreadable("This is no JSON file.") from error
    if not is_text:
        raise Unreadable("The file has a lone surrogate, which is no text.")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable("Write a list of objects, each a prompt: [{…}, {…}].")
    if len(rows) > MOST:
        raise Unreadable(f"Send at most {MOST:,} prompts at once.")
    _check({name: None for row in rows for name in row})
    for number, row in enumerate(rows, 1):
        _check_values(number, row)
    return [{name: value for name, value in row.items() if name in READ} for row in rows]


def _check(names: Iterable[str]) -> None:
    for name in names:
        if name not in {*READ, *TOLD}:
            raise Unreadable(f"There is no column `{name[:50]}`; there are {', '.join(READ)}.")
    if "title" not in names and "id" not in names:
        raise Unreadable(f"The first row must name the columns; there are {', '.join(READ)}.")


def _check_values(number: int, row: Row) -> None:
    for name, value in row.items():
        parts = value if name == "tags" and isinstance(value, list) else [value]
        if name in READ and any(isinstance(part, dict | list) for part in parts):
            raise Unreadable(f"In row {number} `{name}` is no text.")


def _cells(rows: Iterable[Row]) -> Iterator[list[str]]:
    yield list(COLUMNS)
    for row in rows:
        labels = ", ".join(f"{name}={number}" for name, number in row["labels"].items())
        told = {**row, "tags": tags.to_words(row["tags"]), "labels": labels}
        yield [_escaped(str(told[name])) for name in COLUMNS]


def _with_tags(row: Row) -> Row:
    try:
        return {**row, "tags": tags.from_words(row["tags"])} if "tags" in row else row
    except ValueError:
        return {**row, "tags": None}  # which is then no list of tags


def _escaped(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _unescaped(cell: str) -> str:
    return cell[1:] if _ESCAPED.match(cell) else cell
