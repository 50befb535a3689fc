"""What it means for a prompt to match, and how well.

Every term of a query occurs somewhere in the title, the tags or the content, case aside. Each
scores by its best place, and a prompt by the sum of its terms:

              a whole word    the beginning of a word    inside a word
    title     9               8                          7
    tags      6               5                          4
    content   3               2                          1

Both databases fold case beyond ASCII in ways people don't expect (SQLite not at all), so the text
is folded here, once, when it is written, and the terms when they are looked for.
"""

import heapq
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate, islice
from typing import Any, NamedTuple

OCCURRENCES = 1_000  # that are looked at in one field; those behind them make no match better
LOOKED_THROUGH = 10_000  # characters; to tell where a match is takes 4 µs for each in some scripts


def fold(text: str) -> str:
    """`text` as it is matched: NFKC, case-folded (Unicode's toNFKC_Casefold, less its removal of
    ignorable characters).

    Runs of combining marks are broken up first, after UAX #15's Stream-Safe Text Format: ordering
    one run takes quadratic time, a minute for a hostile 200,000 characters.
    """
    if text.isascii():
        return text.lower()
    if _PERHAPS_A_LONG_RUN.search(text):
        text = _long_run_of_marks().sub("\\1\N{COMBINING GRAPHEME JOINER}", text)
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", text).casefold())


def document(title: str, content: str, tags: Iterable[str]) -> str:
    """All that is searched of one prompt: a line with its title, one with its tags, the content.

    A term holds no white space, so none spans two of them, and other white space is as good.
    """
    return fold("\n".join([_on_one_line(title), _on_one_line(" ".join(tags)), content]))


def fields(document: str) -> list[str]:
    """The folded title, tags and content."""
    return document.split("\n", 2)


def terms(query: str) -> list[str]:
    """The folded terms of a query, each once; no character in them is an operator."""
    return list(dict.fromkeys(fold(query).split()))


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


# How well ---------------------------------------------------------------------------------------


class Term:
    """A folded term, ready to be looked for in folded text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._opens, self._closes = is_of_words(text[0]), is_of_words(text[-1])

    def points(self, fields: Sequence[str]) -> int:
        """Of its best place in title, tags and content; 0 where it occurs in none of them."""
        for field, most in zip(fields, (9, 6, 3), strict=True):
            at = field.find(self.text)
            if at >= 0:
                return most - self._least_loss(field, at)
        return 0

    def _least_loss(self, field: str, at: int) -> int:
        """0 for a whole word, 1 for the beginning of one, 2 for the inside, among the first
        occurrences; `at` is the first."""
        least, left = 2, OCCURRENCES
        while at >= 0 and left:
            if not (self._opens and at and is_of_words(field[at - 1])):
                end = at + len(self.text)
                if not (self._closes and end < len(field) and is_of_words(field[end])):
                    return 0
                least = 1
            at, left = field.find(self.text, at + 1), left - 1
        return least


def score(terms: Iterable[Term], fields: Sequence[str]) -> int:
    """The sum of the terms' points; 0 where one of them does not occur."""
    total = 0
    for term in terms:
        points = term.points(fields)
        if not points:
            return 0
        total += points
    return total


def is_of_words(char: str) -> bool:
    """Whether words are made of it: letters, digits, `_`, and the marks that letters carry."""
    return char.isalnum() or char == "_" or _is_mark(char)


def _is_mark(char: str) -> bool:
    return char >= "\u0300" and unicodedata.category(char)[0] == "M"


# Where ------------------------------------------------------------------------------------------


class Span(NamedTuple):
    """Characters of a text as it is stored, from `start` up to `end`."""

    start: int
    end: int


def spans(text: str, terms: Iterable[str], *, most: int) -> list[Span]:
    """Where the folded terms occur in `text`, which is not folded: by position, those that touch or
    overlap as one, and the first `most` of them; of the first occurrences.

    Where characters fold to several, or together, all of them are told: who looks for `s` finds
    the `ß`.
    """
    aligned = Aligned(text)
    found: list[Span] = []
    places = heapq.merge(*(_places(aligned.folded, term) for term in terms))
    for place in islice(places, OCCURRENCES):
        start, end = aligned.origin(place)
        if found and start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(end, found[-1].end))
        elif len(found) == most:
            break
        else:
            found.append(Span(start, end))
    return found


