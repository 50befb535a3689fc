"""Many prompts at once in the admin: asked again, in steps, and each with a permission."""

import pytest
from django.contrib.admin.models import LogEntry

from promptcrafter import steps
from prompts.admin import bulk
from prompts.models import Prompt
from tests.operating import LIST, hidden, text


def choose(client, action, prompts, query=""):
    keys = [str(prompt.pk) for prompt in prompts]
    return client.post(LIST + query, {"action": action, "_selected_action": keys})


def carry_out(client, action, prompts, query="", **asked):
    """Chooses, says yes, and goes on to the end."""
    page = choose(client, action, prompts, query)
    while page.status_code == 200:
        page = client.post(f"{LIST}bulk/{action}/", hidden(page) | asked)
    return page


@pytest.fixture
def some(alice, make_prompt):
    return [make_prompt(alice, title=f"Prompt {n}", tags=["old"]) for n in range(3)]


def test_an_action_asks_first(admin, some):
    page = text(choose(admin, "move_to_trash", some[:2]))
    assert "2 prompts." in page
    assert "<li>Prompt 1</li>" in page
    assert "Prompt 2" not in page
    assert not Prompt.trash.exists()


def test_prompts_go_to_the_trash_and_come_back(admin, operator, some):
    assert carry_out(admin, "move_to_trash", some[:2]).status_code == 302
    assert {each.title for each in Prompt.trash.all()} == {"Prompt 0", "Prompt 1"}
    assert LogEntry.objects.filter(user=operator).count() == 2
    end = carry_out(admin, "take_from_trash", some[:1], "?trash=yes")
    assert end["Location"] == f"{LIST}?trash=yes"
    assert {each.title for each in Prompt.objects.all()} == {"Prompt 0", "Prompt 2"}
    carry_out(admin, "destroy", some[1:2], "?trash=yes")
    assert Prompt.everywhere.count() == 2


def test_tags_are_added_and_taken_off(admin, operator, some):
    carry_out(admin, "tag", some, word=" new ")
    assert [each.tags for each in Prompt.objects.all()] == [["old", "new"]] * 3
    version = some[0].versions.get(number=2)
    assert (version.author, version.message) == (operator, "Tagged new.")
    carry_out(admin, "tag", some, word="new")
    carry_out(admin, "untag", some, word="old")
    assert [(each.tags, each.version) for each in Prompt.objects.all()] == [(["new"], 3)] * 3


def test_a_label_is_pointed_at_the_newest(admin, operator, some):
    some[0].edit(author=operator, title="Edited")
    carry_out(admin, "label", some, word="production")
    assert {each.title: each.labels["production"] for each in Prompt.objects.all()} == {
        "Edited": 2,
        "Prompt 1": 1,
        "Prompt 2": 1,
    }


@pytest.mark.parametrize(
    ("action", "word"),
    [("tag", ""), ("tag", "x" * 51), ("tag", "\0"), ("label", "latest"), ("label", "UPPER")],
)
def test_a_word_that_is_none_is_asked_for_again(admin, some, action, word):
    page = admin.post(f"{LIST}bulk/{action}/", hidden(choose(admin, action, some)) | {"word": word})
    assert page.status_code == 400
    assert 'role="alert"' in page.content.decode()
    assert not Prompt.objects.exclude(version=1).exists()


def test_long_work_is_done_in_steps(admin, some, monkeypatch):
    monkeypatch.setattr(steps, "SECONDS", 0)
    page = admin.post(f"{LIST}bulk/tag/", hidden(choose(admin, "tag", some)) | {"word": "new"})
    assert '<progress id="progress" max="3" value="1">' in text(page)
    assert Prompt.objects.filter(version=2).count() == 1
    for _ in range(2):
        page = admin.post(f"{LIST}bulk/tag/", hidden(page))
    assert page.status_code == 302
    assert Prompt.objects.filter(version=2).count() == 3
    assert "Prompts tagged: 3." in text(admin.get(LIST))


def test_what_can_not_be_done_is_left_out_and_told(admin, operator, alice, some, make_prompt):
    full = make_prompt(alice, tags=[f"{n}" for n in range(50)])
    page = choose(admin, "tag", [*some, full])
    some[0].move_to_trash()
    admin.post(f"{LIST}bulk/tag/", hidden(page) | {"word": "new"})
    page = text(admin.get(LIST))
    assert "Prompts tagged: 2." in page
    assert "Left out, not there any more: 1." in page
    assert "Left out, full of tags already: 1." in page


def test_all_of_a_filtered_list_are_chosen_at_once(admin, some):
    chosen = {"action": "move_to_trash", "_selected_action": str(some[0].pk), "select_across": "1"}
    assert "3 prompts." in text(admin.post(f"{LIST}?tag=old", chosen))
    assert "3 prompts." not in text(admin.post(f"{LIST}?q=Prompt+1", chosen))


