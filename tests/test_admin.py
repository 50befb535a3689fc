"""Prompts and their outputs in the admin: the list, a prompt's page, its history and labels."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prompts.models import Prompt
from tests.callers import Caller
from tests.operating import HTML, LIST, text


def edit(admin, prompt, **changes):
    form = {"title": prompt.title, "content": prompt.content, "model": prompt.model}
    form |= {"tags": ", ".join(prompt.tags), "base_version": prompt.version, **changes}
    return admin.post(f"{LIST}{prompt.pk}/change/", form)


# The list ---------------------------------------------------------------------------------------


def test_the_list_says_what_is_known_of_a_prompt(admin, alice, make_prompt, make_log):
    prompt = make_prompt(alice, title="Sum up", model="small-1", tags=["art", "<b>"])
    prompt.set_label("production", to=1, actor=alice.user)
    for score in (7, 8.5, None):
        make_log(prompt, score=score)
    page = text(admin.get(LIST))
    for shown in (
        "Sum up",
        "alice@example.com",
        "small-1",
        "?tag=art",
        "&lt;b&gt;</a>",
        "production v1</a>",
        '<td class="field-outputs">3</td>',
        '<td class="field-mean_score">7.75</td>',
        f"{prompt.updated_at:%Y-%m-%d}",
    ):
        assert shown in page, shown


def test_the_list_takes_as_many_queries_for_30_rows_as_for_1(
    admin, make_user, make_prompt, make_log
):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            text(admin.get(LIST))
        return [each["sql"] for each in captured]

    make_log(make_prompt(Caller(make_user("first")), tags=["a"]))
    few = queries()
    for n in range(29):
        make_log(make_prompt(Caller(make_user(f"user{n}")), tags=["a", "b"]))
    many = queries()
    assert len(many) == len(few)
    assert not [sql for sql in many if "COUNT(*)" in sql and "GROUP BY" not in sql]
    assert not [sql for sql in many if '"content"' in sql]


@pytest.fixture
def three(alice, bob, make_prompt):
    """Prompts that each filter tells apart."""
    make_prompt(alice, title="First", model="m1", tags=["art", "a, b"])
    labelled = make_prompt(alice, title="Second", model="m2", tags=["Art"])
    labelled.set_label("production", to=1, actor=alice.user)
    make_prompt(bob, title="Third", model="m1")
    make_prompt(bob, title="Fourth", model="m3").move_to_trash()


def shown(admin, query):
    page = text(admin.get(f"{LIST}?{query}"))
    return {title for title in ("First", "Second", "Third", "Fourth") if f">{title}</a>" in page}


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", {"First", "Second", "Third"}),
        ("tag=art", {"First"}),
        ("tag=a%2C+b", {"First"}),
        ("tag=nothing", set()),
        ("model=m1", {"First", "Third"}),
        ("model=m1&tag=art", {"First"}),
        ("model=m1&q=THIRD", {"Third"}),
        ("label=production", {"Second"}),
        ("owner=BOB%40example.com", {"Third"}),
        ("trash=yes", {"Fourth"}),
        ("trash=yes&owner=bob%40example.com", {"Fourth"}),
        ("trash=yes&model=m1", set()),
        ("tag=%00", set()),
        ("label=%ED%A0%80", set()),
        ("owner=%22%27", set()),
    ],
)
def test_the_list_is_filtered(admin, three, query, titles):
    assert shown(admin, query) == titles


def test_a_filter_keeps_what_the_others_and_the_search_ask_for(admin, three):
    page = text(admin.get(f"{LIST}?tag=art&q=first"))
    assert page.count('<input type="hidden" name="tag" value="art">') == 4
    assert page.count('<input type="hidden" name="q" value="first">') == 4
    assert 'name="tag" value="art" aria-label="Tag"' in page


def test_what_is_in_the_trash_is_not_offered_where_one_is_chosen(admin, three):
    query = "app_label=prompts&model_name=log&field_name=prompt"
    found = admin.get(f"/admin/autocomplete/?{query}").json()["results"]
    assert {each["text"] for each in found} == {"First", "Second", "Third"}


# A prompt's page --------------------------------------------------------------------------------


def test_a_prompts_page_has_its_labels_versions_and_outputs(admin, alice, make_prompt, make_log):
    prompt = make_prompt(alice, content="First text")
    prompt.edit(author=alice.user, content="Second text", message="Better")
    prompt.set_label("production", to=1, actor=alice.user, note="Released")
    make_log(prompt, output="What came of it", score=6.5)
    page = text(admin.get(f"{LIST}{prompt.pk}/change/"))
    for part in ("Second text</textarea>", "Better", "Released", "What came of it", "6.5"):
        assert part in page, part
    assert f"{LIST}{prompt.pk}/diff/" in page
    assert f"{LIST}{prompt.pk}/labels/" in page


def test_a_page_takes_as_many_queries_for_many_versions_as_for_few(
    admin, alice, bob, make_prompt, make_log
):
    def queries(prompt):
        with CaptureQueriesContext(connection) as captured:
            text(admin.get(f"{LIST}{prompt.pk}/change/"))
        return len(captured)

    few, many = make_prompt(alice), make_prompt(alice)
    for prompt, how_many in ((few, 1), (many, 20)):
        for n in range(how_many):
            prompt.edit(author=alice.user, content=f"Text {n}")
            prompt.set_label(f"label-{n}", to="latest", actor=bob.user)
            make_log(prompt)
    queries(few)  # which looks up the content types that Django keeps
    assert queries(few) == queries(many)


def test_tags_are_edited_as_words(admin, alice, make_prompt):
    prompt = make_prompt(alice, tags=["art", "a, b", 'a "b"'])
    page = text(admin.get(f"{LIST}{prompt.pk}/change/"))
    assert "art, &quot;a, b&quot;, &quot;a &quot;&quot;b&quot;&quot;&quot;</textarea>" in page
    edit(admin, prompt, tags='new,  "a, b" ,, new\r\nlast')
    assert Prompt.objects.get().tags == ["new", "a, b", "last"]


def test_tags_that_stay_the_same_make_no_version(admin, alice, make_prompt):
    prompt = make_prompt(alice, tags=["a, b", 'a "b"', "a\nb"])
    edit(admin, prompt, tags='"a, b","a ""b""","a\r\nb"')
    assert Prompt.objects.get().version == 1


