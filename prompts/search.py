"""What it means for a prompt to match: every term occurs somewhere in its text, case aside.

Both databases fold case beyond ASCII in ways people don't expect (SQLite not at all), so the text
is folded here, once, when it is written, and the terms when they are looked for.
"""

import re
import unicodedata
from collections.abc import Iterable


def fold(text: str) -> str:
    """`text` as it is matched: NFKC, case-folded (Unicode's toNFKC_Casefold, less its removal of
    ignorable characters).

    Runs of combining marks are broken up first, after UAX #15's Stream-Safe Text Format: ordering
    one run takes quadratic time, a minute for a hostile 200,000 characters.
    """
    if text.isascii():
        return text.lower()
    text = _LONG_RUN_OF_MARKS.sub("\\1\N{COMBINING GRAPHEME JOINER}", text)
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", text).casefold())


def document(title: str, content: str, tags: Iterable[str]) -> str:
    """All that is searched of one prompt. A term holds no line break, so none spans two parts."""
    return fold("\n".join([title, *tags, content]))


def terms(query: str) -> list[str]:
    """The folded terms of a query, each once; no character in them is an operator."""
    return list(dict.fromkeys(fold(query).split()))


def _combining_marks() -> str:
    """The characters that are combining marks, or decompose into such, as the inside of a regular
    expression's set. (U+0F73 is of class 0 and hides two marks that are not.)"""
    every = map(chr, range(0x300, 0x1E950))
    decomposed = ((char, unicodedata.normalize("NFKD", char)[0]) for char in every)
    return "".join(char for char, first in decomposed if unicodedata.combining(first))


_LONG_RUN_OF_MARKS = re.compile(f"([{_combining_marks()}]{{30}})(?=[{_combining_marks()}])")
