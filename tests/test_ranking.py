"""The ranked search, held against a plain reading of everything."""

import os
import random
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.utils import timezone

from prompts import postings, search
from prompts.models import Label, Prompt, SearchBucket, SearchIndex, Version, index
from prompts.seeding import texts
from prompts.seeding.texts import Writer
from tests import plain_search

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
    return as_tuples(index.ranked(prompts, owner.user, terms))


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
        patch.setattr(index, "FEW", 10)  # more are common, fewer rare
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
    while index.catch_up():
        blocks.append(SearchIndex.objects.get().slots)
    assert blocks == [16, 32, 48, 60]
    with pytest.MonkeyPatch.context() as patch:  # a minute later
        patch.setattr(index, "SETTLED_AFTER", -timedelta(minutes=1))
        assert index.catch_up()
        assert not index.catch_up()
    assert SearchIndex.objects.get(owner=bob.user).slots == 5
    assert not index._searched & {(Prompt, alice.user.pk), (Prompt, bob.user.pk)}


def test_the_command_indexes_every_large_library(alice, library, small, capsys):
    call_command("index_search")
    assert capsys.readouterr().out == "Prompts indexed now: 60.\nLabels indexed now: 0.\n"


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


# What is released -------------------------------------------------------------------------------


def ranked_as_of(labels, owner, query):
    terms = [search.Term(text) for text in search.terms(query)]
    released = Label.objects.released(*labels, owner=owner.user)
    return as_tuples(index.ranked(released, owner.user, terms))


def plainly_as_of(labels, owner, query):
    rows = []
    for prompt in Prompt.objects.owned_by(owner.user).prefetch_related("label_rows", "versions"):
        known = {label.name: label for label in prompt.label_rows.all()}
        label = next((known[name] for name in labels if name in known), None)
        if label:
            (said,) = [each for each in prompt.versions.all() if each.number == label.version]
            rows.append((said.title, said.tags, said.content, label.move.created_at, prompt.pk))
    return plain_search.ranked(rows, query)


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
    for query in queries(random.Random(2), 50):
        found = [(score, key) for score, _, key in ranked_as_of(labels, alice, query)]
        wanted = [(score, key) for score, _, key in plainly_as_of(labels, alice, query)]
        assert found == wanted, query


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
    for tag in WORDS[:8]:
        page = alice.get(f"/search?q=t&label=live&tag={tag}&limit=2").json()
        whole = alice.get("/search?q=t&label=live").json()
        assert page == [row for row in whole if tag in row["tags"]][:2]


# Over real prompts ------------------------------------------------------------------------------

# A CSV file with the columns `title` and `content`; another one than ours is as good.
REAL = Path(os.environ.get("REAL_PROMPTS", Path(__file__).with_name("data") / "prompts.csv"))


@pytest.fixture
def real(alice, make_prompt, small, monkeypatch):
    """Some 250 prompts, ours and made-up ones in between, in an index of several blocks; a tenth
    was edited or deleted since."""
    monkeypatch.setattr(postings, "SLOTS", 64)
    monkeypatch.setattr(postings, "_DENSE", 8)
    chance = random.Random(6)
    writer = Writer(chance)
    with REAL.open(encoding="utf-8", newline="") as lines:
        ours = list(texts.read(lines))
    chosen = chance.sample(ours, min(len(ours), 200))
    chosen += [writer.text() for _ in range(250 - len(chosen))]
    chance.shuffle(chosen)
    prompts = [
        make_prompt(alice, title=title, content=content, tags=writer.tags())
        for title, content in chosen
    ]
    for prompt in prompts:
        prompt.set_label("live", to=1, actor=alice.user)
    assert catch_up(alice) > 200
    assert catch_up(alice, Label) > 200
    for prompt in chance.sample(prompts, 15):
        prompt.edit(author=alice.user, title=chance.choice(chosen)[0], tags=writer.tags())
    for prompt in chance.sample(prompts, 10):
        prompt.move_to_trash()
    return Prompt.objects.owned_by(alice.user)


def queries_of(contents, chance, count):
    """Words and parts of words of one text, now and then of two, in any case."""
    for _ in range(count):
        words = " ".join(chance.choices(contents, k=chance.choice([1, 1, 1, 2]))).split()
        picked = chance.choices(words, k=chance.choice([1, 1, 1, 2, 2, 3, 6]))
        for at, word in enumerate(picked):
            start = chance.choice([0, 0, chance.randrange(len(word))])
            end = chance.choice([len(word), start + chance.choice([1, 2, 3, 4, 5])])
            picked[at] = chance.choice([word, word.upper(), word[start:end]])[:100]
        yield " ".join(picked)


@pytest.mark.parametrize("label", [None, "live"])
def test_thousands_of_searches_of_real_prompts_find_what_a_plain_reading_finds(alice, real, label):
    if label:
        first = Version.objects.filter(prompt__in=real, number=1)
        rows = first.values_list("title", "tags", "content", "prompt__label_rows__updated_at")
        plain = [*rows.annotate(key=F("prompt"))]
    else:
        plain = [*real.values_list("title", "tags", "content", "updated_at", "pk")]
    searched = Label.objects.released("live", owner=alice.user) if label else real
    chance = random.Random(REAL.stat().st_size)
    sizes = []
    for query in queries_of([f"{row[0]} {row[2]}" for row in plain], chance, 1_500):
        terms = [search.Term(text) for text in search.terms(query)]
        found = as_tuples(index.ranked(searched, alice.user, terms))
        assert found == plain_search.ranked(plain, query), query
        sizes.append(len(found))
    assert sum(1 < size < 100 for size in sizes) > 500  # an order, of some but not of all


def test_pages_of_a_search_of_real_prompts_are_the_plain_reading(alice, real):
    plain = [*real.values_list("title", "tags", "content", "updated_at", "pk")]
    titles_of = {row[4]: row[0] for row in plain}
    for query in queries_of([row[2] for row in plain], random.Random(1), 40):
        path, rows = "/search?" + urlencode({"q": query, "limit": 40, "content": "none"}), []
        while path:
            response = alice.get(path)
            rows += response.json()
            following = re.search(r'<http://testserver([^>]*)>; rel="next"', response["Link"])
            path = following[1] if following else None
        wanted = [titles_of[key] for _, _, key in plain_search.ranked(plain, query)]
        assert [row["title"] for row in rows] == wanted, query


# While others write -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("event", ["edit", "begin anew"])
def test_a_page_is_of_one_moment(alice, make_prompt, small, event):
    for number in range(20):
        make_prompt(alice, title=f"Zebra {number}")
    catch_up(alice)

    def happen():
        if event == "edit":
            Prompt.objects.get(title="Zebra 7").edit(author=alice.user, content="Other.")
        else:
            SearchIndex.objects.get()._begin_anew()
        connection.close()

    def meanwhile(*arguments, levels=index._levels, **more):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(happen).result()
        return levels(*arguments, **more)

    path = "/search?q=zebra&limit=30"
    before = alice.get(path).json()
    assert len(before) == 20
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "_levels", meanwhile)
        assert alice.get(path).json() == before
    assert len(alice.get(path).json()) == 20
