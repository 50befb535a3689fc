"""Signing up in a browser."""

import re

import pytest
from django.test import Client

from accounts.models import User
from promptcrafter.environment import Rate

FORM = {"name": "Ada", "email": "ADA@example.com", "password": "lilac umbrella on tuesday"}
PATH = "/api-auth/signup/"


@pytest.fixture
def browser(db):
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


def submit(browser, **fields):
    page = browser.get(PATH).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    return browser.post(PATH, FORM | fields | {"csrfmiddlewaretoken": token})


def test_who_signs_up_is_logged_in(browser):
    assert submit(browser)["Location"] == "/"
    assert User.objects.get().email == "ada@example.com"
    assert "ada@example.com" in browser.get("/", headers={"Accept": "text/html"}).content.decode()
    assert browser.get("/prompts").json() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"name": "\0"},
        {"email": "nobody"},
        {"email": "a b@example.com"},
        {"password": "short"},
        {"password": "1234567890"},
        {"password": "ada@example.com"},
        {"password": "x" * 5_000},
    ],
)
def test_a_mistake_is_told_at_its_field(browser, fields):
    page = submit(browser, **fields)
    assert page.status_code == 200
    assert f'id="id_{next(iter(fields))}_error"' in page.content.decode()
    assert not User.objects.exists()


def test_an_e_mail_that_is_taken_is_told(browser, make_user):
    make_user("ada")
    assert "log in instead" in submit(browser).content.decode()
    assert User.objects.count() == 1


def test_a_form_of_another_site_signs_nobody_up(browser):
    assert browser.post(PATH, FORM).status_code == 403
    assert not User.objects.exists()


def test_who_tries_too_often_is_told_when_to_come_back(browser, settings):
    settings.SIGNUPS_PER_ADDRESS = Rate(1, 3_600)
    assert submit(browser).status_code == 302
    refused = submit(browser, email="bob@example.com")
    assert (refused.status_code, int(refused["Retry-After"]) > 0) == (429, True)


def test_where_sign_ups_are_closed_the_page_says_so(browser, settings):
    settings.SIGNUPS_OPEN = False
    page = browser.get(PATH)
    assert page.status_code == 403
    assert "ask an operator" in page.content.decode()
    assert browser.post(PATH, FORM).status_code == 403
