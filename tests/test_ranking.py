"""The ranked search, held against a plain reading of everything."""

import json
import os
import random
import re
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from promptcrafter import ids
from prompts import postings, search
from prompts.models import Label, Prompt, SearchBucket, SearchIndex, index, searching
from prompts.seeding import texts
from prompts.seeding.texts import Writer
from tests import plain_search

ZEBRA = [search.Term("zebra")]
WORDS = [
    *("art", "party", "the", "there", "other", "mountain", "photo", "photosynthesis", "x", "y"),
    *("c++", "école", "ÉCOLE", "中文提示", "it's", "हिन्दी", "-art", "हिन्दी-art"),
]


def plainly(prompts, query):
    """What a plain reading of all of them finds, in order."""
    texts = prompts.values_list("title", "tags", "content", "updated_at", "pk")
    return plain_search.ranked(texts, query)


def ranked(prompts, owner, query):
    terms = [search.Term(text) for text in search.terms(query)]
    return as_tuples(searching.ranked(prompts, owner.user, terms))


def as_tuples(hits):
    return [(hit.score, hit.updated_at, hit.pk) for hit in hits]


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


def queries(chance, count=150):
    for _ in range(count):
        words = [chance.choice(WORDS) for _ in range(chance.choice([1, 1, 1, 2, 2, 3]))]
        cuts = [sorted(chance.sample(range(len(word) + 1), 2)) for word in words]
        yield " ".join(word[a:b] for word, (a, b) in zip(words, cuts, strict=True)) or "q"


@pytest.mark.parametrize("is_indexed", [False, True])
def test_the_order_is_that_of_a_plain_reading(alice, library, small, is_indexed):
    if is_indexed:
        assert SearchIndex.catch_up(Prompt, alice.user.pk) == 60
        assert SearchBucket.objects.values("block").distinct().count() == 4
    for query in queries(random.Random(8)):
        assert ranked(library, alice, query) == plainly(library, query), query


def titles(caller, query):
    response = caller.client.get("/search", {"q": query}, headers=caller.headers)
    return [prompt["title"] for prompt in response.json()]