def test_an_edit_has_the_operator_as_author_and_a_message(admin, operator, alice, make_prompt):
    prompt = make_prompt(alice)
    edit(admin, prompt, title="Mended", message="As the author asked")
    version = prompt.versions.get(number=2)
    assert (version.author, version.message) == (operator, "As the author asked")
    edit(admin, Prompt.objects.get(), message="Nothing changed")
    assert Prompt.objects.get().version == 2


def test_an_edit_that_takes_away_what_a_label_uses_is_warned_of(admin, alice, make_prompt):
    prompt = make_prompt(alice, content="Hello {{name}}")
    prompt.set_label("production", to=1, actor=alice.user)
    edit(admin, prompt, content="Hello")
    page = text(admin.get(LIST))
    assert "Removed variable `name`, which production (v1) uses." in page


def test_a_prompt_is_found_by_its_id(admin, alice, make_prompt):
    make_prompt(alice, title="First")
    wanted = make_prompt(alice, title="Second")
    assert shown(admin, f"q={wanted.wire_id}") == {"Second"}


def test_what_is_in_the_trash_is_looked_at_and_not_edited(admin, alice, make_prompt):
    prompt = make_prompt(alice)
    prompt.move_to_trash()
    page = text(admin.get(f"{LIST}{prompt.pk}/change/"))
    assert "In the trash since" in page
    assert "Take from the trash" in page
    assert 'name="_save"' not in page
    assert edit(admin, prompt, title="Mended").status_code == 403


def test_the_page_that_asks_before_the_trash_counts_what_hangs_on_it(
    admin, alice, make_prompt, make_log
):
    prompt = make_prompt(alice)
    for _ in range(3):
        make_log(prompt)
    page = text(admin.get(f"{LIST}{prompt.pk}/delete/"))
    assert "Outputs: 3" in page
    assert "log_" not in page
    assert admin.post(f"{LIST}{prompt.pk}/delete/", {"post": "yes"}).status_code == 302
    assert Prompt.trash.get() == prompt


