"""Prompts out of the admin into files, and back."""

import base64
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from promptcrafter import steps
from prompts.models import Prompt
from tests.operating import LIST, hidden, text

HEADER = "title,content,model,tags,owner\r\n"


def exported(admin, form, query=""):
    answer = admin.get(f"{LIST}export.{form}{query}")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()


def look(admin, content, name="prompts.csv"):
    content = content if isinstance(content, bytes) else content.encode()
    return admin.post(f"{LIST}import/", {"file": SimpleUploadedFile(name, content)})


def bring_in(admin, content, name="prompts.csv"):
    page = look(admin, content, name)
    while page.status_code == 200:
        page = admin.post(f"{LIST}import/", hidden(page))
    return page


@pytest.fixture
def odd(alice, make_prompt):
    return make_prompt(
        alice,
        title="=1+1",
        content='\r\n "Quoted", école\n\r@x ',
        model="-m",
        tags=["a, b", "=x", 'a "b"'],
    )


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_is_exported_is_imported_as_it_was(admin, odd, form):
    content, key = exported(admin, form), odd.pk
    odd.move_to_trash()
    odd.destroy()
    assert bring_in(admin, content, f"prompts.{form}").status_code == 302
    kept = Prompt.objects.get()
    assert (kept.pk, kept.owner, kept.text) == (key, odd.owner, odd.text)
    assert bring_in(admin, exported(admin, form), f"prompts.{form}").status_code == 302
    assert Prompt.objects.get().version == 1


def test_an_export_has_what_the_list_shows(admin, alice, bob, make_prompt):
    make_prompt(alice, title="First", tags=["art"])
    make_prompt(bob, title="Second")
    make_prompt(bob, title="Third").move_to_trash()
    assert len(json.loads(exported(admin, "json"))) == 2
    (only,) = json.loads(exported(admin, "json", "?tag=art"))
    assert (only["title"], only["owner"]) == ("First", "alice@example.com")
    assert "Third" in exported(admin, "csv", "?trash=yes")
    assert admin.get(f"{LIST}export.xlsx").status_code == 404


def test_no_exported_cell_is_a_formula(admin, odd):
    written = exported(admin, "csv")
    assert ",'=1+1," in written
    assert ",'-m," in written


def test_an_import_says_first_what_it_would_do(admin, alice, make_prompt):
    kept, edited = make_prompt(alice, title="Kept"), make_prompt(alice, title="To be edited")
    rows = [
        {"id": kept.wire_id, "title": "Kept"},
        {"id": edited.wire_id, "title": "Edited"},
        {"title": "New one", "content": "c", "model": "m"},
        {"title": "x", "content": "c", "model": "m"},
    ]
    page = text(look(admin, json.dumps(rows), "prompts.json"))
    assert "1 new prompt," in " ".join(page.split())
    assert "Row 4: title: " in page
    assert Prompt.objects.count() == 2
    assert Prompt.objects.get(pk=edited.pk).version == 1


def test_an_import_writes_versions_by_who_imports(admin, operator, alice, make_prompt):
    edited = make_prompt(alice, title="To be edited")
    rows = [
        {"id": edited.wire_id, "title": "Edited", "message": "By file"},
        {"title": "New one", "content": "c", "model": "m", "owner": "ALICE@example.com"},
        {"title": "Another", "content": "c", "model": "m", "tags": ["a"]},
    ]
    assert bring_in(admin, json.dumps(rows), "prompts.json").status_code == 302
    version = edited.versions.get(number=2)
    assert (version.title, version.author, version.message) == ("Edited", operator, "By file")
    assert Prompt.objects.get(title="New one").owner == alice.user
    assert Prompt.objects.get(title="Another").owner == operator
    assert "Prompts imported: 3." in text(admin.get(LIST))


def test_a_step_that_is_sent_twice_makes_nothing_twice(admin, monkeypatch):
    monkeypatch.setattr(steps, "SECONDS", 0)
    page = look(admin, HEADER + "".join(f"Title {n},c,m,,\r\n" for n in range(3)))
    first = hidden(page)
    second = hidden(admin.post(f"{LIST}import/", first))
    admin.post(f"{LIST}import/", first)
    assert Prompt.objects.count() == 1
    third = hidden(admin.post(f"{LIST}import/", second))
    assert admin.post(f"{LIST}import/", third).status_code == 302
    assert Prompt.objects.count() == 3


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"title": "A title"}, "content: "),
        ({"title": "A title", "content": "\0", "model": "m"}, "content: "),
        ({"title": 5, "content": "c", "model": "m"}, "title: "),
        ({"title": "A title", "content": "c", "model": "m", "tags": "a"}, "tags: "),
        ({"title": "A title", "content": "c", "model": "m", "tags": [1]}, "tags: "),
        ({"title": "A title", "content": "c", "model": "m", "owner": "x@y.z"}, "owner: there is"),
        ({"title": "A title", "content": "c", "model": "m", "owner": 5}, "owner: write"),
        ({"title": "A title", "content": "c", "model": "m", "owner": "\0"}, "owner: "),
        ({"id": "garbage", "title": "A title"}, "id: "),
        ({"id": 5, "title": "A title"}, "id: "),
        ({}, "title: "),
    ],
)
def test_a_row_that_can_not_be_imported_is_told_why(admin, row, why):
    file = json.dumps([row, {"title": "Good", "content": "c", "model": "m"}])
    page = text(look(admin, file, "p.json"))
    assert f"Row 1: {why}" in page
    bring_in(admin, file, "p.json")
    assert Prompt.objects.get().title == "Good"
    assert "Left out, row 1: " in text(admin.get(LIST))


