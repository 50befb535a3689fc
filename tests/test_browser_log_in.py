"""A person's log-in in a browser: its pages, its cookies and its session."""

import re
import subprocess
import sys

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import BrowserSession, User
from accounts.models.resets import reset_token
from tests import live
from tests.callers import Caller
from tests.live import ROOT

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(make_user):
    return make_user("ada", PASSWORD, is_staff=True)


def submit(browser, path, **fields):
    return browser.post(path, {"username": "ada@example.com", "password": PASSWORD} | fields)


@pytest.mark.parametrize("path", ["/api-auth/login/", "/admin/login/", "/password-reset?token={}"])
def test_a_password_is_hidden_as_it_is_typed_and_may_be_pasted(ada, path):
    page = Client().get(path.format(reset_token(ada))).content.decode()
    fields = re.findall(r"<input[^>]*password[^>]*>", page)
    assert fields
    assert all('type="password"' in field for field in fields)
    assert not re.search(r'onpaste|autocomplete="off"|readonly', page)


def test_a_log_in_in_a_browser_is_a_new_session_and_a_log_out_ends_it(ada):
    browser, thief = Client(), Client()
    planted = BrowserSession.objects.create(
        session_key="a" * 32, session_data="", expire_date=timezone.now() + timezone.timedelta(1)
    )
    browser.cookies["sessionid"] = planted.session_key
    submit(browser, "/api-auth/login/")
    key = browser.cookies["sessionid"].value
    assert re.fullmatch("[a-z0-9]{32}", key)
    assert key != planted.session_key
    thief.cookies["sessionid"] = key
    assert thief.get("/prompts").status_code == 200
    browser.post("/api-auth/logout/")
    assert thief.get("/prompts").status_code == 401


def test_a_log_in_in_a_browser_ends_after_two_weeks(ada):
    browser = Client()
    submit(browser, "/api-auth/login/")
    assert browser.cookies["sessionid"]["max-age"] == 14 * 86_400
    assert (BrowserSession.objects.get().expire_date - timezone.now()).days in {13, 14}
    BrowserSession.objects.update(expire_date=timezone.now())
    assert browser.get("/prompts").status_code == 401


@pytest.mark.parametrize("end", ["disable", "delete"])
def test_a_browser_is_logged_out_when_its_account_ends(ada, end):
    browser = Client()
    browser.force_login(ada)
    assert browser.get("/prompts").status_code == 200
    ada.delete() if end == "delete" else ada.edit(is_active=False)
    assert browser.get("/prompts").status_code == 401


@pytest.mark.parametrize("path", ["/api-auth/logout/", "/admin/logout/"])
def test_a_link_logs_nobody_out(ada, path):
    browser = Client()
    browser.force_login(ada)
    assert browser.get(path).status_code == 405
    assert browser.get("/prompts").status_code == 200


@pytest.mark.parametrize("path", ["/api-auth/login/", "/admin/login/"])
@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert()"],
)
def test_a_log_in_leads_to_no_other_site(ada, path, elsewhere):
    answer = submit(Client(), f"{path}?next={elsewhere}", next=elsewhere)
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_a_log_in_sets_two_cookies_that_no_script_reads(ada, make_prompt):
    User.objects.update(is_superuser=True)
    browser = Client()
    submit(browser, "/admin/login/?next=/admin/")
    prompt = make_prompt(Caller(ada))
    form = {"title": "Edited", "content": "c", "model": "m", "tags": "[]"}
    assert browser.post(f"/admin/prompts/prompt/{prompt.pk}/change/", form).status_code == 302
    assert set(browser.cookies) == {"csrftoken", "sessionid"}
    for cookie in browser.cookies.values():
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
        assert (cookie["path"], cookie["domain"]) == ("/", "")


def test_under_https_both_cookies_have_the_hosts_prefix(tmp_path):
    keys = {"SECRET_KEY": "k" * 50, "JWT_SIGNING_KEY": "j" * 32, "DATA_DIR": str(tmp_path)}
    script = (
        "from promptcrafter.settings import *; print(SESSION_COOKIE_NAME, CSRF_COOKIE_NAME,"
        " SESSION_COOKIE_SECURE, CSRF_COOKIE_SECURE)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=live.clean_environment() | keys | {"HTTPS": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["__Host-sessionid", "__Host-csrftoken", "True", "True"]


@pytest.mark.parametrize("page", ["/admin/", "/api-auth/login/", "/password-reset?token=x"])
def test_where_a_password_is_typed_is_https(db, settings, page):
    settings.SECURE_SSL_REDIRECT = True
    response = Client().get(page)
    assert (response.status_code, response["Location"]) == (301, f"https://testserver{page}")
    assert Client().get("/prompts").status_code == 401
