"""What staff can't do in the admin, whatever they ask for."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from tests.operating import HTML, LIST, text

USERS, LOGS, GROUPS = "/admin/accounts/user/", "/admin/prompts/log/", "/admin/auth/group/"


SINCE = "created_at__gte=2026-01-01+00%3A00%3A00%2B00%3A00"


@pytest.fixture
def reader(make_user):
    """Somebody of the group that a migration made."""
    user = make_user("reader", is_staff=True)
    user.groups.add(Group.objects.get(name="Read-only staff"))
    client = Client(headers=HTML, raise_request_exception=False)
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    "path",
    [
        f"{USERS}?browser_sessions__session_key__startswith=a",
        f"{USERS}?browser_sessions__pk__startswith=a",
        f"{USERS}?api_keys__digest__startswith=a",
        f"{USERS}?password__startswith=a",
        f"{USERS}?sessions__pk__gt=a",
        f"{USERS}?email__regex=(a%2B)%2B$",
        f"{LIST}?title__regex=^b|^(a%2B)%2B$",
        f"{LIST}?owner__password__startswith=a",
        f"{LIST}?owner__browser_sessions__pk__startswith=a",
        f"{LIST}?version__range=1",
        f"{LIST}?created_at__year=999999",
        f"{LIST}?tags__contains=[",
        f"{LIST}?labels__contained_by=1",
        f"{LOGS}?owner__browser_sessions__pk__startswith=a",
        f"{LOGS}?output__regex=(",
    ],
)
def test_lists_are_asked_for_nothing_but_their_filters(reader, path):
    """Letter by letter, the key of an operator's session could be asked for."""
    assert reader.get(path).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        f"{USERS}?is_active__exact=1&is_staff__exact=0&{SINCE}",
        f"{LIST}?trash=yes&tag=a&model=m&label=l&owner=o",
        f"{LOGS}?model=m&owner=o&{SINCE}",
        f"{LOGS}?prompt__id__exact=01a21aa7-f8ab-7096-bd84-4d924f10ad46",
    ],
)
def test_the_filters_that_there_are_stay(reader, path):
    assert reader.get(path).status_code == 200


def test_nobody_but_a_superuser_decides_what_a_group_may(staff_who_may, admin):
    group = Group.objects.create(name="Ours")
    client = staff_who_may("view_group", "change_group", "add_group", "delete_group")
    form = {"name": "Ours", "permissions": [Permission.objects.first().pk]}
    assert client.get(GROUPS).status_code == 200
    assert client.post(f"{GROUPS}{group.pk}/change/", form).status_code == 403
    assert client.post(f"{GROUPS}add/", form).status_code == 403
    assert client.post(f"{GROUPS}{group.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin.post(f"{GROUPS}{group.pk}/change/", form).status_code == 302
    assert group.permissions.count() == 1


@pytest.mark.parametrize("path", [USERS, LIST, LOGS, GROUPS])
def test_rubbish_that_is_selected_is_told(admin, alice, make_prompt, make_log, path):
    make_log(make_prompt(alice))
    actions = {USERS: "disable", LIST: "tag"}
    sent = {"action": actions.get(path, "delete_selected"), "_selected_action": "garbage"}
    page = admin.post(path, sent, follow=True)
    assert page.status_code == 200
    assert "Select some of the list." in page.content.decode()


def test_who_may_not_see_outputs_or_labels_is_not_told_of_them(
    staff_who_may, alice, make_prompt, make_log
):
    prompt = make_prompt(alice)
    make_log(prompt, score=7.25)
    prompt.set_label("live", to=1, actor=alice.user, note="A secret note")
    client = staff_who_may("view_prompt")
    assert "7.25" not in text(client.get(LIST))
    page = text(client.get(f"{LIST}{prompt.pk}/change/"))
    assert "A secret note" not in page
    assert "insights" not in page.lower()


def test_an_edit_at_the_same_moment_is_not_overwritten(admin, alice, make_prompt, monkeypatch):
    """Between the look at the form and the write."""
    prompt = make_prompt(alice, title="First")
    form = {"title": "Mine", "content": "c", "model": "m", "base_version": "1"}
    edit = type(prompt).edit

    def edit_after_somebody(self, **changes):
        edit(prompt, author=alice.user, title="Theirs")
        monkeypatch.setattr(type(prompt), "edit", edit)
        return self.edit(**changes)

    monkeypatch.setattr(type(prompt), "edit", edit_after_somebody)
    page = admin.post(f"{LIST}{prompt.pk}/change/", form, follow=True)
    assert "Somebody saved another version at this moment" in text(page)
    prompt.refresh_from_db()
    assert prompt.title != "Mine"
