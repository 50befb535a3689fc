"""What a list of tags is: short, trimmed, each once, in the order they were given."""

import re
from collections.abc import Iterable

from promptcrafter.texts import is_storable

MAX_COUNT = 50
MAX_LENGTH = 50

_WORD = re.compile(r'\s*(?:"((?:[^"]|"")*+)"[^\S\n]*|([^,\n"][^,\n]*)?)(?:[,\n]|\Z)')


def clean(tags: object) -> list[str]:
    """The tags as they are kept; raises ValueError with a sentence that says how to be right."""
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ValueError("Send a list of strings.")
    unique = list(dict.fromkeys(tag.strip() for tag in tags))
    if len(unique) > MAX_COUNT:
        raise ValueError(f"Use at most {MAX_COUNT} different tags.")
    for tag in unique:
        if not 1 <= len(tag) <= MAX_LENGTH:
            raise ValueError(f"Each tag needs 1 to {MAX_LENGTH} characters besides white space.")
        if not is_storable(tag):
            raise ValueError("A tag can't hold NUL or a lone surrogate.")
    return unique


def to_words(tags: Iterable[str]) -> str:
    """As people write them, with commas between; one that has a comma or a quote itself stands in
    quotes, as in a CSV file."""
    return ", ".join(_quoted(tag) for tag in tags)


def from_words(words: str) -> list[str]:
    """What `to_words` makes words of; a line's end is as good as a comma. Raises ValueError, as
    `clean` does."""
    found, at, text = [], 0, words.replace("\r\n", "\n")
    while at < len(text):
        word = _WORD.match(text, at)
        if word is None:
            raise ValueError('Close the quotes: "a word, with a comma".')
        quoted, plain = word.groups()
        found.append(plain or "" if quoted is None else quoted.replace('""', '"'))
        at = word.end()
    return [tag for tag in found if tag.strip()]


def _quoted(tag: str) -> str:
    is_plain = not any(char in tag for char in ',"\r\n') and tag == tag.strip()
    return tag if is_plain else '"' + tag.replace('"', '""') + '"'
