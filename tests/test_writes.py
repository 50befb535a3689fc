"""A prompt is saved and edited whole or not at all, and an edit that was overtaken is made anew."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from promptcrafter import writes
from prompts.models import Prompt, Tag, Version

TEXT = {"title": "A title", "content": "For {{ whom }}.", "model": "GPT-4o", "tags": ["a", "b"]}

# To save one and to edit one. On SQLite each with a transaction's beginning and end.
STATEMENTS = {"postgresql": (1, 1), "sqlite": (5, 4)}


def tags_of(prompt):
    return sorted(prompt.tag_rows.values_list("name", flat=True))


def test_overtaking_is_done_once(alice, make_prompt):
    prompt, seen = make_prompt(alice, **TEXT), []

    def check(found):
        seen.append(found.version)
        if len(seen) == 1:
            Prompt.objects.get(pk=prompt.pk).edit(author=alice.user, content="Meanwhile.")

    assert prompt.edit(author=alice.user, title="After", check=check)
    kept = Prompt.objects.get()
    assert seen == [1, 2]
    assert (kept.title, kept.content, kept.version, kept.revision) == ("After", "Meanwhile.", 3, 3)
    numbers = prompt.versions.order_by("number").values_list("number", "title", "content")
    assert [*numbers][1:] == [(2, "A title", "Meanwhile."), (3, "After", "Meanwhile.")]


def test_an_edit_keeps_the_label_that_was_set_meanwhile(alice, make_prompt):
    prompt = make_prompt(alice)

    def check(found):
        if not found.labels:
            Prompt.objects.get(pk=prompt.pk).set_label("live", to=1, actor=alice.user)

    prompt.edit(author=alice.user, title="After", check=check)
    assert (prompt.labels, prompt.revision) == ({"live": 1}, 3)
    assert Prompt.objects.get().revision == 3


def test_an_edit_of_what_is_moved_to_the_trash_meanwhile_is_refused(alice, make_prompt):
    prompt = make_prompt(alice, **TEXT)

    def check(found):
        Prompt.objects.get(pk=prompt.pk).move_to_trash()

    with pytest.raises(Prompt.DoesNotExist):
        prompt.edit(author=alice.user, title="Ghost", tags=["c"], check=check)
    assert (Version.objects.count(), Tag.objects.count()) == (1, 0)
    assert Prompt.trash.get().title == "A title"


def test_an_overtaken_edit_that_differs_in_nothing_any_more_writes_nothing(alice, make_prompt):
    prompt = make_prompt(alice)

    def check(found):
        if found.version == 1:
            Prompt.objects.get(pk=prompt.pk).edit(author=alice.user, title="After")

    assert not prompt.edit(author=alice.user, title="After", check=check)
    assert prompt.versions.count() == 2


def test_what_was_read_is_not_read_again(alice, make_prompt, django_assert_num_queries):
    prompt = Prompt.objects.read(make_prompt(alice, **TEXT).pk)
    with django_assert_num_queries(0):
        assert not prompt.edit(author=alice.user, title="A title", is_read=True)
    Prompt.objects.get().edit(author=alice.user, content="Meanwhile.")
    assert prompt.edit(author=alice.user, title="After", is_read=True)
    assert Prompt.objects.get().text == {**TEXT, "title": "After", "content": "Meanwhile."}


@pytest.mark.parametrize("words", [[], ["a"], ["b", "a"], ["c"], ["a", "c", "d"]])
def test_the_rows_of_tags_follow_an_edit(alice, make_prompt, words):
    prompt = make_prompt(alice, **TEXT)
    prompt.edit(author=alice.user, tags=words)
    assert tags_of(prompt) == sorted(words)
    assert Version.objects.get(number=2).tags == words


@pytest.mark.django_db(transaction=True)
def test_a_prompt_is_saved_and_edited_in_one_statement(alice, django_assert_num_queries):
    prompt = Prompt(owner=alice.user, **TEXT)
    to_save, to_edit = STATEMENTS[connection.vendor]
    with django_assert_num_queries(to_save):
        prompt.save()
    found = Prompt.objects.read(prompt.pk)
    with django_assert_num_queries(to_edit):
        found.edit(author=alice.user, title="After", is_read=True)
    assert (prompt.versions.count(), tags_of(prompt)) == (2, ["a", "b"])


@pytest.mark.django_db(transaction=True)
def test_a_prompt_without_an_owner_or_with_a_tag_twice_is_not_saved_at_all(alice):
    orphan = Prompt(owner=alice.user, **TEXT)
    orphan.owner_id = uuid.uuid4()
    doubled = Prompt(owner=alice.user, **{**TEXT, "tags": ["a", "a"]})
    for prompt in (orphan, doubled):
        with pytest.raises(IntegrityError):
            prompt.save(author=alice.user)
        assert prompt._state.adding
    counts = [model.objects.count() for model in (Prompt, Version, Tag)]
    assert counts == [0, 0, 0]


def test_an_edit_that_breaks_changes_nothing(alice, make_prompt):
    prompt = make_prompt(alice, **TEXT)
    with pytest.raises(IntegrityError), transaction.atomic():
        prompt.edit(author=alice.user, title="After", tags=["b", "c", "c"])
    assert Prompt.objects.get().text == TEXT
    assert (tags_of(prompt), prompt.versions.count()) == (["a", "b"], 1)


@pytest.mark.django_db
def test_to_insert_nothing_is_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        writes.insert()