def matches(
    terms: Iterable[str], *, title: str, tags: Sequence[str], content: str, most: int = 100
) -> list[dict[str, Any]]:
    """`field`, `start` and `end` of each span, at most so many a text; a tag's with its `index`.
    Of a long content, those in its beginning."""
    content = content[:LOOKED_THROUGH]
    texts: list[tuple[dict[str, Any], str]] = [({"field": "title"}, title)]
    texts += [({"field": "tags", "index": number}, tag) for number, tag in enumerate(tags)]
    texts += [({"field": "content"}, content)]
    return [
        where | span._asdict() for where, text in texts for span in spans(text, terms, most=most)
    ]


def _places(folded: str, term: str) -> Iterator[Span]:
    at = folded.find(term)
    while at >= 0:
        yield Span(at, at + len(term))
        at = folded.find(term, at + len(term))


class Aligned:
    """A text folded piece by piece, which comes to the same, so that it is known which piece each
    folded character comes from."""

    def __init__(self, text: str) -> None:
        self._pieces = list(_pieces().finditer(text))
        known = {each: fold(each) for each in {piece[0] for piece in self._pieces}}
        folded = [known[piece[0]] for piece in self._pieces]
        self._folded_at = [0, *accumulate(map(len, folded))]
        self.folded = "".join(folded)
        self._is_even: dict[int, bool] = {}  # whether each character of a piece has become one

    def origin(self, place: Span) -> Span:
        """The characters of the text that a place in the folded one comes from."""
        return Span(self._origin(place.start).start, self._origin(place.end - 1).end)

    def _origin(self, at: int) -> Span:
        number = bisect_right(self._folded_at, at) - 1
        piece, start, end = self._pieces[number], *self._folded_at[number : number + 2]
        if number not in self._is_even:
            is_run = piece["each"] is not None
            folded = self.folded[start:end]
            self._is_even[number] = is_run or [*map(fold, piece[0])] == [*folded]
        if not self._is_even[number]:
            return Span(*piece.span())
        at += piece.start() - start
        return Span(at, at + 1)


@cache
def _pieces() -> re.Pattern[str]:
    """Runs of characters that each fold to one, and others with the marks that they carry: no
    character is composed with one of another piece, or moved past it (UAX #15)."""
    # Without ideographs and Hangul's syllables, each of which folds to one and joins nothing.
    ranges = [(0, 0x3400), (0xA000, 0xAC00), (0xF900, 0x17000), (0x1AFF0, 0x1F300)]
    every = [
        chr(code) for start, end in [*ranges, (0xE0100, 0xE01F0)] for code in range(start, end)
    ]
    joining = "".join(char for char in every if _joins(unicodedata.normalize("NFKD", char)[0]))
    several = "".join(char for char in every if len(fold(char)) != 1)
    return re.compile(f"(?P<each>[^{joining}{several}]+)(?![{joining}])|.[{joining}]*", re.DOTALL)


def _joins(char: str) -> bool:
    """Marks, and the vowels and final consonants of Hangul."""
    return _is_mark(char) or "\u1160" <= char <= "\u11ff"


# Unicode ----------------------------------------------------------------------------------------


def _combining_marks() -> str:
    """The characters that are combining marks, or decompose into such, as the inside of a regular
    expression's set. (U+0F73 is of class 0 and hides two marks that are not.)"""
    every = map(chr, range(0x300, 0x1E950))
    decomposed = ((char, unicodedata.normalize("NFKD", char)[0]) for char in every)
    return "".join(char for char, first in decomposed if unicodedata.combining(first))


_PERHAPS_A_LONG_RUN = re.compile("[\u0300-\U0010ffff]{31}")  # a third of folding is the other one


@cache  # it takes 0.2 s to make, and few ever need it
def _long_run_of_marks() -> re.Pattern[str]:
    marks = _combining_marks()
    return re.compile(f"([{marks}]{{30}})(?=[{marks}])")