# Differences ------------------------------------------------------------------------------------


def test_any_two_versions_stand_side_by_side(admin, alice, make_prompt):
    prompt = make_prompt(alice, content="One <b>\nsame", tags=["old"])
    prompt.edit(author=alice.user, content="Two {{name}}\nsame", tags=["new"], model="m2")
    prompt.edit(author=alice.user, title="Third")
    page = text(admin.get(f"{LIST}{prompt.pk}/diff/?from=1&to=2"))
    assert "<del>One</del>" in page
    assert "<ins>Two</ins>" in page
    assert "<b>" not in page.partition("<table")[2]
    assert "Variable <code>name</code> is new." in page
    assert '<span class="chip">new</span>' in page
    newest = text(admin.get(f"{LIST}{prompt.pk}/diff/"))
    assert 'name="from" value="2"' in newest
    assert "The texts are the same." in newest


def test_versions_are_named_by_labels_too(admin, alice, make_prompt):
    prompt = make_prompt(alice, content="One")
    prompt.edit(author=alice.user, content="Two")
    prompt.set_label("production", to=1, actor=alice.user)
    page = text(admin.get(f"{LIST}{prompt.pk}/diff/?from=production&to=latest"))
    assert "<del>One</del>" in page


@pytest.mark.parametrize("ref", ["9", "0", "nothing", "NO LABEL", "٣", "%00", "9" * 5000, "1e3"])
def test_a_version_that_is_not_there_is_told(admin, alice, make_prompt, ref):
    prompt = make_prompt(alice)
    page = text(admin.get(f"{LIST}{prompt.pk}/diff/?from=1&to={ref}"))
    assert 'role="alert"' in page


def test_a_long_difference_is_cut(admin, alice, make_prompt):
    prompt = make_prompt(alice, content="a\n" * 4_999 + "a")
    prompt.edit(author=alice.user, content="b\n" * 4_999 + "b")
    page = text(admin.get(f"{LIST}{prompt.pk}/diff/?from=1&to=2"))
    assert "3000 more lines are not shown." in page


# Labels -----------------------------------------------------------------------------------------


def move(client, prompt, **form):
    return client.post(f"{LIST}{prompt.pk}/labels/", form)


def test_labels_are_moved_by_an_operator(admin, operator, alice, make_prompt):
    prompt = make_prompt(alice)
    prompt.edit(author=alice.user, content="Second")
    assert move(admin, prompt, verb="set", name="live", to="1", note="First").status_code == 302
    assert move(admin, prompt, verb="set", name="live", to="latest", was="1").status_code == 302
    assert Prompt.objects.get().labels == {"live": 2}
    assert move(admin, prompt, verb="roll back", name="live", was="2").status_code == 302
    assert Prompt.objects.get().labels == {"live": 1}
    assert move(admin, prompt, verb="remove", name="live", was="1").status_code == 302
    assert Prompt.objects.get().labels == {}
    moves = prompt.label_moves.order_by("pk")
    assert [(each.from_version, each.to_version, each.actor) for each in moves] == [
        (None, 1, operator),
        (1, 2, operator),
        (2, 1, operator),
        (1, None, operator),
    ]
    assert LogEntry.objects.filter(user=operator).count() == 4
    page = text(admin.get(f"{LIST}{prompt.pk}/labels/"))
    assert "<td>First</td>" in page


@pytest.mark.parametrize(
    "form",
    [
        {"verb": "set", "name": "live", "to": "9"},
        {"verb": "set", "name": "live", "to": "nothing"},
        {"verb": "set", "name": "live", "to": "0"},
        {"verb": "set", "name": "latest"},
        {"verb": "set", "name": "v3"},
        {"verb": "set", "name": "UPPER"},
        {"verb": "set", "name": "x" * 37},
        {"verb": "set", "name": "live", "note": "x" * 501},
        {"verb": "set", "name": "live\0"},
        {"verb": "set"},
        {"verb": "remove", "name": "live"},
        {"verb": "roll back", "name": "live"},
        {"verb": "destroy", "name": "live"},
        {"verb": "set", "name": "kept", "was": "9" * 5_000},
        {"verb": "set", "name": "kept", "was": "2"},
        {"verb": "set", "name": "kept"},
        {"verb": "roll back", "name": "kept", "was": "1"},
    ],
)
def test_a_move_against_the_rules_is_told_on_the_page(admin, alice, make_prompt, form):
    prompt = make_prompt(alice)
    prompt.set_label("kept", to=1, actor=alice.user)
    page = move(admin, prompt, **form)
    assert page.status_code == 400
    assert 'role="alert"' in page.content.decode()
    assert Prompt.objects.get().labels == {"kept": 1}


