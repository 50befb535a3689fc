"""One's own account: name, e-mail, password, and its end."""

import pytest
from django.db import transaction
from django.db.models.signals import post_delete
from rest_framework.exceptions import ValidationError

from accounts.models import ApiKey, Session, User
from accounts.serializers import require_password
from promptcrafter.environment import Rate
from prompts.models import IdempotencyKey, Label, LabelMove, Log, Prompt, Version
from tests.callers import Caller

PASSWORD = "correct horse battery"
NEW = "battery staple horse"


@pytest.fixture
def ada(make_user):
    return Caller(make_user("ada", PASSWORD))


def log_in(email, password):
    return Caller().post("/auth/login", {"email": email, "password": password}).status_code


def test_who_one_is(ada):
    shown = ada.get("/auth/me").json()
    assert set(shown) == {"_id", "name", "email", "createdAt"}
    assert shown["_id"] == ada.user.wire_id
    assert (shown["name"], shown["email"]) == ("ada", "ada@example.com")
    assert shown["createdAt"].endswith("Z")


def test_a_name_changes_with_nothing_else(ada):
    answer = ada.patch("/auth/me", {"name": " Ada L. "})
    assert (answer.status_code, answer.json()["name"]) == (200, " Ada L. ")
    assert ada.get("/auth/me").json() == answer.json()


def test_what_was_read_may_be_sent_back(ada):
    shown = ada.get("/auth/me").json()
    assert ada.patch("/auth/me", shown).json() == shown
    assert ada.patch("/auth/me", {"_id": "x", "createdAt": "x"}).json() == shown


@pytest.mark.parametrize("field", ["is_staff", "isStaff", "password", "nmae", "is_active", "id"])
def test_what_can_not_be_changed_so_is_refused(ada, field):
    answer = ada.patch("/auth/me", {"name": "New", field: True})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])
    ada.user.refresh_from_db()
    assert (ada.user.name, ada.user.is_staff) == ("ada", False)


def test_an_email_changes_with_the_current_password_alone(ada):
    new = {"email": "Countess@Example.com"}
    for body in (new, new | {"currentPassword": "wrong horse battery"}):
        answer = ada.patch("/auth/me", body)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["currentPassword"])
    answer = ada.patch("/auth/me", new | {"currentPassword": PASSWORD})
    assert (answer.status_code, answer.json()["email"]) == (200, "countess@example.com")
    assert log_in("countess@example.com", PASSWORD) == 200
    assert log_in("ada@example.com", PASSWORD) == 401


def test_an_email_that_is_taken_is_refused(ada, bob):
    body = {"email": "BOB@example.com", "currentPassword": PASSWORD, "name": "Not this either"}
    answer = ada.patch("/auth/me", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")
    assert ada.get("/auth/me").json()["name"] == "ada"


@pytest.mark.parametrize("value", [None, "", " ", 5, ["x"], "a\0b", "\ud800", "x" * 300])
@pytest.mark.parametrize("field", ["name", "email", "currentPassword"])
def test_a_field_that_is_wrong_is_named(ada, field, value):
    if field == "currentPassword" and value == "x" * 300:
        value = "x" * 5000
    answer = ada.patch("/auth/me", {field: value})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])


def test_a_new_password_ends_every_other_session(ada):
    other = Caller(ada.user)
    body = {"currentPassword": PASSWORD, "newPassword": NEW}
    answer = ada.post("/auth/password", body)
    assert (answer.status_code, answer.content) == (204, b"")
    assert other.get("/prompts").status_code == 401
    assert ada.get("/prompts").status_code == 200
    assert log_in("ada@example.com", PASSWORD) == 401
    assert log_in("ada@example.com", NEW) == 200


def test_keys_stay_when_the_password_changes_unless_they_are_to_go(ada, make_key):
    program = make_key(ada, "prompts:read")
    body = {"currentPassword": PASSWORD, "newPassword": NEW}
    assert ada.post("/auth/password", body | {"revokeKeys": "yes"}).status_code == 400
    assert ada.post("/auth/password", body).status_code == 204
    assert program.get("/prompts").status_code == 200
    body = {"currentPassword": NEW, "newPassword": PASSWORD, "revokeKeys": True}
    assert ada.post("/auth/password", body).status_code == 204
    assert program.get("/prompts").status_code == 401


def test_a_password_changes_with_the_current_one_alone(ada):
    body = {"currentPassword": "wrong horse battery", "newPassword": NEW}
    answer = ada.post("/auth/password", body)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["currentPassword"])
    assert log_in("ada@example.com", PASSWORD) == 200


