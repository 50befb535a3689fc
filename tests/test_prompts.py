from datetime import datetime

import pytest
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from prompts.models import Prompt

PROMPT = {
    "title": "AI image prompt",
    "content": "Create a prompt for a surreal mountain landscape painting.",
    "model": "DALL·E",
    "tags": ["art", "surreal", "landscape"],
}


def test_a_saved_prompt_comes_back_as_the_contract_shows_it(alice):
    response = alice.post("/prompts", PROMPT)
    assert response.status_code == 201
    added = {"version", "labels", "variables"}
    assert set(response.json()) == {*PROMPT, "_id", "ownerId", "createdAt", "updatedAt"} | added
    assert response.json() | PROMPT == response.json()
    assert response.json() == alice.get(f"/prompts/{response.json()['_id']}").json()


def test_ids_tell_their_kind(alice):
    prompt = alice.post("/prompts", PROMPT).json()
    assert prompt["_id"].startswith("prompt_")
    assert prompt["ownerId"] == alice.user.wire_id


def test_times_are_utc_and_equal_at_birth(alice):
    before = timezone.now()
    prompt = alice.post("/prompts", PROMPT).json()
    assert prompt["createdAt"] == prompt["updatedAt"]
    assert prompt["createdAt"].endswith("Z")
    assert before <= datetime.fromisoformat(prompt["createdAt"]) <= timezone.now()


def test_tags_are_optional(alice):
    response = alice.post("/prompts", {k: v for k, v in PROMPT.items() if k != "tags"})
    assert response.json()["tags"] == []


def test_tags_are_trimmed_and_kept_once_in_order(alice):
    prompt = alice.post("/prompts", PROMPT | {"tags": [" b ", "a", "b", "B", "a\t"]}).json()
    assert prompt["tags"] == ["b", "a", "B"]


def test_text_is_kept_to_the_character(alice):
    text = {"title": "  padded\t", "content": "\r\n  x \u2028\ufeff\n\n", "model": " m "}
    prompt = alice.post("/prompts", PROMPT | text).json()
    assert alice.get(f"/prompts/{prompt['_id']}").json() | text == prompt


@pytest.mark.parametrize("title", ["abc", "x" * 100, "👩‍👩‍👧", "  x"])
def test_a_title_has_3_to_100_characters(alice, title):
    assert alice.post("/prompts", PROMPT | {"title": title}).json()["title"] == title


def test_the_longest_content_is_kept(alice):
    content = "𝒳" * 200_000
    prompt = alice.post("/prompts", PROMPT | {"content": content}).json()
    assert alice.get(f"/prompts/{prompt['_id']}").json()["content"] == content


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "ab"),
        ("title", "x" * 101),
        ("title", "   "),
        ("title", 123),
        ("title", None),
        ("title", True),
        ("content", ""),
        ("content", " \n\t"),
        ("content", "x" * 200_001),
        ("content", ["text"]),
        ("model", ""),
        ("model", "x" * 101),
        ("model", {}),
        ("tags", "art"),
        ("tags", None),
        ("tags", {"0": "art"}),
        ("tags", [1]),
        ("tags", [["art"]]),
        ("tags", ["  "]),
        ("tags", ["x" * 51]),
        ("tags", [str(n) for n in range(51)]),
        ("tags", ["nul\0"]),
        ("tags", ["\ud800"]),
        ("title", "nul\0"),
        ("content", "lone \udfff"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_an_invalid_field_is_named(alice, make_prompt, method, field, value):
    prompt = make_prompt(alice)
    path = "/prompts" if method == "POST" else f"/prompts/{prompt.wire_id}"
    response = alice.send(method, path, PROMPT | {field: value})
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert Prompt.objects.get().title == prompt.title


@pytest.mark.parametrize("field", ["title", "content", "model"])
def test_a_missing_field_is_named(alice, field):
    response = alice.post("/prompts", {k: v for k, v in PROMPT.items() if k != field})
    assert response.status_code == 400
    assert response.json()["fields"] == {field: ["This is required."]}


def test_fifty_tags_of_fifty_characters_are_welcome(alice):
    tags = [f"{n:050}" for n in range(50)]
    assert alice.post("/prompts", PROMPT | {"tags": [*tags, *tags]}).json()["tags"] == tags


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_the_server_sets_is_never_taken_from_a_body(alice, bob, method):
    mine = alice.post("/prompts", PROMPT).json()
    forged = {
        "_id": bob.post("/prompts", PROMPT).json()["_id"],
        "ownerId": bob.user.wire_id,
        "owner": str(bob.user.pk),
        "createdAt": "2001-01-01T00:00:00Z",
        "updatedAt": "2001-01-01T00:00:00Z",
    }
    path = "/prompts" if method == "POST" else f"/prompts/{mine['_id']}"
    prompt = alice.send(method, path, PROMPT | forged).json()
    assert prompt["ownerId"] == alice.user.wire_id
    assert all(prompt[name] != value for name, value in forged.items() if name in prompt)
    assert len(bob.get("/prompts").json()) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("title", "Another title"), ("content", "Else"), ("model", "GPT-4o"), ("tags", ["new"])],
)
def test_an_edit_changes_only_what_is_sent(alice, field, value):
    before = alice.post("/prompts", PROMPT).json()
    response = alice.patch(f"/prompts/{before['_id']}", {field: value})
    after = response.json()
    assert response.status_code == 200
    assert after == before | {field: value, "updatedAt": after["updatedAt"], "version": 2}
    assert after["updatedAt"] > before["updatedAt"]
    assert alice.get(f"/prompts/{before['_id']}").json() == after