def catch_up(owner, searched=Prompt):
    """Indexes all there is, which must look old enough for that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "SETTLED_AFTER", -timedelta(minutes=1))
        return SearchIndex.catch_up(searched, owner.user.pk)


# Query → the texts that it finds, the best first: title, tags, content.
CASES = {
    "art": [
        ("The art", [], "c"),
        ("Artful things", [], "c"),
        ("A smart one", [], "c"),
        ("One", ["modern art"], "c"),
        ("Two", ["artful"], "c"),
        ("Three", ["smart"], "c"),
        ("Four", [], "some ART, here"),
        ("Five", [], "artful"),
        ("Six", [], "smarter"),
    ],
    "red fox": [  # points add up: 18, 15, 12, 10, 3
        ("Red fox", [], "c"),
        ("A red one", ["fox"], "c"),
        ("A fox, again", [], "red"),
        ("Redder", [], "foxes"),
        ("None", [], "foxes are bored"),
    ],
    "c++": [("The C++ way", [], "c"), ("One", [], "in c++"), ("Two", [], "xc++")],
    "文": [
        ("文", [], "c"),
        ("文字", [], "c"),
        ("中文", [], "c"),
        ("One", ["文"], "c"),
        ("Two", [], "中文"),
    ],
    "né": [
        ("Né à Lyon", [], "c"),
        ("Une née", [], "c"),
        ("Une année", [], "c"),
        ("Dîner", [], "re\u0301ne\u0301"),
    ],
}


@pytest.mark.parametrize("is_indexed", [False, True])
@pytest.mark.parametrize("query", CASES)
def test_the_best_match_comes_first(alice, make_prompt, small, query, is_indexed):
    for title, tags, content in CASES[query]:  # so the last one is the newest
        make_prompt(alice, title=f"{title} ...", tags=tags, content=content)
    make_prompt(alice, title="Something else")
    if is_indexed:
        assert catch_up(alice) > len(CASES[query])
    assert titles(alice, query) == [f"{title} ..." for title, *_ in CASES[query]]


@pytest.fixture
def indexed(alice, library, small):
    catch_up(alice)
    return library


def test_what_filters_leave_is_found_in_the_order_of_a_plain_reading(alice, make_prompt, indexed):
    for number, prompt in enumerate(indexed.all()):
        model = ["common", "rare"][number % 20 == 0]
        Prompt.objects.filter(pk=prompt.pk).update(model=model)
    make_prompt(alice, title="In the tail", tags=["art", "c++"], model="rare")
    chance = random.Random(12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "FEW", 10)  # more are common, fewer rare
        for query in queries(random.Random(11), 100):
            whole = alice.get("/search?" + urlencode({"q": query, "content": "none"})).json()
            tags = chance.sample([*WORDS, "none"], k=chance.choice([0, 1, 1, 2]))
            model = chance.choice([None, "common", "rare", "none"])
            wanted = [
                row for row in whole if {*tags} <= {*row["tags"]} and model in {None, row["model"]}
            ]
            asked = [("q", query), ("content", "none"), ("limit", 7), *(("tag", t) for t in tags)]
            path = "/search?" + urlencode([*asked, *([("model", model)] if model else [])])
            assert alice.get(path).json() == wanted[:7], path


def test_a_rare_tag_costs_a_search_no_more_than_a_rare_word(
    alice, indexed, django_assert_num_queries
):
    for tag in ("none", "c+++", "zebra"):
        with django_assert_num_queries(3):  # who asks, the tail, the index
            assert alice.get(f"/search?q=t&limit=5&{urlencode({'tag': tag})}").json() == []


def test_what_changed_since_is_found_as_it_is_now(alice, make_prompt, indexed):
    prompt = indexed.first()
    alice.patch(f"/prompts/{prompt.wire_id}", {"title": "Zebra", "content": "z", "tags": []})
    make_prompt(alice, title="A zebra")
    assert titles(alice, "zebra") == ["A zebra", "Zebra"]
    for query in queries(random.Random(9)):
        assert ranked(indexed, alice, query) == plainly(indexed, query)


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
        assert ranked(library, alice, query) == plainly(library, query)


def test_a_block_that_was_given_much_is_full(alice, library, small):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "AT_ONCE", 50)
        patch.setattr(index, "FULL", 100)
        assert catch_up(alice) > 50
        known = SearchIndex.objects.get()
        assert known.slots > 2 * known.texts
        assert catch_up(alice) == 0
    for query in queries(random.Random(13), 50):
        assert ranked(library, alice, query) == plainly(library, query)


def test_what_comes_back_with_the_time_of_the_last_one_is_in_its_place(alice, make_prompt, small):
    moment = timezone.now() - timedelta(days=1)
    prompts = [make_prompt(alice, title=f"Zebra {number}") for number in range(20)]
    Prompt.objects.update(updated_at=moment)
    prompts[0].move_to_trash()
    catch_up(alice)
    Prompt.trash.get().take_from_trash()
    for number in range(6):
        make_prompt(alice, title=f"Zebra, later {number}")
    catch_up(alice)
    own = Prompt.objects.owned_by(alice.user)
    assert ranked(own, alice, "zebra") == plainly(own, "zebra")
    assert len(ranked(own, alice, "zebra")) == 26


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
    blocks = []
    while index.index_some():
        blocks.append(SearchIndex.objects.get().slots)
    assert blocks == [16, 32, 48, 60]
    with pytest.MonkeyPatch.context() as patch:  # a minute later
        patch.setattr(index, "SETTLED_AFTER", -timedelta(minutes=1))
        assert index.index_some()
        assert not index.index_some()
    assert SearchIndex.objects.get(owner=bob.user).slots == 5
    assert not {(Prompt, alice.user.pk), (Prompt, bob.user.pk)} & {*index._searched}


def test_the_command_indexes_every_large_library(alice, library, small, capsys):
    call_command("index_search")
    assert capsys.readouterr().out == "Prompts indexed now: 60.\nLabels indexed now: 0.\n"


def test_an_index_ends_with_its_owner(alice, indexed):
    alice.user.delete()
    assert not SearchBucket.objects.exists()


@pytest.mark.parametrize("number", [1, 240])
def test_a_search_takes_as_many_statements_for_a_small_library_as_for_one_prompt(
    alice, make_prompt, number, django_assert_num_queries
):
    for _ in range(number):
        make_prompt(alice)
    with django_assert_num_queries(2):  # who asks, what the index has not and whether there is one
        assert len(titles(alice, "title")) == number
    with django_assert_num_queries(3):  # and whether there is one
        assert titles(alice, "nothing-like-it") == []


def test_long_and_many_texts_are_found_with_the_others(alice, make_prompt):
    make_prompt(alice, title="Zebra, long", content="z" * (index.LONG + 1))
    for number in range(searching.LOOK_AT):
        make_prompt(alice, title=f"Zebra {number}")
    assert len(titles(alice, "zebra")) == searching.LOOK_AT + 1
    assert titles(alice, "long") == ["Zebra, long"]
    assert titles(alice, "zebra 255") == ["Zebra 255"]


def test_long_texts_are_not_kept_until_all_are_found(alice, make_prompt):
    for number in range(12):
        make_prompt(alice, title=f"Zebra {number}", content="z" * 200_000)
    hits = list(searching.ranked(Prompt.objects.owned_by(alice.user), alice.user, ZEBRA))
    assert [hit.row for hit in hits] == [None] * 12
    found = json.loads(b"".join(alice.get("/search?q=zebra").streaming_content))
    assert [row["title"] for row in found] == [f"Zebra {number}" for number in range(11, -1, -1)]


@pytest.mark.parametrize("query", ["", "&content=preview", "&content=none", "&limit=7"])
def test_long_texts_of_a_small_library_are_among_the_short_ones(
    alice, make_prompt, query, django_assert_max_num_queries
):
    for number in range(9):
        length = [10, searching.SHORT + 1, index.LONG + 1][number % 3]
        make_prompt(
            alice, title=f"{number} zebra", content="z" * length, tags=["zebra"] * (number // 6)
        )
    wanted = ranked(Prompt.objects.owned_by(alice.user), alice, "zebra")
    # Who asks, the short texts and the lengths of the others, these.
    with django_assert_max_num_queries(4):
        rows = alice.get(f"/search?q=zebra{query}").json()
    alone = [alice.get(f"/prompts/{row['_id']}").json() for row in rows]
    assert [row["_id"] for row in alone] == [
        ids.encode("prompt", key) for _, _, key in wanted[: len(rows)]
    ]
    if "content" not in query:
        assert rows == alone


def test_of_long_texts_only_some_are_in_memory(alice, make_prompt, django_assert_max_num_queries):
    for number in range(51):
        make_prompt(alice, title=f"Zebra {number}", content="z" * 199_000)
    path = "/search?q=zebra&limit=1"
    alice.get(path)  # what is imported or compiled once
    tracemalloc.start()
    try:
        with django_assert_max_num_queries(5):  # as above, and the row that is shown
            assert alice.get(path).json()[0]["title"] == "Zebra 50"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000


@pytest.mark.parametrize("label", ["", "&label=live"])
def test_a_whole_search_of_an_index_takes_the_same_statements_for_any_number(
    alice, released, label, django_assert_max_num_queries, monkeypatch
):
    catch_up(alice)
    monkeypatch.setattr(searching, "LOOK_AT", 2)
    few, many = (f"/search?q={word}{label}" for word in ("art+party+other+there+photo+it's", "t"))
    # Who asks; what the index has not, its texts; the index, the texts that it names, the index
    # again; the rows.
    with django_assert_max_num_queries(7):
        assert 0 < len(alice.get(few).json()) < 15
    with django_assert_max_num_queries(7):
        assert len(alice.get(many).json()) > 20


# What is released -------------------------------------------------------------------------------


def ranked_as_of(labels, owner, query):
    terms = [search.Term(text) for text in search.terms(query)]
    released = Label.objects.released(*labels, owner=owner.user)
    return as_tuples(searching.ranked(released, owner.user, terms))


def released_texts(labels, owner):
    """What the first of these labels on each prompt releases, as `plain_search` takes it."""
    for prompt in Prompt.objects.owned_by(owner.user).prefetch_related("label_rows", "versions"):
        known = {label.name: label for label in prompt.label_rows.all()}
        label = next((known[name] for name in labels if name in known), None)
        if label:
            (said,) = [each for each in prompt.versions.all() if each.number == label.version]
            yield said.title, said.tags, said.content, label.updated_at, prompt.pk


@pytest.fixture
def released(alice, library, small):
    """Of the sixty some were edited since; labels were moved, back too, and a few since the index
    was made."""
    chance, prompts = random.Random(4), list(library)
    for prompt in chance.sample(prompts, 40):
        prompt.edit(author=alice.user, title=" ".join(chance.choices(WORDS, k=2)) + "...")
    for number in range(120):
        if number == 90:
            assert catch_up(alice, Label) > 40
        prompt = chance.choice(prompts)
        name = chance.choice(["live", "live", "next"])
        prompt.set_label(name, to=chance.randint(1, prompt.version), actor=alice.user)
    prompts[0].remove_label(next(iter(prompts[0].labels)), actor=alice.user)
    assert Label.objects.filter(slot=None).exists()
    return library


@pytest.mark.parametrize("labels", [["live"], ["next"], ["live", "next"], ["next", "live"]])
def test_what_is_released_is_found_in_the_order_of_a_plain_reading(alice, released, labels):
    plain = list(released_texts(labels, alice))
    for query in queries(random.Random(2), 60):
        assert ranked_as_of(labels, alice, query) == plain_search.ranked(plain, query), query


def test_a_released_text_ends_with_its_prompt_and_comes_back_with_it(alice, released):
    prompt = released.get(pk=Label.objects.filter(name="live").first().prompt_id)
    prompt.edit(author=alice.user, title="Zebra")
    prompt.set_label("live", to="latest", actor=alice.user)
    catch_up(alice, Label)
    path = "/search?q=zebra&label=live"
    assert len(alice.get(path).json()) == 1
    prompt.move_to_trash()
    assert ranked_as_of(["live"], alice, "zebra") == alice.get(path).json() == []
    prompt.take_from_trash()
    assert len(alice.get(path).json()) == 1
    prompt.set_label("live", to=1, actor=alice.user)
    assert alice.get(path).json() == []


def test_what_is_released_is_searched_as_it_is_filtered(alice, released):
    whole = alice.get("/search?q=t&label=live").json()
    for tag in WORDS[:8]:
        page = alice.get(f"/search?q=t&label=live&tag={tag}&limit=2").json()
        assert page == [row for row in whole if tag in row["tags"]][:2]


def test_pages_of_what_is_released_go_there_and_back(alice, released):
    whole = [row["_id"] for row in alice.get("/search?q=t&label=live").json()]
    assert len(whole) > 20
    path, there, back = "/search?q=t&label=live&limit=4", [], []
    while path:
        response = alice.get(path)
        there.append([row["_id"] for row in response.json()])
        path = link(response, "next")
    while response:
        back.append([row["_id"] for row in response.json()])
        path = link(response, "prev")
        response = alice.get(path) if path else None
    assert [key for page in there for key in page] == whole
    assert back[::-1] == there


def link(response, relation):
    found = re.search(rf'<http://testserver([^>]*)>; rel="{relation}"', response["Link"])
    return found[1] if found else None


def test_a_label_that_is_moved_back_was_moved_later(alice, make_prompt, monkeypatch):
    prompt = make_prompt(alice)
    prompt.edit(author=alice.user, title="Second")
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    moves = [prompt.set_label("live", to=at, actor=alice.user).updated_at for at in (1, 2, 1)]
    assert moves == sorted(set(moves))


def test_a_label_that_is_moved_while_it_is_indexed_is_not_taken_for_indexed(alice, released):
    label = Label.objects.filter(name="live", slot=None).order_by("updated_at").first()

    def move_first(additions, buckets=postings.Additions.buckets):
        prompt = Prompt.objects.get(pk=label.prompt_id)
        prompt.edit(author=alice.user, title="Zebra")
        prompt.set_label("live", to="latest", actor=alice.user)
        return buckets(additions)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postings.Additions, "buckets", move_first)
        patch.setattr(index, "SETTLED_AFTER", -timedelta(minutes=1))
        SearchIndex._extend(Label, alice.user.pk)
    assert len(alice.get("/search?q=zebra&label=live").json()) == 1


# Over real prompts ------------------------------------------------------------------------------

# A CSV file with the columns `title` and `content`; another one than ours is as good.
REAL = Path(os.environ.get("REAL_PROMPTS", Path(__file__).with_name("data") / "prompts.csv"))


LENGTHS = [index.LONG - 100, index.LONG + 1]


@pytest.fixture
def real(alice, make_prompt, small, monkeypatch):
    """Some 250 prompts, real and made-up ones and some that are almost too long to be indexed, in
    an index of several blocks; a tenth was edited, released or deleted since."""
    monkeypatch.setattr(postings, "SLOTS", 64)
    monkeypatch.setattr(postings, "_DENSE", 8)
    chance = random.Random(6)
    writer = Writer(chance)
    with REAL.open(encoding="utf-8", newline="") as lines:
        ours = list(texts.read(lines))
    chosen = chance.sample(ours, min(len(ours), 200))
    chosen += [(f"Long {size}", ("x y z " * size)[:size]) for size in LENGTHS]
    chosen += [writer.text() for _ in range(250 - len(chosen))]
    chance.shuffle(chosen)
    prompts = [
        make_prompt(alice, title=title, content=content, tags=writer.tags())
        for title, content in chosen
    ]
    for _ in range(2):
        for prompt in chance.sample(prompts, 60):
            prompt.edit(author=alice.user, title=chance.choice(chosen)[0], tags=writer.tags())
        for prompt in chance.sample(prompts, 120):
            prompt.set_label("live", to=chance.randint(1, prompt.version), actor=alice.user)
    assert catch_up(alice) > 200
    assert catch_up(alice, Label) > 100
    for prompt in chance.sample(prompts, 15):
        prompt.edit(author=alice.user, content=chance.choice(chosen)[1])
    for prompt in chance.sample(prompts, 15):
        prompt.set_label("live", to=1, actor=alice.user)
    for prompt in chance.sample([each for each in prompts if each.labels], 5):
        prompt.remove_label("live", actor=alice.user)
    for prompt in chance.sample(prompts, 10):
        prompt.move_to_trash()
    return Prompt.objects.owned_by(alice.user)


def queries_of(plain, chance, count):
    """Words and parts of words of one text, now and then of two, in any case."""
    contents = [f"{title} {content}" for title, _, content, *_ in plain]
    for _ in range(count):
        words = " ".join(chance.choices(contents, k=chance.choice([1, 1, 1, 2]))).split()
        picked = chance.choices(words, k=chance.choice([1, 1, 1, 2, 2, 3, 6]))
        for at, word in enumerate(picked):
            start = chance.choice([0, 0, chance.randrange(len(word))])
            end = chance.choice([len(word), start + chance.choice([1, 2, 3, 4, 5])])
            picked[at] = chance.choice([word, word.upper(), word[start:end]])[:100]
        yield " ".join(picked)


def test_thousands_of_searches_of_real_prompts_are_a_plain_reading(alice, real):
    plain = list(real.values_list("title", "tags", "content", "updated_at", "pk"))
    for query in sensible(plain, queries_of(plain, random.Random(1), 1_200)):
        assert ranked(real, alice, query) == plain_search.ranked(plain, query), query


def test_thousands_of_searches_of_what_real_prompts_release_are_one_too(alice, real):
    plain = list(released_texts(["live"], alice))
    for query in sensible(plain, queries_of(plain, random.Random(2), 1_200)):
        assert ranked_as_of(["live"], alice, query) == plain_search.ranked(plain, query), query


def sensible(plain, queries):
    """The queries, of which many must find some of the texts, and not all."""
    sizes = []
    for query in queries:
        sizes.append(len(plain_search.ranked(plain, query)))
        yield query
    assert sum(1 < size < 100 for size in sizes) > len(sizes) // 3


def test_pages_of_a_search_of_real_prompts_are_the_plain_reading(alice, real):
    plain = [*real.values_list("title", "tags", "content", "updated_at", "pk")]
    titles_of = {row[4]: row[0] for row in plain}
    for query in queries_of(plain, random.Random(1), 40):
        path, rows = "/search?" + urlencode({"q": query, "limit": 40, "content": "none"}), []
        while path:
            response = alice.get(path)
            rows += response.json()
            path = link(response, "next")
        wanted = [titles_of[key] for _, _, key in plain_search.ranked(plain, query)]
        assert [row["title"] for row in rows] == wanted, query


# While others write -----------------------------------------------------------------------------


def elsewhere(happen):
    """Of a connection of its own."""

    def run():
        happen()
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()


def edit():
    prompt = Prompt.objects.get(title="Zebra 7")
    prompt.edit(author=prompt.owner, content="Other.")


def begin_anew():
    SearchIndex.objects.get()._begin_anew()


@pytest.fixture
def meanwhile():
    """Has something happen between what is read of a search."""
    with pytest.MonkeyPatch.context() as patch:

        def do(happen, levels=searching._Search._levels):
            def after_it(self):
                patch.undo()
                happen()
                return levels(self)

            patch.setattr(searching._Search, "_levels", after_it)

        yield do


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("happen", [edit, begin_anew])
def test_a_page_is_of_one_moment(alice, make_prompt, small, meanwhile, happen):
    for number in range(20):
        make_prompt(alice, title=f"Zebra {number}")
    catch_up(alice)
    path = "/search?q=zebra&limit=30"
    before = alice.get(path).json()
    assert len(before) == 20
    meanwhile(lambda: elsewhere(happen))
    assert alice.get(path).json() == before
    assert len(alice.get(path).json()) == 20


@pytest.mark.parametrize("read", [0, 10, 40])
def test_a_list_goes_on_where_it_was_when_the_index_is_begun_anew(alice, indexed, read):
    for prompt in indexed.order_by("pk")[:20]:
        prompt.edit(author=alice.user, model="Other")  # which leaves slots without a text
    catch_up(alice)
    wanted = ranked(indexed, alice, "t")
    hits = searching.ranked(indexed, alice.user, [search.Term("t")])
    first = list(islice(hits, read))
    begin_anew()
    catch_up(alice)
    assert as_tuples([*first, *hits]) == wanted
    assert len(wanted) > 45


def test_what_moves_into_the_index_meanwhile_is_found_once(alice, make_prompt, indexed, meanwhile):
    for number in range(6):
        make_prompt(alice, title=f"There {number}")
    wanted = ranked(indexed, alice, "t")
    meanwhile(lambda: catch_up(alice))
    assert ranked(indexed, alice, "t") == wanted


def test_a_text_in_the_trash_is_not_taken_for_indexed_when_the_index_is_begun_anew(alice, indexed):
    prompt = indexed.last()
    prompt.move_to_trash()
    begin_anew()
    catch_up(alice)
    prompt.take_from_trash()
    assert prompt.wire_id in {row["_id"] for row in alice.get("/search?q=t").json()} | {
        row["_id"] for row in alice.get("/search?q=o").json()
    }
    for query in queries(random.Random(5), 30):
        assert ranked(indexed, alice, query) == plainly(indexed, query)


def test_who_comes_when_all_is_indexed_does_nothing(alice, library, small):
    def be_overtaken(owner, searched, tail=SearchIndex.tail):
        patch.undo()
        rows = tail(owner, searched)
        rows.count = lambda: catch_up(alice) and index.TAIL  # what it was when it was counted
        rows.filter = lambda **_: rows
        return rows

    patch = pytest.MonkeyPatch()
    patch.setattr(SearchIndex, "tail", be_overtaken)
    assert SearchIndex._extend(Prompt, alice.user.pk) == 0
    assert SearchIndex.objects.get().texts == 60


def test_who_extends_an_index_that_was_begun_anew_does_nothing(alice, library, small):
    SearchIndex._extend(Prompt, alice.user.pk)

    def be_overtaken(additions, buckets=postings.Additions.buckets):
        patch.undo()
        begin_anew()
        SearchIndex._extend(Prompt, alice.user.pk)
        return buckets(additions)

    patch = pytest.MonkeyPatch()
    patch.setattr(postings.Additions, "buckets", be_overtaken)
    assert SearchIndex._extend(Prompt, alice.user.pk) == 0
    catch_up(alice)
    for query in queries(random.Random(6), 30):
        assert ranked(library, alice, query) == plainly(library, query)
