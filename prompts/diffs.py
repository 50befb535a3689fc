"""What differs between two versions of a prompt. Pure; knows no Django."""

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from prompts import rendering

FIELDS = ("title", "content", "model", "tags")

# difflib takes quadratic time, 0.3 s at worst for this many pairs of lines.
MAX_PAIRS_OF_LINES = 4_000_000


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each field that differs, as {"field", "before", "after"}."""
    return [
        {"field": field, "before": before[field], "after": after[field]}
        for field in FIELDS
        if before[field] != after[field]
    ]


def variable_changes(before: str, after: str) -> dict[str, list[str]]:
    """The variables that one text has and the other has not, as {"added", "removed"}."""
    old, new = rendering.variables(before), rendering.variables(after)
    return {
        "added": [name for name in new if name not in old],
        "removed": [name for name in old if name not in new],
    }


def unified(before: str, after: str, *, names: tuple[str, str]) -> str:
    """The unified diff of two texts, as `diff -u` and git write it; empty for equal texts."""
    old, new = _lines(before), _lines(after)
    return "".join(_header(names) if old != new else "") + "".join(
        _hunk(old, new, group) for group in _matcher(old, new).get_grouped_opcodes(3)
    )


Opcodes = list[tuple[str, int, int, int, int]]


def _header(names: tuple[str, str]) -> str:
    return f"--- {names[0]}\n+++ {names[1]}\n"


def _lines(text: str) -> list[str]:
    """Split at LF alone, which each line keeps; str.splitlines would split at U+2028 too."""
    *whole, rest = text.split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])


def _matcher(old: list[str], new: list[str]) -> "SequenceMatcher[str]":
    """difflib's, but for the lines that both texts begin and end with, and for huge texts: what
    is between those is then told as one replacement."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    matcher = SequenceMatcher(None, old, new)
    if len(middle_old) * len(middle_new) > MAX_PAIRS_OF_LINES:
        inner: Opcodes = [("replace", 0, len(middle_old), 0, len(middle_new))]
    else:
        inner = SequenceMatcher(None, middle_old, middle_new).get_opcodes()  # type: ignore[assignment]
    # get_grouped_opcodes() takes these instead of its own.
    matcher.opcodes = [  # type: ignore[attr-defined]
        *([("equal", 0, start, 0, start)] if start else []),
        *((tag, a + start, b + start, c + start, d + start) for tag, a, b, c, d in inner),
        *([("equal", len(old) - end, len(old), len(new) - end, len(new))] if end else []),
    ]
    return matcher


def _common(old: list[str], new: list[str]) -> int:
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
