"""The search in a few lines that read through everything, for the real one to be held against."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from prompts import search


def ranked(texts, query):
    """Of `(title, tags, content, updated_at, key)` those that match, as the search ranks them:
    `(score, updated_at, key)`, the best first."""
    terms, found = search.terms(query), []
    for title, tags, content, updated_at, key in texts:
        fields = folded(title), folded(" ".join(tags)), folded(content)
        each = [points(term, fields) for term in terms]
        if all(each):
            found.append((sum(each), updated_at, key))
    return sorted(found, reverse=True)


folded = lru_cache(maxsize=10_000)(search.fold)


def points(term: str, fields: Iterable[str]) -> int:
    """Of a term's best place, after the table in prompts.search."""
    best = 0
    for text, most in zip(fields, (9, 6, 3), strict=True):
        at = text.find(term)
        while at >= 0:
            begins = not (part_of_word(term[0]) and at and part_of_word(text[at - 1]))
            after = text[at + len(term) :][:1]
            ends = not (part_of_word(term[-1]) and after and part_of_word(after))
            best = max(best, most - (2 if not begins else 0 if ends else 1))
            at = text.find(term, at + 1)
    return best


def part_of_word(char: str) -> bool:
    return char == "_" or unicodedata.category(char)[0] in "LNM"