@pytest.mark.parametrize("body", [{}, {"title": PROMPT["title"]}, PROMPT, {"unknown": 1}])
def test_an_edit_that_changes_nothing_leaves_the_time_alone(alice, body):
    before = alice.post("/prompts", PROMPT).json()
    response = alice.patch(f"/prompts/{before['_id']}", body)
    assert response.status_code == 200
    assert response.json() == before


def test_an_edit_is_later_than_the_one_before_it_whatever_the_clock_says(alice, make_prompt):
    prompt = make_prompt(alice)
    future = timezone.now() + timezone.timedelta(days=1)
    Prompt.objects.filter(pk=prompt.pk).update(updated_at=future)
    prompt.edit(title="After", author=alice.user)
    assert Prompt.objects.get().updated_at > future


def test_edits_of_different_fields_from_stale_copies_both_survive(alice, make_prompt):
    prompt = make_prompt(alice)
    stale = Prompt.objects.get(pk=prompt.pk)
    prompt.edit(title="New title", author=alice.user)
    stale.edit(content="New content", author=alice.user)
    kept = Prompt.objects.get()
    assert (kept.title, kept.content) == ("New title", "New content")
    assert list(Prompt.objects.matching("new title content")) == [kept]


def test_a_deleted_prompt_is_gone_with_its_logs(alice, make_prompt, make_log):
    prompt = make_prompt(alice)
    make_log(prompt)
    response = alice.delete(f"/prompts/{prompt.wire_id}")
    assert (response.status_code, response.content) == (204, b"")
    assert alice.get(f"/prompts/{prompt.wire_id}").status_code == 404
    assert alice.get("/prompts").json() == alice.get("/logs").json() == []
    assert alice.delete(f"/prompts/{prompt.wire_id}").status_code == 404


def test_an_edit_of_a_prompt_deleted_meanwhile_does_not_bring_it_back(alice, make_prompt):
    prompt = make_prompt(alice)
    Prompt.objects.all().delete()  # behind its back, as a purge would
    with pytest.raises(Prompt.DoesNotExist):
        prompt.edit(title="Ghost", author=alice.user)
    assert not Prompt.objects.exists()


def test_a_list_holds_ones_own_prompts_newest_first(alice, bob, make_prompt):
    make_prompt(bob, title="Bob's")
    for title in ("First", "Second", "Third"):
        make_prompt(alice, title=title)
    titles = [prompt["title"] for prompt in alice.get("/prompts").json()]
    assert titles == ["Third", "Second", "First"]


def test_a_list_shows_each_prompt_as_it_shows_alone(alice, make_prompt):
    prompt = make_prompt(alice, tags=["a"])
    assert alice.get("/prompts").json() == [alice.get(f"/prompts/{prompt.wire_id}").json()]


@pytest.mark.parametrize(
    "fields", [{"title": "ab"}, {"title": "x" * 101}, {"content": ""}, {"model": ""}]
)
def test_the_database_refuses_what_no_serializer_saw(alice, make_prompt, fields):
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        make_prompt(alice, **fields)


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/prompts", 1),  # the caller and the list
        ("/prompts?limit=50", 2),
        ("/prompts?tag=a&tag=b&model=GPT-4o&ordering=title", 2),
        ("/prompts?label=live", 2),
        ("/prompts?label=live&tag=a&limit=50", 2),
        ("/logs", 2),
        ("/logs?limit=50&minScore=1", 2),
        ("/search?q=a", 2),  # what changed of late with its texts, of a library without an index
        ("/search?q=a&limit=50&tag=a&highlight=true", 4),
        ("/search?q=a&label=live", 5),  # the texts that are released, too
        ("/trash", 2),
    ],
)
def test_a_list_takes_as_many_queries_for_30_rows_as_for_1(
    alice, make_prompt, make_log, path, queries, django_assert_num_queries
):
    for count in (1, 29):
        for _ in range(count):
            make_log(prompt := make_prompt(alice, tags=["a", "b"]), score=5)
            prompt.set_label("live", to=1, actor=alice.user)
            if path == "/trash":
                prompt.move_to_trash()
        with django_assert_num_queries(queries):
            response = alice.get(path)
    assert len(response.json()) == 30


@pytest.mark.parametrize(("path", "queries"), [("/tags", 2), ("/models", 2), ("/prompts/batch", 2)])
def test_what_tells_of_many_prompts_takes_as_many_queries_for_30(
    alice, make_prompt, path, queries, django_assert_num_queries
):
    for count in (1, 29):
        made = [make_prompt(alice, tags=["a", "b"]) for _ in range(count)]
        query = "&".join(f"id={prompt.wire_id}" for prompt in made)
        with django_assert_num_queries(queries):
            assert alice.get(f"{path}?{query}" if "batch" in path else path).status_code == 200


def test_a_prompt_is_read_by_one_statement(alice, make_prompt, django_assert_num_queries):
    prompt = make_prompt(alice)
    with django_assert_num_queries(1):
        alice.get(f"/prompts/{prompt.wire_id}")