def test_labels_of_what_is_in_the_trash_stay(admin, alice, make_prompt):
    prompt = make_prompt(alice)
    prompt.move_to_trash()
    assert move(admin, prompt, verb="set", name="live").status_code == 403


# Permissions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permissions", "path", "status"),
    [
        (["view_prompt"], "", 200),
        (["view_prompt"], "{}/change/", 200),
        (["view_prompt"], "{}/diff/", 200),
        (["view_prompt"], "{}/labels/", 403),
        (["view_prompt", "view_label"], "{}/labels/", 200),
        (["view_prompt"], "{}/insights/", 403),
        (["view_prompt", "view_log"], "{}/insights/", 200),
        (["view_prompt"], "insights/", 403),
        (["view_prompt", "view_log"], "insights/", 200),
        (["view_prompt"], "export.csv", 403),
        (["view_prompt", "export_prompt"], "export.csv", 200),
        (["view_prompt", "import_prompt", "add_prompt"], "import/", 403),
        (["view_prompt", "import_prompt", "add_prompt", "change_prompt"], "import/", 200),
        (["view_log"], "", 403),
        (["view_log"], "{}/change/", 403),
        (["view_log"], "{}/diff/", 403),
        (["view_log"], "{}/insights/", 403),
        (["view_log", "view_label"], "{}/labels/", 403),
    ],
)
def test_who_may_see_what(staff_who_may, alice, make_prompt, permissions, path, status):
    prompt = make_prompt(alice)
    assert staff_who_may(*permissions).get(LIST + path.format(prompt.pk)).status_code == status


def test_who_may_not_see_outputs_sees_none_on_a_prompts_page(
    staff_who_may, alice, make_prompt, make_log
):
    log = make_log(make_prompt(alice), output="Secret output")
    page = staff_who_may("view_prompt").get(f"{LIST}{log.prompt_id}/change/")
    assert "Secret output" not in text(page)


def test_who_may_not_move_labels_does_not(staff_who_may, alice, make_prompt):
    prompt = make_prompt(alice)
    client = staff_who_may("view_prompt", "view_label", "change_prompt")
    assert move(client, prompt, verb="set", name="live").status_code == 403
    assert "Set another" not in text(client.get(f"{LIST}{prompt.pk}/labels/"))


def test_who_may_not_move_labels_does_not_take_away_what_they_point_at(
    staff_who_may, alice, make_prompt
):
    prompt = make_prompt(alice)
    prompt.set_label("live", to=1, actor=alice.user)
    client = staff_who_may("view_prompt", "delete_prompt")
    assert client.post(f"{LIST}{prompt.pk}/delete/", {"post": "yes"}).status_code == 403
    prompt.remove_label("live", actor=alice.user)
    assert client.post(f"{LIST}{prompt.pk}/delete/", {"post": "yes"}).status_code == 302


@pytest.mark.parametrize("path", ["{}/diff/", "{}/labels/", "{}/insights/", "insights/", "import/"])
def test_pages_of_the_admin_are_for_staff(alice, make_prompt, path):
    prompt = make_prompt(alice)
    client = Client(headers=HTML)
    client.force_login(alice.user)
    page = client.get(LIST + path.format(prompt.pk))
    assert (page.status_code, page["Location"].partition("?")[0]) == (302, "/admin/login/")


@pytest.mark.parametrize("path", ["diff/", "labels/", "insights/"])
@pytest.mark.parametrize("key", ["garbage", "01a21aa7-f8ab-7096-bd84-4d924f10ad46"])
def test_a_prompt_that_is_not_there_has_no_page(admin, path, key):
    assert admin.get(f"{LIST}{key}/{path}").status_code in {302, 404}