@pytest.mark.parametrize("new", ["short", "ada@example.com", "1234567890123", None, " ", 5])
def test_a_weak_or_missing_new_password_is_refused(ada, new):
    body = {"currentPassword": PASSWORD, "newPassword": new}
    answer = ada.post("/auth/password", body)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["newPassword"])


def test_a_browsers_log_in_stays_when_its_password_changes(ada):
    browser, other = Caller(), Caller()
    for each in (browser, other):
        each.client.force_login(ada.user)
    body = {"currentPassword": PASSWORD, "newPassword": NEW}
    assert browser.post("/auth/password", body).status_code == 204
    assert browser.get("/prompts").status_code == 200
    assert other.get("/prompts").status_code == 401
    assert ada.get("/prompts").status_code == 401


def test_an_account_ends_with_the_password_alone(ada):
    for body in ({}, {"password": "wrong horse battery"}, {"password": None}):
        answer = ada.delete("/auth/me", body)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["password"])
    assert User.objects.filter(pk=ada.user.pk).exists()


def test_an_account_ends_with_everything_it_owns(ada, bob, make_prompt, make_log, make_key):
    for owner in (ada, bob):
        prompt, trashed = make_prompt(owner), make_prompt(owner)
        prompt.edit(title="Version 2", author=ada.user)
        prompt.set_label("live", to=1, actor=ada.user)
        make_log(prompt)
        make_log(trashed)
        trashed.move_to_trash()
        make_key(owner, "prompts:read")
        IdempotencyKey.objects.claim(owner.user, "k", "f")
    kinds = (Prompt._base_manager, Version, Label, LabelMove, Log, ApiKey, Session, IdempotencyKey)
    managers = [getattr(kind, "objects", kind) for kind in kinds]
    before = [manager.count() for manager in managers]
    answer = ada.delete("/auth/me", {"password": PASSWORD})
    assert (answer.status_code, answer.content) == (204, b"")
    assert [2 * manager.count() for manager in managers] == before
    assert ada.get("/prompts").status_code == 401
    assert log_in("ada@example.com", PASSWORD) == 401
    assert bob.get("/prompts").json()[0]["title"] == "Version 2"
    signup = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    assert Caller().post("/auth/signup", signup).status_code == 201


def test_a_log_in_with_the_old_password_at_that_moment_does_not_stay(ada):
    """It was checked before the change, and its session saved while the others were ended."""
    late = []

    def log_in_late(**kwargs):
        late.append(Caller(User(pk=ada.user.pk, password=old)))

    old = ada.user.password
    post_delete.connect(log_in_late, sender=Session)
    try:
        ada.user.change_password(NEW)
    finally:
        post_delete.disconnect(log_in_late, sender=Session)
    assert late[0].get("/prompts").status_code == 401


def test_what_was_proven_must_still_hold_when_it_is_done(ada, rf):
    """Somebody who knows the old password must not overwrite the owner's new one."""
    request = rf.post("/auth/password")
    request.user = ada.user
    check = require_password(request, "currentPassword", PASSWORD)
    User.objects.get().change_password(NEW)
    for verb in (
        lambda: ada.user.change_password("the attacker's own", check=check),
        lambda: ada.user.edit(email="attacker@example.com", check=check),
        lambda: ada.user.delete(check=check),
    ):
        with pytest.raises(ValidationError):
            verb()
    assert log_in("ada@example.com", NEW) == 200


def test_an_account_that_is_enabled_again_must_log_in_again(ada):
    for is_active in (False, True):
        ada.user.is_active = is_active
        ada.user.save()
    assert ada.get("/prompts").status_code == 401


def test_asking_which_emails_are_taken_is_counted_as_signing_up_is(ada, bob, settings):
    settings.SIGNUPS_PER_ADDRESS = Rate(2, 3_600)
    body = {"email": "bob@example.com", "currentPassword": PASSWORD}
    assert [ada.patch("/auth/me", body).status_code for _ in range(3)] == [409, 409, 429]


def test_nothing_is_saved_of_an_account_that_is_gone(ada):
    stale = User.objects.get()
    ada.user.delete()
    with pytest.raises(User.DoesNotExist), transaction.atomic():
        stale.save(update_fields=["name"])
    with pytest.raises(User.DoesNotExist):
        stale.edit(name="x")
    assert not User.objects.exists()
