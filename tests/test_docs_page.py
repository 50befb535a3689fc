"""`/docs`: the description to read and to try out; in a browser, see test_pages_in_chromium."""

import re

from django.contrib.staticfiles import finders
from django.test import Client

from promptcrafter.headers import FOR_PAGES

HTML = {"Accept": "text/html"}
PROMPT = {"title": "From the page", "content": "c", "model": "m"}


def test_anybody_reads_it_and_gets_no_cookie(client, db):
    page = client.get("/docs", headers=HTML)
    assert page.status_code == 200
    assert "data-csrf-token" not in page.content.decode()
    assert not page.cookies


def test_it_runs_nothing_that_is_not_ours(client, db):
    page = client.get("/docs")
    assert page["Content-Security-Policy"] == f"{FOR_PAGES}; img-src 'self' data:"
    assert "data:" not in client.get("/api-auth/login/")["Content-Security-Policy"]
    found = re.findall(
        r"<style|\sstyle=|\son\w+=|<script(?! src=)|https?://", page.content.decode()
    )
    assert found == []


def test_it_hands_who_is_logged_in_the_token_that_a_call_needs(make_user):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_user("ada"))
    page = browser.get("/docs").content.decode()
    assert "ada" in page
    token = re.search(r'data-csrf-token="(\w+)"', page)[1]
    sent = {"content_type": "application/json", "headers": {"X-CSRFToken": token}}
    assert browser.post("/prompts", PROMPT, **sent).status_code == 201


def test_of_the_package_only_swagger_ui_is_served():
    assert finders.find("swagger-ui/swagger-ui-bundle.js")
    assert not finders.find("drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js")