def test_too_many_at_once_are_refused(admin, some, monkeypatch):
    monkeypatch.setattr(bulk, "MOST", 2)
    page = admin.post(
        LIST, {"action": "tag", "_selected_action": [str(each.pk) for each in some]}, follow=True
    )
    assert "Select at most 2 prompts at once" in text(page)


@pytest.mark.parametrize(
    ("permission", "action", "query"),
    [
        ("delete_prompt", "move_to_trash", ""),
        ("change_prompt", "tag", ""),
        ("change_prompt", "untag", ""),
        ("change_label", "label", ""),
        ("change_prompt", "take_from_trash", "?trash=yes"),
        ("destroy_prompt", "destroy", "?trash=yes"),
    ],
)
def test_each_action_has_its_permission(staff_who_may, some, permission, action, query):
    if query:
        for prompt in some:
            prompt.move_to_trash()
    others = {"delete_prompt", "change_prompt", "change_label", "destroy_prompt"} - {permission}
    asked = {"word": "word"} if bulk.BY_NAME[action].word else {}
    client = staff_who_may("view_prompt", *others)
    assert f'value="{action}"' not in text(client.get(LIST + query))
    sent = {"keys": ",".join(each.pk.hex for each in some), **asked}
    assert client.post(f"{LIST}bulk/{action}/", sent).status_code == 403
    client = staff_who_may("view_prompt", permission, name="other")
    assert carry_out(client, action, some, query, **asked).status_code == 302


def test_what_is_labelled_stays_where_labels_may_not_be_moved(staff_who_may, alice, some):
    some[0].set_label("live", to=1, actor=alice.user)
    client = staff_who_may("view_prompt", "delete_prompt")
    carry_out(client, "move_to_trash", some)
    assert Prompt.objects.get() == some[0]
    assert "Left out, labelled, and you may not move labels: 1." in text(client.get(LIST))


def test_what_is_labelled_is_not_destroyed_either(staff_who_may, alice, some):
    some[0].set_label("live", to=1, actor=alice.user)
    some[0].move_to_trash()
    client = staff_who_may("view_prompt", "destroy_prompt")
    carry_out(client, "destroy", some[:1], "?trash=yes")
    assert Prompt.trash.get() == some[0]


def test_reasons_have_an_end(admin):
    step = steps.Step(total=60, before=0)

    def refuse(number):
        raise steps.LeftOut(f"row {number}")

    step.run(range(60), refuse)
    assert len(step.left_out) == steps.REASONS + 1
    assert step.left_out.total() == 60


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"keys": ""},
        {"keys": "garbage"},
        {"keys": "0" * 32 + ",,"},
        {"keys": "0" * 32, "total": "5"},
        {"keys": "0" * 32, "total": "x"},
        {"keys": "0" * 32, "total": "0", "done": "-1"},
        {"keys": "0" * 32, "left_out": "["},
        {"keys": "0" * 32, "left_out": "[" * 100_000},
        {"keys": "0" * 32, "left_out": '{"why": "x"}'},
        {"keys": "0" * 32, "left_out": '{"why": ' + "9" * 5_000 + "}"},
        {"keys": ",".join(["0" * 32] * 10_001)},
    ],
)
def test_a_step_that_no_page_of_ours_asks_for_is_malformed(admin, sent):
    assert admin.post(f"{LIST}bulk/move_to_trash/", sent).status_code == 400


def test_an_edit_at_the_same_moment_is_not_overwritten(admin, alice, some, monkeypatch):
    edit = Prompt.edit

    def edit_after_somebody(self, **changes):
        edit(Prompt.objects.get(pk=self.pk), author=alice.user, tags=["theirs"])
        return edit(self, **changes)

    monkeypatch.setattr(Prompt, "edit", edit_after_somebody)
    carry_out(admin, "tag", some[:1], word="ours")
    assert Prompt.objects.get(pk=some[0].pk).tags == ["theirs"]
    assert "Left out, edited at the same moment: 1." in text(admin.get(LIST))


@pytest.mark.parametrize("action", ["tag", "take_from_trash"])
def test_what_moved_between_list_and_trash_is_left_alone(admin, some, action):
    is_trash = action == "take_from_trash"
    if not is_trash:
        some[0].move_to_trash()
    admin.post(f"{LIST}bulk/{action}/", {"keys": some[0].pk.hex, "word": "new"})
    assert "Left out, not there any more: 1." in text(admin.get(LIST))


def test_there_is_no_other_way_in(admin, some):
    assert admin.get(f"{LIST}bulk/move_to_trash/").status_code == 405
    assert admin.post(f"{LIST}bulk/nonsense/", {"keys": some[0].pk.hex}).status_code == 404
    assert 'value="delete_selected"' not in text(admin.get(LIST))
    choose(admin, "delete_selected", some)
    assert Prompt.objects.count() == 3
