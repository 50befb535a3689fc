"""What differs between two versions of a prompt. Pure; knows no Django."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, NamedTuple

from prompts import rendering

FIELDS = ("title", "content", "model", "tags")

# Of comparing lines: half a second's worth, after which two texts have hardly a line in common.
MAX_STEPS = 2_000_000

CONTEXT = 3  # lines around a change

Opcodes = list[tuple[str, int, int, int, int]]


class Line(NamedTuple):
    """One line of a text: its number from 1, and its pieces, each with whether it changed."""

    number: int
    pieces: list[tuple[str, bool]]


class Row(NamedTuple):
    """Two lines side by side, None where there is none; of both None, `left_out` equal lines."""

    old: Line | None
    new: Line | None
    left_out: int = 0

    @property
    def is_changed(self) -> bool:
        return not (self.old and self.new) or any(
            changed for _, changed in self.old.pieces + self.new.pieces
        )


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each field that differs, as {"field", "before", "after"}."""
    return [
        {"field": field, "before": before[field], "after": after[field]}
        for field in FIELDS
        if before[field] != after[field]
    ]


def variable_changes(before: str, after: str) -> dict[str, list[str]]:
    """The variables that one text has and the other has not, as {"added", "removed"}."""
    old, new = ([each.name for each in rendering.variables(text)] for text in (before, after))
    kept = {*old} & {*new}
    return {
        "added": [name for name in new if name not in kept],
        "removed": [name for name in old if name not in kept],
    }


def unified(before: str, after: str, *, names: tuple[str, str]) -> str:
    """The unified diff of two texts, as `diff -u` and git write it; empty for equal texts."""
    if before == after:
        return ""
    old, new = _lines(before), _lines(after)
    grouping = SequenceMatcher()
    grouping.opcodes = _opcodes(old, new)  # type: ignore[attr-defined]  # instead of its own
    hunks = (_hunk(old, new, group) for group in grouping.get_grouped_opcodes(3))
    return f"--- {names[0]}\n+++ {names[1]}\n" + "".join(hunks)


def side_by_side(before: str, after: str) -> list[Row]:
    """Both texts, line beside line, with the words that differ marked; of equal lines only those
    around a change."""
    if before == after:
        return []
    old, new = before.split("\n"), after.split("\n")
    opcodes = _opcodes(old, new)
    steps = MAX_STEPS // (
        1 + sum(max(b - a, d - c) for tag, a, b, c, d in opcodes if tag == "replace")
    )
    rows: list[Row] = []
    for place, (tag, a, b, c, d) in enumerate(opcodes):
        if tag == "equal":
            rows += _equal(old[a:b], a, c, is_first=place == 0, is_last=place == len(opcodes) - 1)
        else:
            rows += _paired(old[a:b], new[c:d], a, c, steps)
    return rows


def _equal(lines: list[str], a: int, c: int, *, is_first: bool, is_last: bool) -> Iterator[Row]:
    head, tail = 0 if is_first else CONTEXT, 0 if is_last else CONTEXT
    left_out = len(lines) - head - tail
    for at, line in enumerate(lines):
        if left_out <= 1 or at < head or at >= len(lines) - tail:
            piece = [(line, False)]
            yield Row(Line(a + at + 1, piece), Line(c + at + 1, piece))
        elif at == head:
            yield Row(None, None, left_out)


def _paired(old: list[str], new: list[str], a: int, c: int, steps: int) -> Iterator[Row]:
    for at, (before, after) in enumerate(zip_longest(old, new)):
        if before is None:
            yield Row(None, Line(c + at + 1, [(after, True)]))
        elif after is None:
            yield Row(Line(a + at + 1, [(before, True)]), None)
        else:
            left, right = _pieces(before, after, steps)
            yield Row(Line(a + at + 1, left), Line(c + at + 1, right))


def _pieces(before: str, after: str, steps: int) -> tuple[list[tuple[str, bool]], ...]:
    """Of both lines, where their words differ."""
    old, new = (re.findall(r"\w+|\s+|[^\w\s]", line) for line in (before, after))
    opcodes = _opcodes(old, new, steps)
    return (
        [("".join(old[a:b]), tag != "equal") for tag, a, b, _, _ in opcodes if a < b],
        [("".join(new[c:d]), tag != "equal") for tag, _, _, c, d in opcodes if c < d],
    )


