"""The ranked search, held against a few lines that read through everything."""

import random
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from prompts import postings, search
from prompts.models import Prompt, SearchBucket, SearchIndex, index

WORDS = [
    *("art", "party", "the", "there", "other", "mountain", "photo", "photosynthesis", "x", "y"),
    *("c++", "école", "ÉCOLE", "中文提示", "it's", "हिन्दी", "-art", "हिन्दी-art"),
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


def ranked(prompts, owner, query):
    terms = [search.Term(text) for text in search.terms(query)]
    return list(index.ranked(prompts, owner.user, terms))


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
        assert SearchIndex.catch_up(Prompt, alice.user.pk) == 60
        assert SearchBucket.objects.values("block").distinct().count() == 4
    prompts = list(library)
    for query in queries(random.Random(8)):
        assert ranked(library, alice, query) == reference(prompts, query), query


def titles(caller, query):
    response = caller.client.get("/search", {"q": query}, headers=caller.headers)
    return [prompt["title"] for prompt in response.json()]


def catch_up(owner):
    """Indexes all there is, which must look old enough for that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "SETTLED_AFTER", -timedelta(minutes=1))
        return SearchIndex.catch_up(Prompt, owner.user.pk)


@pytest.fixture
def indexed(alice, library, small):
    catch_up(alice)
    return library


def test_what_changed_since_is_found_as_it_is_now(alice, make_prompt, indexed):
    prompt = indexed.first()
    alice.patch(f"/prompts/{prompt.wire_id}", {"title": "Zebra", "content": "z", "tags": []})
    make_prompt(alice, title="A zebra")
    assert titles(alice, "zebra") == ["A zebra", "Zebra"]
    for query in queries(random.Random(9)):
        assert ranked(indexed, alice, query) == reference(indexed.all(), query)


def test_what_is_in_the_trash_is_not_found_until_it_is_back(alice, indexed):
    prompt = indexed.get(pk=indexed.first().pk)
    prompt.edit(author=alice.user, title="Zebra")
    catch_up(alice)
    prompt.move_to_trash()
    assert titles(alice, "zebra") == []
    prompt.take_from_trash()
    assert titles(alice, "zebra") == ["Zebra"]


def test_an_index_of_texts_that_are_no_more_is_begun_anew(alice, indexed):
    for _ in range(3):
        for prompt in indexed.all():
            prompt.edit(author=alice.user, content=prompt.content + "!")
        catch_up(alice)
    assert SearchIndex.objects.get().slots <= 2 * 60 + 16
    assert len(titles(alice, "!")) == 60


def test_slots_are_in_order_of_time_whatever_the_clocks_say(alice, make_prompt, indexed):
    for number in range(6):
        prompt = make_prompt(alice, title=f"zebra {number}")
        moment = timezone.now() - timedelta(days=9 - number)
        Prompt.objects.filter(pk=prompt.pk).update(updated_at=moment)
    assert catch_up(alice) == 64  # all, as two are no tail
    assert titles(alice, "zebra") == [f"zebra {number}" for number in range(5, -1, -1)]


def test_what_was_changed_while_it_was_indexed_is_not_taken_for_indexed(alice, library, small):
    changed = library.order_by("updated_at")[3]

    def edit_first(additions, buckets=postings.Additions.buckets):
        Prompt.objects.get(pk=changed.pk).edit(author=alice.user, title="Zebra")
        return buckets(additions)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postings.Additions, "buckets", edit_first)
        SearchIndex._extend(Prompt, alice.user.pk)
    assert titles(alice, "zebra") == ["Zebra"]


def test_of_two_that_extend_an_index_one_does(alice, library, small):
    def be_overtaken(additions, buckets=postings.Additions.buckets):
        patch.undo()
        SearchIndex._extend(Prompt, alice.user.pk)
        return buckets(additions)

    patch = pytest.MonkeyPatch()
    patch.setattr(postings.Additions, "buckets", be_overtaken)
    assert SearchIndex._extend(Prompt, alice.user.pk) == 0
    assert SearchIndex.objects.get().slots == 16
    assert sorted(library.exclude(slot=None).values_list("slot", flat=True)) == list(range(16))


def test_a_long_text_is_found_without_being_indexed(alice, make_prompt, library, small):
    make_prompt(alice, title="Long", content="zebra " * 4_000)
    for prompt in library[:6]:
        prompt.edit(author=alice.user, title="A zebra")
    catch_up(alice)
    assert Prompt.objects.get(title="Long").slot is None
    assert titles(alice, "zebra") == ["A zebra"] * 6 + ["Long"]


def test_what_is_indexed_at_once_is_bounded(alice, library, small):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "AT_ONCE", 50)
        catch_up(alice)
    assert SearchIndex.objects.get().slots > 56  # fewer than a tail are left
    for query in queries(random.Random(3)):
        assert ranked(library, alice, query) == reference(library.all(), query)


def test_a_small_library_is_not_indexed(alice, library):
    assert SearchIndex.catch_up(Prompt, alice.user.pk) == 0
    assert not SearchIndex.objects.exists()


def test_a_library_that_was_searched_is_indexed_in_the_background(
    alice, bob, library, make_prompt, small
):
    for _ in range(5):
        make_prompt(bob)
    titles(alice, "art")
    titles(bob, "art")
    index.catch_up()
    assert SearchIndex.objects.get().slots == 60
    with pytest.MonkeyPatch.context() as patch:  # a minute later
        patch.setattr(index, "SETTLED_AFTER", -timedelta(minutes=1))
        index.catch_up()
    assert SearchIndex.objects.get(owner=bob.user).slots == 5
    assert not index._searched & {(Prompt, alice.user.pk), (Prompt, bob.user.pk)}


def test_the_command_indexes_every_large_library(alice, library, small, capsys):
    call_command("index_search")
    assert capsys.readouterr().out == "Prompts indexed: 60.\nLabels indexed: 0.\n"


def test_an_index_ends_with_its_owner(alice, indexed):
    alice.user.delete()
    assert not SearchBucket.objects.exists()


@pytest.mark.parametrize("number", [1, 30])
def test_a_search_takes_the_same_statements_for_one_and_thirty(
    alice, make_prompt, django_assert_num_queries, number
):
    for _ in range(number):
        make_prompt(alice)
    with django_assert_num_queries(2 + 1 + 1):  # who asks; the tail, the index; what was found
        assert len(titles(alice, "title")) == number
