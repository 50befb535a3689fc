"""The ranked search, held against a few lines that read through everything."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from prompts import postings, search
from prompts.models import Prompt, SearchBucket, SearchIndex, index

WORDS = [
    *("art", "party", "the", "there", "other", "mountain", "photo", "photosynthesis", "x", "y"),
    *("c++", "école", "ÉCOLE", "中文提示", "it's", "हिन्दी"),
]


def points(term, fields):
    """Of a term's best place, after the table in prompts.search."""
    best = 0
    for text, most in zip(fields, (9, 6, 3), strict=True):
        for at in range(len(text)):
            if text.startswith(term, at):
                begins = not (part_of_word(term[0]) and at and part_of_word(text[at - 1]))
                after = text[at + len(term) :][:1]
                ends = not (part_of_word(term[-1]) and after and part_of_word(after))
                best = max(best, most - (2 if not begins else 0 if ends else 1))
    return best


def part_of_word(char):
    return char == "_" or search.unicodedata.category(char)[0] in "LNM"


def reference(prompts, query):
    """Every prompt with its points, sorted."""
    found = []
    for prompt in prompts:
        fields = [
            search.fold(text) for text in (prompt.title, " ".join(prompt.tags), prompt.content)
        ]
        each = [points(term, fields) for term in search.terms(query)]
        if all(each):
            found.append((sum(each), prompt.updated_at, prompt.pk))
    return sorted(found, reverse=True)


@pytest.fixture
def library(alice, make_prompt):
    """Sixty random prompts; some of the same moment."""
    chance = random.Random(7)
    now = timezone.now()
    for number in range(60):
        prompt = make_prompt(
            alice,
            title=" ".join(chance.choices(WORDS, k=3)),
            content="-".join(chance.choices(WORDS, k=6)) + " ".join(chance.choices(WORDS, k=9)),
            tags=list(dict.fromkeys(chance.choices(WORDS, k=2))),
        )
        moment = now - timedelta(days=2, seconds=number // 3)
        Prompt.objects.filter(pk=prompt.pk).update(updated_at=moment)
    return Prompt.objects.owned_by(alice.user)


@pytest.fixture
def small(monkeypatch):
    """Blocks and tails so small that a few prompts fill several."""
    monkeypatch.setattr(index, "TAIL", 4)
    monkeypatch.setattr(postings, "SLOTS", 16)
    monkeypatch.setattr(postings, "_DENSE", 2)


def queries(chance):
    for _ in range(150):
        words = [chance.choice(WORDS) for _ in range(chance.choice([1, 1, 1, 2, 2, 3]))]
        cuts = [sorted(chance.sample(range(len(word) + 1), 2)) for word in words]
        yield " ".join(word[a:b] for word, (a, b) in zip(words, cuts, strict=True)) or "q"


@pytest.mark.parametrize("is_indexed", [False, True])
def test_the_order_is_that_of_a_plain_reading(alice, library, small, is_indexed):
    if is_indexed:
        assert SearchIndex.catch_up(alice.user.pk) == 60
        assert SearchBucket.objects.values("block").distinct().count() == 4
    prompts = list(library)
    for query in queries(random.Random(8)):
        assert list(index.ranked(library, alice.user, query)) == reference(prompts, query), query