def _lines(text: str) -> list[str]:
    """Split at LF alone, which each line keeps; str.splitlines would split at U+2028 too."""
    *whole, rest = text.split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])


def _opcodes(old: Sequence[str], new: Sequence[str], steps: int = MAX_STEPS) -> Opcodes:
    """How to make the one of the other, as difflib tells it but by the fewest lines.

    What both begin and end with is set aside. Where the rest would take too long, it is told as one
    replacement.
    """
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    numbers: dict[str, int] = {}
    a, b = (
        [numbers.setdefault(line, len(numbers)) for line in lines[start : len(lines) - end]]
        for lines in (old, new)
    )
    inner = [(start + i, start + j, size) for i, j, size in _common_runs(a, b, steps) or []]
    runs = [(0, 0, start), *inner, (len(old) - end, len(new) - end, end)]
    opcodes: Opcodes = []
    i = j = 0
    for at_old, at_new, size in runs:
        if i < at_old or j < at_new:
            tag = "insert" if i == at_old else "delete" if j == at_new else "replace"
            opcodes.append((tag, i, at_old, j, at_new))
        i, j = at_old + size, at_new + size
        if size:
            opcodes.append(("equal", at_old, i, at_new, j))
    return opcodes


def _common_runs(a: list[int], b: list[int], most: int) -> list[tuple[int, int, int]] | None:
    """The runs that a shortest edit keeps, as (place in a, place in b, length), in order; None
    where it takes more steps than `most` to find.

    E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986), figure
    2: `reach[k]` is how far into `a` the best path on diagonal k has come. Negative diagonals count
    from the list's end, which is how Python reads a negative index.
    """
    reach = [0] * (2 * (len(a) + len(b)) + 3)
    trace, steps = [], 0
    for edits in range(len(a) + len(b) + 1):
        trace.append(reach[: edits + 2] + reach[-edits - 1 :])
        for k in range(-edits, edits + 1, 2):
            is_down = k == -edits or (k != edits and reach[k - 1] < reach[k + 1])
            x = start = reach[k + 1] if is_down else reach[k - 1] + 1
            while x < len(a) and x - k < len(b) and a[x] == b[x - k]:
                x += 1
            reach[k] = x
            steps += 2 + x - start
            if x >= len(a) and x - k >= len(b):
                return _walk_back(trace, x, x - k)
        if steps > most:
            return None
    raise AssertionError("a text is made of another by dropping and adding all")


def _walk_back(trace: list[list[int]], x: int, y: int) -> list[tuple[int, int, int]]:
    runs = []
    for edits, reach in reversed(list(enumerate(trace))):
        k = x - y
        is_down = k == -edits or (k != edits and reach[k - 1] < reach[k + 1])
        from_x = reach[k + 1] if is_down else reach[k - 1]
        from_y = from_x - (k + 1 if is_down else k - 1)
        start = from_x if is_down else from_x + 1
        if x > start:
            runs.append((start, start - k, x - start))
        x, y = from_x, from_y
    return runs[::-1]


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines both begin with."""
    pairs = zip(old, new, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(old), len(new)))


def _hunk(old: list[str], new: list[str], group: Opcodes) -> str:
    first, last = group[0], group[-1]
    ranges = f"-{_range(first[1], last[2])} +{_range(first[3], last[4])}"
    return f"@@ {ranges} @@\n" + "".join(_marked(old, new, group))


def _range(start: int, stop: int) -> str:
    """Lines count from 1; an empty range names the line before it."""
    length = stop - start
    if length == 1:
        return f"{start + 1}"
    return f"{start + 1 if length else start},{length}"


def _marked(old: list[str], new: list[str], group: Opcodes) -> Iterator[str]:
    for tag, a, b, c, d in group:
        if tag == "equal":
            yield from (_line(" ", line) for line in old[a:b])
            continue
        yield from (_line("-", line) for line in old[a:b])
        yield from (_line("+", line) for line in new[c:d])


def _line(mark: str, line: str) -> str:
    return (
        f"{mark}{line}" if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"
    )