def test_what_is_in_the_trash_is_not_edited_by_a_file(admin, odd):
    odd.move_to_trash()
    page = text(look(admin, json.dumps([{"id": odd.wire_id, "title": "Edited"}]), "p.json"))
    assert "Row 1: id: this prompt is in the trash." in page


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("prompts.csv", b"\xff\xfe"),
        ("prompts.csv", b"nothing"),
        ("prompts.json", b"[" * 100_000),
        ("prompts.xlsx", b"PK"),
        ("csv", b"title\r\nA title\r\n"),
        ("prompts.csv", b"title\r\n"),
        ("prompts.json", b"[]"),
        ("prompts.json", b'[{"title": "\\ud800"}]'),
        ("prompts.json", b'[{"title": {}}]'),
        ("prompts.json", b'[{"title": ' + b"[" * 890 + b"]" * 890 + b"}]"),
        ("prompts.json", b'[{"title": "A", "tags": ["a", ["b"]]}]'),
        ("prompts.csv", b"title\r\n" + b"a\r\n" * 5_001),
        ("prompts.json", b"[" + b'{"title":"a"},' * 5_000 + b"{}]"),
        ("prompts.csv", b"title\r\n" + b"x" * 1_500_000),
    ],
)
def test_a_file_that_can_not_be_read_is_told_why(admin, name, content):
    page = look(admin, content, name)
    assert page.status_code == 400
    assert 'role="alert"' in page.content.decode()


GOOD = {
    "content": base64.b64encode(b"title,content,model\r\nA title,c,m\r\n").decode(),
    "form": "csv",
    "first": "01a21aa7f8ab7096bd844d924f10ad46",
}


@pytest.mark.parametrize(
    "changed",
    [
        {"content": "***"},
        {"content": ""},
        {"form": "xlsx"},
        {"first": "garbage"},
        {"first": "0" * 32},
        {"done": "-1"},
        {"done": "2"},
        {"done": "x"},
        {"left_out": "[]"},
        {"left_out": '{"\\ud800": 1}'},
    ],
)
def test_a_step_that_no_page_of_ours_asks_for_is_malformed(admin, changed):
    assert admin.post(f"{LIST}import/", GOOD | changed).status_code == 400
    assert not Prompt.objects.exists()


def test_the_step_that_is_changed_there_is_good_in_itself(admin):
    assert admin.post(f"{LIST}import/", GOOD).status_code == 302
    assert Prompt.objects.get().title == "A title"


@pytest.mark.parametrize(
    ("version", "problem"), [(1, "newest is 2"), (3, "from 1 on"), ("x", "from 1 on")]
)
def test_a_row_of_another_version_overwrites_nothing(admin, alice, make_prompt, version, problem):
    prompt = make_prompt(alice, title="First")
    prompt.edit(author=alice.user, title="Second")
    row = {"id": prompt.wire_id, "version": version, "title": "By file"}
    assert problem in text(look(admin, json.dumps([row]), "p.json"))
    assert Prompt.objects.get().version == 2


def test_a_row_that_changes_nothing_is_no_conflict_and_no_import(admin, alice, make_prompt):
    prompt = make_prompt(alice, title="First")
    prompt.edit(author=alice.user, title="Second")
    row = {"id": prompt.wire_id, "version": 1, "title": "Second"}
    bring_in(admin, json.dumps([row]), "p.json")
    page = text(admin.get(LIST))
    assert "Prompts imported: 0." in page
    assert "Left out, as it was already: 1." in page


def test_of_a_long_file_the_first_rows_are_looked_at(admin, monkeypatch):
    monkeypatch.setattr(steps, "SECONDS", 0)
    page = look(admin, HEADER + "Title,c,m,,\r\n" * 3)
    assert "The first 1 of its 3 rows have" in text(page)
    assert bring_in(admin, HEADER + "Title,c,m,,\r\n" * 3).status_code == 302
    assert Prompt.objects.count() == 3


def test_a_filter_that_is_none_is_malformed(admin, db):
    assert admin.get(f"{LIST}export.csv?version=abc").status_code == 400
