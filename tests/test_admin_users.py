"""People in the admin: what an operator sees of them, and may do to them."""

import html
import re
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import tokens
from accounts.admin import rank
from accounts.models import ApiKey, BrowserSession, Session, User
from promptcrafter import ids, steps
from prompts.models import Label, LabelMove, Log, Prompt, Version
from tests.callers import Caller

PASSWORD = "correct horse battery"
LIST = "/admin/accounts/user/"
read_only_staff = import_module("prompts.migrations.0020_read_only_staff")


def logged_in(user):
    browser = Client(raise_request_exception=False)
    browser.force_login(user)
    return browser


def page_of(user, then="change/"):
    return f"{LIST}{user.pk}/{then}"


def text(response):
    assert response.status_code == 200, response
    return response.content.decode()


def act(browser, action, *users, **fields):
    """Chooses an action; with `post`, what its page sends when it was answered with yes."""
    form = {"action": action, "_selected_action": [str(user.pk) for user in users]}
    return browser.post(LIST, form | fields)


@pytest.fixture
def root(make_user):
    return make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def admin(root):
    return logged_in(root)


@pytest.fixture
def staff_with(make_user):
    def make(*codenames, name="staff"):
        user = make_user(name, is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        return user

    return make


@pytest.fixture
def session_of():
    def make(caller, device="curl/8"):
        pair = tokens.issue(caller.user, device=device)
        return Session.objects.latest("pk"), Caller(caller.user, token=pair.token)

    return make


# What is shown ----------------------------------------------------------------------------------


def test_a_page_tells_the_keys_the_sessions_and_what_a_person_owns(
    admin, alice, make_key, make_prompt, make_log, session_of
):
    make_key(alice, "prompts:read", labels=["production"])
    session_of(alice, "Firefox <3")
    logged_in(alice.user)
    make_log(make_prompt(alice))
    make_prompt(alice).move_to_trash()
    page = text(admin.get(page_of(alice.user)))
    assert ApiKey.objects.get().prefix in page
    assert "production" in page
    assert "Firefox &lt;3" in page
    assert "<td>browser</td>" in page
    lists = {"prompt/?owner={}": 1, "prompt/?owner={}&amp;trash=yes": 1, "log/?owner={}": 1}
    for path, number in lists.items():
        href = f"/admin/prompts/{path.format('alice%40example.com')}"
        assert re.search(rf'href="{re.escape(href)}">[\w ]+</a>: <strong>{number}<', page)


def test_no_page_shows_a_hash_a_salt_a_digest_or_a_key(admin, make_user, make_key):
    ada = Caller(make_user("ada", PASSWORD))  # with a session
    program, browser = make_key(ada, "prompts:read"), logged_in(ada.user)
    *_, salt, digest = ada.user.password.split("$")
    secrets = {ada.user.password, salt, salt[:6], digest, digest[:6], ada.user.password_mark}
    secrets |= {program.token, ApiKey.objects.get().digest, Session.objects.get().refresh_id}
    secrets |= {browser.session.session_key, admin.session.session_key}
    steps = ("change/", "password/", "history/", "delete/", "revoke/keys/", "revoke/sessions/")
    pages = [text(admin.get(LIST)), *(text(admin.get(page_of(ada.user, step))) for step in steps)]
    pages += [text(act(admin, action, ada.user)) for action in ("disable", "revoke_keys")]
    pages.append(text(logged_in_reader(make_user).get(page_of(ada.user))))
    assert not [secret for secret in secrets if secret in "".join(pages)]


def test_a_page_tells_whether_a_password_is_set(admin, make_user):
    assert "Is set." in text(admin.get(page_of(make_user("ada", PASSWORD))))
    assert "Is not set." in text(admin.get(page_of(make_user("eve"))))


def test_a_page_takes_as_many_queries_for_30_sessions_and_keys_as_for_1(admin, alice, make_key):
    def queries():
        ContentType.objects.clear_cache()
        with CaptureQueriesContext(connection) as captured:
            assert admin.get(page_of(alice.user)).status_code == 200
        return len(captured)

    make_key(alice, "prompts:read")
    logged_in(alice.user)
    before = queries()
    for _ in range(29):
        make_key(alice, "prompts:read")
        tokens.issue(alice.user, device="curl")
        logged_in(alice.user)
    assert queries() == before


def test_a_session_of_another_password_is_shown_no_more(admin, alice, session_of):
    session_of(alice)
    logged_in(alice.user)
    alice.user.set_password("set by manage.py")
    alice.user.save()
    assert "Not logged in anywhere." in text(admin.get(page_of(alice.user)))


def test_a_long_list_says_that_it_is_not_all(admin, make_user):
    User.objects.bulk_create(User(email=f"{n}@example.com", name="x") for n in range(1_000))
    page = text(admin.get(LIST))
    assert "These are the first 1,000; search for the others." in page
    assert 'class="question' not in page
    found = text(admin.get(f"{LIST}?q=99%40"))
    assert "These are the first" not in found
    assert "10 results" in found
    assert 'href="?p=20"' in page
    assert "0@example.com" in text(admin.get(f"{LIST}?p=20"))


def test_what_was_found_is_read_by_its_keys(admin, alice):
    with CaptureQueriesContext(connection) as captured:
        assert "1 result " in text(admin.get(f"{LIST}?q=alice"))
    keys, rows = (query["sql"] for query in captured if "LIKE" in query["sql"])
    assert '"accounts_user"."name",' not in keys
    assert '"accounts_user"."id" IN (' in rows


# Revoking ---------------------------------------------------------------------------------------


def test_a_key_is_revoked_after_a_question(admin, alice, make_key):
    program, other = make_key(alice, "prompts:read"), make_key(alice, "prompts:read")
    path = page_of(alice.user, f"revoke/{ApiKey.objects.earliest('pk').wire_id}/")
    assert path in text(admin.get(page_of(alice.user)))
    assert "Revoke the key “A program” of alice@example.com?" in text(admin.get(path))
    assert program.get("/prompts").status_code == 200
    assert admin.post(path).status_code == 302
    assert program.get("/prompts").status_code == 401
    assert other.get("/prompts").status_code == 200
    assert admin.post(path).status_code == 404
    assert LogEntry.objects.get().change_message == "Revoked the key “A program”."


def test_a_session_of_a_program_and_one_of_a_browser_are_revoked(admin, alice, session_of):
    session, program = session_of(alice)
    browser = logged_in(alice.user)
    for revoked in (session, BrowserSession.objects.get(user=alice.user)):
        path = page_of(alice.user, f"revoke/{revoked.wire_id}/")
        assert "Revoke the session of 20" in text(admin.get(path))
        assert admin.post(path).status_code == 302
    assert program.get("/prompts").status_code == 401
    assert browser.get("/prompts").status_code == 401
    assert alice.get("/prompts").status_code == 200


def test_all_sessions_or_all_keys_are_revoked(admin, alice, make_key):
    program, browser = make_key(alice, "prompts:read"), logged_in(alice.user)
    assert admin.post(page_of(alice.user, "revoke/sessions/")).status_code == 302
    assert alice.get("/prompts").status_code == browser.get("/prompts").status_code == 401
    assert program.get("/prompts").status_code == 200
    assert admin.post(page_of(alice.user, "revoke/keys/")).status_code == 302
    assert program.get("/prompts").status_code == 401


def test_who_revokes_their_own_sessions_stays_where_they_are(admin, root):
    other = logged_in(root)
    assert "this one" in text(admin.get(page_of(root)))
    path = page_of(root, "revoke/sessions/")
    assert "The session of this browser stays." in text(admin.get(path))
    assert admin.post(path).status_code == 302
    assert admin.get("/admin/").status_code == 200
    assert other.get("/admin/").status_code == 302
    act(admin, "end_sessions", root, post="yes")
    own = BrowserSession.objects.get()
    assert admin.get("/admin/").status_code == 200
    assert admin.post(page_of(root, f"revoke/{own.wire_id}/")).status_code == 404


@pytest.mark.parametrize(
    "what", ["key_x", "x", "session_", "user_01h455vb4pex5vsknk084sn02q", "%00"]
)
def test_what_names_nothing_to_revoke_is_not_found(admin, alice, what):
    assert admin.get(page_of(alice.user, f"revoke/{what}/")).status_code == 404


def test_nobody_revokes_by_the_page_of_somebody_else(admin, alice, bob, make_key):
    make_key(alice, "prompts:read")
    key = ApiKey.objects.get().wire_id
    assert admin.post(page_of(bob.user, f"revoke/{key}/")).status_code == 404
    nobody = User(pk=ids.new_key())
    assert admin.post(page_of(nobody, "revoke/keys/")).status_code == 404
    assert ApiKey.objects.exists()


@pytest.mark.parametrize(
    ("codenames", "status"),
    [
        (["view_user", "delete_apikey"], 302),
        (["view_user", "view_apikey", "delete_session", "change_user"], 403),
        (["delete_apikey"], 403),
    ],
)
def test_revoking_keys_takes_the_permission_to_delete_them(staff_with, alice, codenames, status):
    staff = logged_in(staff_with(*codenames))
    assert staff.post(page_of(alice.user, "revoke/keys/")).status_code == status


def test_staff_revoke_nothing_of_who_has_as_much(staff_with, root):
    staff = logged_in(staff_with("view_user", "view_session", "delete_session", "delete_apikey"))
    colleague = staff_with(name="colleague")
    for above in (root, colleague):
        theirs = logged_in(above)
        assert "Revoke" not in text(staff.get(page_of(above))).split("<tbody>")[1]
        for what in ("sessions", "keys"):
            assert staff.post(page_of(above, f"revoke/{what}/")).status_code == 403
        act(staff, "end_sessions", above, post="yes")
        assert theirs.get("/admin/").status_code == 200


def test_what_was_revoked_needs_the_forms_token(root, alice):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(root)
    assert browser.post(page_of(alice.user, "revoke/sessions/")).status_code == 403
    assert alice.get("/prompts").status_code == 200


# Many at once -----------------------------------------------------------------------------------


def test_disabling_asks_first_and_stops_everything_at_once(admin, alice, bob, make_key):
    program, browser = make_key(alice, "prompts:read"), logged_in(alice.user)
    page = text(act(admin, "disable", alice.user, bob.user))
    assert "Disable 2 users?" in page
    assert "alice@example.com" in page
    assert alice.get("/prompts").status_code == 200
    assert act(admin, "disable", alice.user, bob.user, post="yes").status_code == 302
    for caller in (alice, bob, program, browser):
        assert caller.get("/prompts").status_code == 401
    assert LogEntry.objects.filter(change_message="Disabled alice@example.com.").count() == 1
    assert "Disabled 2 users." in text(admin.get(LIST))


def test_who_is_enabled_again_logs_in_again(admin, alice, make_key):
    program, browser = make_key(alice, "prompts:read"), logged_in(alice.user)
    act(admin, "disable", alice.user, post="yes")
    assert "They can log in again" in text(act(admin, "enable", alice.user))
    act(admin, "enable", alice.user, post="yes")
    assert program.get("/prompts").status_code == 200
    assert alice.get("/prompts").status_code == browser.get("/prompts").status_code == 401


def test_sessions_and_keys_of_many_are_revoked(admin, alice, bob, make_key):
    program = make_key(alice, "prompts:read")
    act(admin, "end_sessions", alice.user, bob.user, post="yes")
    assert alice.get("/prompts").status_code == bob.get("/prompts").status_code == 401
    assert program.get("/prompts").status_code == 200
    act(admin, "revoke_keys", alice.user, bob.user, post="yes")
    assert program.get("/prompts").status_code == 401


def test_deleting_tells_what_goes_and_goes_by_the_accounts_own_verb(
    admin, alice, bob, make_prompt, make_log
):
    make_log(make_prompt(alice))
    make_prompt(alice).move_to_trash()
    make_prompt(bob)
    page = text(act(admin, "delete_selected", alice.user))
    for line in ("Prompts: <strong>1", "Prompts in the trash: <strong>1", "Logs: <strong>1"):
        assert line in page
    assert act(admin, "delete_selected", alice.user, post="yes").status_code == 302
    assert (User.objects.filter(pk=alice.user.pk).exists(), Log.objects.exists()) == (False, False)
    assert Prompt.objects.get().owner == bob.user
    assert LogEntry.objects.get().object_repr == "alice@example.com"


@pytest.mark.parametrize("action", ["disable", "enable", "delete_selected"])
def test_nobody_does_that_to_themselves_or_to_who_has_as_much(staff_with, root, alice, action):
    user = staff_with("view_user", "disable_user", "delete_user")
    root.is_active = action != "enable"
    root.save()
    page = text(act(logged_in(user), action, user, root, alice.user))
    assert 'staff@example.com <span class="quiet">(that is you)' in page
    assert 'root@example.com <span class="quiet">(only a superuser may)' in page
    act(logged_in(user), action, user, root, alice.user, post="yes")
    assert User.objects.get(pk=root.pk).is_active == (action != "enable")
    assert User.objects.get(pk=user.pk).is_active


@pytest.mark.parametrize(
    ("codename", "actions"),
    [
        ("view_user", []),
        ("change_user", []),
        ("disable_user", ["disable", "enable"]),
        ("delete_session", ["end_sessions"]),
        ("delete_apikey", ["revoke_keys"]),
        ("delete_user", ["delete_selected"]),
    ],
)
def test_each_action_has_its_permission(staff_with, codename, actions):
    page = text(logged_in(staff_with("view_user", codename)).get(LIST))
    assert re.findall(r'<option value="(\w+)"', page) == actions


def test_who_may_not_delete_prompts_deletes_nobody_who_has_some(staff_with, alice, make_prompt):
    staff = logged_in(staff_with("view_user", "delete_user"))
    make_prompt(alice)
    assert "They own prompts, which you may not delete." in text(
        act(staff, "delete_selected", alice.user)
    )
    assert act(staff, "delete_selected", alice.user, post="yes").status_code == 403
    assert "permission" in text(staff.get(page_of(alice.user, "delete/")))
    assert staff.post(page_of(alice.user, "delete/"), {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=alice.user.pk).exists()


def test_no_more_than_500_are_changed_at_once(admin, root):
    User.objects.bulk_create(User(email=f"{n}@example.com", name="x") for n in range(500))
    everybody = {"select_across": "1"}
    act(admin, "disable", root, post="yes", **everybody)
    assert "Select 500 at most; nothing was changed." in text(admin.get(LIST))
    assert not User.objects.filter(is_active=False).exists()


@pytest.mark.parametrize("key", ["garbage", "\x00", ""])
def test_a_selection_of_rubbish_is_the_senders_mistake(admin, key):
    form = {"action": "disable", "_selected_action": key, "post": "yes"}
    assert admin.post(LIST, form).status_code == 302
    assert "Select some of the list." in text(admin.get(LIST))


def test_a_confirmation_loads_none_of_what_goes(admin, alice, make_prompt, make_log):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            text(act(admin, "delete_selected", alice.user))
            page = text(admin.get(page_of(alice.user, "delete/")))
        assert "Some content" not in page
        return [query["sql"] for query in captured if '"prompts_' in query["sql"]]

    make_log(make_prompt(alice))
    first = queries()
    for _ in range(29):
        make_log(make_prompt(alice))
    assert len(queries()) == len(first) == 6
    assert all("COUNT(*)" in sql for sql in first)


# One account ------------------------------------------------------------------------------------


def test_a_new_password_set_by_an_operator_ends_the_sessions(admin, alice, make_key):
    program, browser = make_key(alice, "prompts:read"), logged_in(alice.user)
    form = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert admin.post(page_of(alice.user, "password/"), form).status_code == 302
    assert not alice.user.sessions.exists()
    assert not alice.user.browser_sessions.exists()
    assert alice.get("/prompts").status_code == browser.get("/prompts").status_code == 401
    assert program.get("/prompts").status_code == 200
    assert User.objects.get(pk=alice.user.pk).check_password(PASSWORD)


def test_an_operator_who_sets_their_own_password_stays_logged_in(admin, root):
    form = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert admin.post(page_of(root, "password/"), form).status_code == 302
    assert admin.get("/admin/").status_code == 200


def test_an_operator_takes_a_password_away(admin, make_user):
    ada = Caller(make_user("ada", PASSWORD))
    form = {"usable_password": "false", "unset-password": "yes"}
    assert admin.post(page_of(ada.user, "password/"), form).status_code == 302
    assert not User.objects.get(pk=ada.user.pk).has_usable_password()
    assert ada.get("/prompts").status_code == 401


def test_nobody_disables_or_deletes_the_account_that_they_are_logged_in_with(admin, root):
    form = {"email": root.email, "name": "Renamed", "is_staff": "on", "is_superuser": "on"}
    assert admin.post(page_of(root), form).status_code == 302
    kept = User.objects.get(pk=root.pk)
    assert (kept.name, kept.is_active) == ("Renamed", True)
    assert admin.post(page_of(root, "delete/"), {"post": "yes"}).status_code == 403


def test_who_may_change_users_does_not_disable_them_without_that_permission(staff_with, alice):
    form = {"email": alice.user.email, "name": "Renamed"}
    staff = logged_in(staff_with("change_user"))
    assert staff.post(page_of(alice.user), form).status_code == 302
    kept = User.objects.get(pk=alice.user.pk)
    assert (kept.name, kept.is_active) == ("Renamed", True)
    staff = logged_in(staff_with("change_user", "disable_user", name="second"))
    assert staff.post(page_of(alice.user), form).status_code == 302
    assert not User.objects.get(pk=alice.user.pk).is_active


def test_an_edit_writes_what_was_changed_and_no_more(admin, alice):
    form = {"email": alice.user.email, "name": "Renamed", "is_active": "on"}
    with CaptureQueriesContext(connection) as captured:
        assert admin.post(page_of(alice.user), form).status_code == 302
    (update,) = [q["sql"] for q in captured if q["sql"].startswith('UPDATE "accounts_user"')]
    assert '"name"' in update
    assert '"password"' not in update


# A read-only staff ------------------------------------------------------------------------------


EDITOR = SimpleNamespace(connection=connection)  # all that the migration asks of one


def logged_in_reader(make_user):
    """The group is made once more: a test that ends by emptying the tables takes it away."""
    read_only_staff.create(apps, EDITOR)
    reader = make_user("reader", is_staff=True)
    reader.groups.add(Group.objects.get(name="Read-only staff"))
    return logged_in(reader)


@pytest.fixture
def things(alice, make_prompt, make_log, make_key):
    """The paths of one of each kind in the admin."""
    make_key(alice, "prompts:read")
    log = make_log(make_prompt(alice))
    return [
        f"/admin/accounts/user/{alice.user.pk}/",
        f"/admin/prompts/prompt/{log.prompt_id}/",
        f"/admin/prompts/log/{log.pk}/",
    ]


def test_who_may_only_look_sees_lists_and_pages(make_user, things):
    reader = logged_in_reader(make_user)
    for path in things:
        for page in (path.rsplit("/", 2)[0] + "/", f"{path}change/", f"{path}history/"):
            shown = text(reader.get(page))
            assert 'type="submit" value="Save' not in shown
            assert 'name="action"' not in shown
            assert not re.search(r'class="(addlink|deletelink)"|Revoke</a>|Set password', shown)
    page = text(reader.get(f"{things[0]}change/"))
    assert ApiKey.objects.get().prefix in page


def test_who_may_only_look_changes_nothing(make_user, alice, things):
    reader = logged_in_reader(make_user)
    for path in things:
        for page in ("change/", "delete/"):
            form = {"title": "Changed", "name": "Changed", "post": "yes"}
            assert reader.post(f"{path}{page}", form).status_code == 403
        assert reader.post(path.rsplit("/", 2)[0] + "/add/", form).status_code == 403
    for page in ("password/", "revoke/keys/", "revoke/sessions/"):
        assert reader.post(f"{things[0]}{page}").status_code == 403
    for action in ("disable", "end_sessions", "revoke_keys", "delete_selected"):
        assert act(reader, action, alice.user, post="yes").status_code == 403
    assert (alice.get("/prompts").json()[0]["title"], ApiKey.objects.count()) == ("A title", 1)


def test_the_group_has_the_permissions_that_django_makes_and_no_other(db):
    read_only_staff.create(apps, EDITOR)
    before = set(Permission.objects.values_list("pk", "name", "codename", "content_type"))
    for app in ("accounts", "prompts"):
        create_permissions(apps.get_app_config(app), verbosity=0)
    group = Group.objects.get(name="Read-only staff")
    granted = set(group.permissions.values_list("content_type__model", "codename"))
    models = (User, Session, ApiKey, Prompt, Version, Label, LabelMove, Log)
    assert granted == {(m._meta.model_name, f"view_{m._meta.model_name}") for m in models}
    assert before == set(Permission.objects.values_list("pk", "name", "codename", "content_type"))


def test_where_no_permission_is_there_yet_the_group_makes_its_own(db):
    Group.objects.all().delete()
    Permission.objects.all().delete()
    read_only_staff.create(apps, EDITOR)
    made = dict(Permission.objects.values_list("codename", "name"))
    assert len(made) == 8
    for app in ("accounts", "prompts"):
        create_permissions(apps.get_app_config(app), verbosity=0)
    Permission.objects.exclude(codename__in=made).delete()
    assert dict(Permission.objects.values_list("codename", "name")) == made
    Permission.objects.all().delete()
    for app in ("accounts", "prompts"):
        create_permissions(apps.get_app_config(app), verbosity=0)
    django = Permission.objects.filter(codename__in=made).values_list("codename", "name")
    assert dict(django) == made


def test_a_group_of_that_name_keeps_its_members_and_what_it_may(make_user):
    group, _ = Group.objects.get_or_create(name="Read-only staff")
    group.permissions.add(Permission.objects.get(codename="add_log"))
    make_user("reader").groups.add(group)
    read_only_staff.create(apps, EDITOR)
    assert (group.user_set.count(), group.permissions.count()) == (1, 9)
    read_only_staff.take_away(apps, EDITOR)
    assert (group.user_set.count(), group.permissions.get().codename) == (1, "add_log")


def test_a_group_that_nobody_uses_goes_with_its_migration(db):
    read_only_staff.create(apps, EDITOR)
    for _ in range(2):
        read_only_staff.take_away(apps, EDITOR)
        assert not Group.objects.filter(name="Read-only staff").exists()


def test_what_is_long_is_done_in_steps(admin, make_user, monkeypatch):
    monkeypatch.setattr(steps, "SECONDS", 0)
    keys = [str(make_user(f"user{n}").pk) for n in range(3)]
    sent = {"action": "disable", "post": "yes", "_selected_action": keys}
    for done in (1, 2):
        page = admin.post("/admin/accounts/user/", sent).content.decode()
        assert f'<progress id="progress" max="3" value="{done}">' in page
        fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
        sent = {"_selected_action": [value for name, value in fields if name[0] == "_"]}
        sent |= {name: value for name, value in fields if name[0] != "_"}
        sent["left_out"] = html.unescape(sent["left_out"])
    end = admin.post("/admin/accounts/user/", sent, follow=True)
    assert "Disabled 3 users." in end.content.decode()
    assert not User.objects.filter(is_active=True, is_staff=False).exists()


def test_who_rose_meanwhile_keeps_their_password(make_user, staff_with, monkeypatch):
    person = make_user("ada", "correct horse battery")
    client = logged_in(staff_with("view_user", "change_user"))
    path = f"/admin/accounts/user/{person.pk}/password/"
    assert client.get(path).status_code == 200
    lock = rank.lock

    def lock_who_rose(request, user):
        User.objects.filter(pk=user.pk).update(is_superuser=True, is_staff=True)
        lock(request, user)

    monkeypatch.setattr(rank, "lock", lock_who_rose)
    new = {"password1": "another horse battery", "password2": "another horse battery"}
    client.post(path, new | {"usable_password": "true"})
    person.refresh_from_db()
    assert person.check_password("correct horse battery")


def test_who_may_not_destroy_prompts_does_not_by_deleting_their_owner(
    staff_with, alice, make_prompt
):
    make_prompt(alice)
    staff = staff_with("view_user", "delete_user", "delete_prompt", "delete_log")
    assert act(logged_in(staff), "delete_selected", alice.user, post="yes").status_code == 403
    assert logged_in(staff).post(page_of(alice.user, "delete/"), {"post": "yes"}).status_code == 403
    assert Prompt.objects.exists()
