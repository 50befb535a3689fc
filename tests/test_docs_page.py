"""`/docs`: the description to read and to try out, in a browser too."""

import os
import re
import shutil

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import sync_playwright

from promptcrafter.headers import FOR_PAGES

HTML = {"Accept": "text/html"}
PATIENCE = 30_000  # ms; a machine that is busy with other tests takes that long
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PROMPT = {"title": "From the page", "content": "c", "model": "m"}

where_there_is_a_browser = pytest.mark.skipif(
    CHROMIUM is None and os.environ.get("REQUIRE_CHROMIUM") != "1",
    reason="NOT TESTED IN A BROWSER: there is no chromium here (apt install chromium)",
)


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


# In a browser -----------------------------------------------------------------------------------


@pytest.fixture
def page(server):
    """Fails the test if the browser complains of the page, or asks another host for anything."""
    complaints = []
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_page(base_url=server)
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: complaints.extend(complaint(page, message)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.extend(outside(request.url, server)))
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " event => console.error(event.violatedDirective + ' ' + event.blockedURI))"
        )
        yield page
        browser.close()
    assert complaints == []


def complaint(page, message):
    """Not that the page to log in at has no icon, which is not the matter here."""
    is_icon = message.location.get("url", "").endswith("/favicon.ico")
    return [] if is_icon else [f"{page.url}: {message.text} {message.location}"]


def outside(url, server):
    return [] if url.startswith((f"{server}/", "data:")) else [url]


def try_out(page, name):
    """The status of the answer to the operation's example."""
    operation = unfold(page, name)
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    status = operation.locator(".live-responses-table .response .response-col_status")
    return status.inner_text().split()[0]


def unfold(page, name):
    operation = page.locator(f"#operations-prompts-{name}")
    operation.locator(".opblock-summary-control").click()
    return operation


@where_there_is_a_browser
def test_things_are_tried_out_with_a_token(page, ada):
    page.goto("/docs")
    page.get_by_role("button", name="Authorize", exact=True).click()
    token = ada.headers["Authorization"].removeprefix("Bearer ")
    page.get_by_label("auth-bearer-value").fill(token)
    page.get_by_label("Apply credentials").first.click()
    page.get_by_role("button", name="Close").first.click()
    assert try_out(page, "createPrompt") == "201"
    assert try_out(page, "listPrompts") == "200"
    assert [prompt["title"] for prompt in ada.get("/prompts").json()] == ["AI image prompt"]


@where_there_is_a_browser
def test_things_are_tried_out_by_who_is_logged_in(page, ada):
    page.goto("/api-auth/login/?next=/docs")
    page.fill("[name=username]", ada.get("/auth/me").json()["email"])
    page.fill("[name=password]", "correct horse battery")
    page.press("[name=password]", "Enter")
    assert try_out(page, "createPrompt") == "201"
    assert try_out(page, "listPrompts") == "200"
    assert len(ada.get("/prompts").json()) == 1


@where_there_is_a_browser
def test_it_fits_a_telephone_and_follows_its_colours(page):
    page.set_viewport_size({"width": 380, "height": 800})
    page.goto("/docs")
    unfold(page, "createPrompt").get_by_text("Idempotency-Key").first.wait_for()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 380
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.locator("html.dark-mode").wait_for(
            state="attached" if scheme == "dark" else "detached"
        )
