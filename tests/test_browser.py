"""The API's pages and the admin, as a browser's requests reach them."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from prompts.models import Log, Prompt
from tests.callers import Caller

PASSWORD = "correct horse battery"
PROMPT = {"title": "Via a page", "content": "c", "model": "m"}
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def browser():
    return Client(enforce_csrf_checks=True, headers=HTML, raise_request_exception=False)


@pytest.fixture
def operator(make_user):
    return make_user("root", PASSWORD, is_staff=True, is_superuser=True)


@pytest.fixture
def admin(operator):
    client = Client(headers=HTML)
    client.force_login(operator)
    return client


def csrf_token(page):
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())[1]


def submit(browser, path, **fields):
    """Fills in the form of a page and sends it, as a browser with its cookies does."""
    fields["csrfmiddlewaretoken"] = csrf_token(browser.get(path))
    return browser.post(path, fields, headers={"Origin": "http://testserver"})


def test_a_person_logs_in_sees_their_list_and_posts(browser, make_user):
    make_user("ada", PASSWORD)
    login = submit(browser, "/api-auth/login/", username="ADA@example.com", password=PASSWORD)
    assert (login.status_code, login["Location"]) == (302, "/")
    page = browser.get("/prompts")
    assert page["Content-Type"].startswith("text/html")
    assert "<h1>Prompts</h1>" in page.content.decode()
    headers = {"X-CSRFToken": csrf_token(page), "Accept": "application/json"}
    posted = browser.post("/prompts", PROMPT, content_type="application/json", headers=headers)
    assert posted.status_code == 201
    assert "Via a page" in browser.get("/prompts").content.decode()


def test_a_page_can_not_post_for_somebody_without_their_csrf_token(browser, make_user):
    browser.force_login(make_user("ada"))
    headers = {"Accept": "application/json"}
    forged = browser.post("/prompts", PROMPT, content_type="application/json", headers=headers)
    assert (forged.status_code, forged.json()["code"]) == (403, "permission_denied")
    assert not Prompt.objects.exists()


@pytest.mark.parametrize("path", ["/api-auth/login/", "/admin/login/"])
def test_a_form_without_its_csrf_token_is_refused_in_the_one_shape(browser, path, operator):
    response = browser.post(path, {"username": operator.email, "password": PASSWORD})
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")


def test_browsers_tell_our_forms_where_they_come_from(browser, db):
    """With `no-referrer` they send `Origin: null`, which the CSRF check refuses."""
    assert browser.get("/api-auth/login/")["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/prompts",
        "/logs",
        "/search?q=x",
        "/auth/signup",
        "/auth/login",
        "/trash",
        "/prompts/x",
    ],
)
@pytest.mark.parametrize("is_known", [True, False])
def test_every_route_has_a_page(browser, make_user, path, is_known):
    if is_known:
        browser.force_login(make_user("ada"))
    page = browser.get(path)
    assert page.status_code < 500
    assert page["Content-Type"].startswith("text/html")
    assert page["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "?version=1",
        "/versions",
        "/versions/1",
        "/versions/1/restore",
        "/diff?from=1",
        "/labels",
        "/labels/live",
        "/labels/live/history",
        "/labels/live/rollback",
    ],
)
def test_everything_of_a_prompt_has_a_page(browser, alice, make_prompt, path):
    browser.force_login(alice.user)
    prompt = make_prompt(alice)
    prompt.set_label("live", to=1, actor=alice.user)
    page = browser.get(f"/prompts/{prompt.wire_id}{path}")
    assert page.status_code in {200, 405}
    assert page["Content-Type"].startswith("text/html")


def test_the_admin_shows_the_history_and_lets_nobody_rewrite_it(admin, alice, make_prompt):
    prompt = make_prompt(alice)
    prompt.edit(title="Version 2", message="Better title", author=alice.user)
    prompt.edit(title="<b>3</b>", message="<script>", author=alice.user)
    page = admin.get(f"/admin/prompts/prompt/{prompt.pk}/change/").content.decode()
    assert "alice@example.com</td><td>edit</td><td>Better title" in page
    assert "Better title" in page
    assert "<script></td>" not in page
    edit(admin, prompt, title="Mended", version="9", history="forged", source="create")
    assert [v.number for v in prompt.versions.newest_first()] == [4, 3, 2, 1]


def test_an_edit_in_the_admin_does_not_put_back_what_was_edited_meanwhile(
    admin, alice, make_prompt
):
    prompt = make_prompt(alice)
    prompt.edit(content="Edited meanwhile", author=alice.user)
    page = edit(admin, prompt, title="Mine", content="Some content.", base_version="1")
    assert "Somebody saved version 2 meanwhile" in page.content.decode()
    assert Prompt.objects.get().content == "Edited meanwhile"
    assert edit(admin, prompt, title="Mine", base_version="2").status_code == 302
    assert Prompt.objects.get().title == "Mine"


def test_an_edit_in_the_admin_makes_a_version_by_the_operator(admin, operator, alice, make_prompt):
    prompt = make_prompt(alice)
    edit(admin, prompt, title="Mended")
    newest = prompt.versions.get(number=2)
    assert (newest.title, newest.author, newest.source) == ("Mended", operator, "edit")


def test_a_prompts_text_is_not_markup_on_a_page(browser, alice, make_prompt):
    browser.force_login(alice.user)
    prompt = make_prompt(alice, title="<script>alert(1)</script>", content="</pre><img src=x>")
    page = browser.get(f"/prompts/{prompt.wire_id}").content.decode()
    assert "<script>alert" not in page
    assert "<img src=x>" not in page


# The admin -------------------------------------------------------------------------------------


def test_the_admin_is_for_staff_who_log_in_by_email(browser, operator, make_user):
    make_user("ada", PASSWORD)
    assert (
        submit(browser, "/admin/login/", username="ada@example.com", password=PASSWORD).status_code
        == 200
    )
    login = submit(
        browser, "/admin/login/?next=/admin/", username=operator.email, password=PASSWORD
    )
    assert (login.status_code, login["Location"]) == (302, "/admin/")
    assert "PromptCrafter" in browser.get("/admin/").content.decode()
    assert browser.get("/admin")["Location"] == "/admin/"


@pytest.mark.parametrize("model", ["accounts/user", "prompts/prompt", "prompts/log"])
def test_every_model_has_its_pages(admin, alice, make_prompt, make_log, model):
    log = make_log(make_prompt(alice))
    pk = {"accounts/user": alice.user.pk, "prompts/prompt": log.prompt_id, "prompts/log": log.pk}[
        model
    ]
    for page in ("", "?q=a", "add/", f"{pk}/change/", f"{pk}/history/", f"{pk}/delete/"):
        assert admin.get(f"/admin/{model}/{page}").status_code == 200, page


def test_the_admin_searches_as_the_api_does(admin, alice, make_prompt):
    make_prompt(alice, title="L'École")
    make_prompt(alice, title="Other")
    page = admin.get("/admin/prompts/prompt/?q=ÉCOLE").content.decode()
    assert "L&#x27;École" in page
    assert "Other" not in page


def edit(admin, prompt, **changes):
    form = {"title": prompt.title, "content": prompt.content, "model": prompt.model, "tags": ""}
    # What a browser makes of it.
    form["content"] = "\r\n".join(re.split("\r\n|\r|\n", form["content"]))
    form["title"] = form["title"].replace("\n", "")
    path = f"/admin/prompts/prompt/{prompt.pk}/change/"
    return admin.post(path, form | changes)


@pytest.mark.parametrize("content", ["a\nb\n", " a\r\nb\r\n ", "\n\n a", "a\rb\r\nc"])
def test_an_edit_in_the_admin_leaves_other_text_as_it_was(admin, alice, make_prompt, content):
    prompt = make_prompt(alice, title=" pad\nded ", content=content)
    assert edit(admin, prompt, model="New").status_code == 302
    kept = Prompt.objects.get()
    assert (kept.title, kept.content, kept.model) == (" pad\nded ", content, "New")
    assert kept.updated_at > prompt.updated_at


def test_an_edit_in_the_admin_is_found_by_its_new_text(admin, alice, make_prompt):
    edit(admin, make_prompt(alice), content="Fresh\r\nwords", tags=" b , b")
    (kept,) = Prompt.objects.matching("fresh words b")
    assert (kept.content, kept.tags) == ("Fresh\nwords", ["b"])


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "ab"},
        {"title": "   "},
        {"content": " \n "},
        {"model": " "},
        {"tags": '"art'},
        {"tags": "a" * 51},
        {"tags": ",".join(map(str, range(51)))},
        {"content": ""},
    ],
)
def test_the_admin_keeps_the_same_rules(admin, alice, make_prompt, changes):
    prompt = make_prompt(alice)
    page = edit(admin, prompt, **changes)
    assert page.status_code == 200
    assert "errorlist" in page.content.decode()
    assert Prompt.objects.get().updated_at == prompt.updated_at


def test_what_the_server_sets_can_not_be_edited_in_the_admin(admin, alice, bob, make_prompt):
    edit(admin, make_prompt(alice), title="New", owner=str(bob.user.pk), created_at_0="2001-01-01")
    kept = Prompt.objects.get()
    assert (kept.title, kept.owner, kept.created_at.year > 2001) == ("New", alice.user, True)


@pytest.mark.parametrize(
    "path",
    [
        "prompts/prompt/add/?owner=garbage",
        "prompts/log/add/?prompt=%00",
        "prompts/prompt/?created_at__year=999999999999",
        "prompts/prompt/garbage/change/",
        "accounts/user/%00/change/",
        "prompts/prompt/?q=%00",
        "r/6/garbage/",
        "nonsense",
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_rubbish_in_the_admin_is_the_senders_mistake(operator, path):
    client = Client(headers=HTML, raise_request_exception=False)
    client.force_login(operator)
    assert client.get(f"/admin/{path}").status_code < 500


@pytest.mark.parametrize("path", ["/api-auth/login/", "/admin/login/"])
def test_a_form_without_a_boundary_is_malformed(browser, db, path):
    browser.cookies["csrftoken"] = "a" * 32
    response = browser.post(path, b"a=b", content_type="multipart/form-data")
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")


def test_prompts_and_logs_can_be_made_in_the_admin(admin, alice):
    form = {
        "owner": alice.user.pk,
        "title": "New",
        "content": " c\r\n",
        "model": "m",
        "tags": "a",
    }
    assert admin.post("/admin/prompts/prompt/add/", form).status_code == 302
    prompt = Prompt.objects.get()
    assert (prompt.owner, prompt.content, prompt.tags) == (alice.user, " c\n", ["a"])
    form = {"prompt": prompt.pk, "output": "o", "model_used": "m", "notes": "", "score": "7.5"}
    assert admin.post("/admin/prompts/log/add/", form).status_code == 302
    assert Log.objects.get().owner == alice.user


def test_an_edit_of_a_log_in_the_admin_writes_only_what_changed(
    admin, alice, make_prompt, make_log
):
    log = make_log(make_prompt(alice), notes="  kept ")
    form = {"output": log.output, "model_used": log.model_used, "notes": log.notes, "score": "3"}
    assert admin.post(f"/admin/prompts/log/{log.pk}/change/", form).status_code == 302
    kept = Log.objects.get()
    assert (kept.score, kept.notes) == (3, "  kept ")


def test_users_are_made_and_disabled_in_the_admin(admin, anonymous):
    form = {"email": "New@Example.com", "name": "New", "usable_password": "true"}
    form |= {"password1": PASSWORD, "password2": PASSWORD}
    assert admin.post("/admin/accounts/user/add/", form).status_code == 302
    user = User.objects.get(email="new@example.com")
    login = {"email": user.email, "password": PASSWORD}
    assert anonymous.post("/auth/login", login).status_code == 200
    form = {"email": user.email, "name": "New"}  # is_active is a box that is not ticked
    assert admin.post(f"/admin/accounts/user/{user.pk}/change/", form).status_code == 302
    assert anonymous.post("/auth/login", login).status_code == 401


def test_the_admins_lists_take_as_many_queries_for_30_rows_as_for_1(
    admin, make_user, make_prompt, make_log
):
    def queries(model):
        with CaptureQueriesContext(connection) as captured:
            assert admin.get(f"/admin/{model}/").status_code == 200
        return len(captured)

    models = ("prompts/prompt", "prompts/log", "accounts/user")
    make_log(make_prompt(Caller(make_user("first"))))
    counts = [queries(model) for model in models]
    for n in range(29):
        make_log(make_prompt(Caller(make_user(f"user{n}"))))
    assert [queries(model) for model in models] == counts


def staff_with(make_user, *permissions):
    user = make_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client(headers=HTML)
    client.force_login(user)
    return user, client


def test_staff_do_not_give_themselves_more_than_they_have(make_user):
    user, client = staff_with(make_user, "view_user", "change_user")
    fields = {"email": user.email, "name": "Renamed", "is_superuser": "on", "is_staff": "on"}
    path = f"/admin/accounts/user/{user.pk}/change/"
    assert client.post(path, fields | {"user_permissions": "1"}).status_code == 302
    user.refresh_from_db()
    assert (user.name, user.is_superuser, user.user_permissions.count()) == ("Renamed", False, 2)


@pytest.mark.parametrize("fields", [{"is_superuser": True}, {"is_staff": True}])
def test_staff_do_not_take_over_who_has_as_much(make_user, fields):
    operator = make_user("root", **fields)
    _, client = staff_with(make_user, "view_user", "change_user", "delete_user")
    path = f"/admin/accounts/user/{operator.pk}"
    assert client.get(f"{path}/change/").status_code == 200  # to look at
    assert client.post(f"{path}/change/", {"email": "x@example.com"}).status_code == 403
    assert client.get(f"{path}/password/").status_code == 403
    assert client.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
    fields = {"action": "delete_selected", "_selected_action": str(operator.pk), "post": "yes"}
    client.post("/admin/accounts/user/", fields)
    assert User.objects.filter(pk=operator.pk).exists()
