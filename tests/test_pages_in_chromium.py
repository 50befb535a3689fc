"""What people and operators do on the pages, in a real browser."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests import live
from tests.browser.chromium import OPERATOR, PASSWORD, PERSON, log_in, needs_chromium

pytestmark = needs_chromium

PROMPT = '{"title": "From a page", "content": "{{ mood }}", "model": "m"}'
API = "/api-auth/login/?next=/prompts"


@pytest.fixture
def page(visitors, complaints):
    with visitors.stranger(complaints) as page:
        yield page


def send(page, method, body=None):
    """By the form of a page of the API."""
    if body is not None:
        page.get_by_label("Body, as JSON").fill(body)
    page.get_by_role("button", name=f"Send {method}").click()


def make_prompt(page):
    page.goto("/prompts")
    send(page, "POST", PROMPT)
    expect(page.get_by_text("201 Created in")).to_be_visible()


def test_a_person_browses_the_api(page):
    log_in(page, PERSON, API)
    make_prompt(page)
    page.goto("/prompts")
    page.get_by_text("What to show").click()
    page.get_by_label("model", exact=True).fill("no such model")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Nothing is here.")).to_be_visible()
    assert page.url.endswith("/prompts?model=no+such+model")
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="Prompts").click()
    expect(page.get_by_role("link", name="From a page").first).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in").first).to_be_visible()


def test_a_prompt_is_edited_and_deleted_on_its_page(page):
    log_in(page, PERSON, API)
    make_prompt(page)
    page.get_by_role("link", name="Open it").click()
    send(page, "PATCH", '{"title": "Edited on a page"}')
    page.get_by_role("link", name="Show this page anew").click()
    expect(page.get_by_role("heading", name="Edited on a page")).to_be_visible()
    send(page, "DELETE")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    send(page, "DELETE")
    page.get_by_role("dialog").get_by_role("button", name="Yes").click()
    expect(page.get_by_text("204 No Content in")).to_be_visible()


def test_what_was_edited_is_the_base_of_the_next_edit(page):
    log_in(page, PERSON, API)
    make_prompt(page)
    page.get_by_role("link", name="Open it").click()
    body = page.get_by_label("Body, as JSON")
    for title in ("Edited once", "Edited twice"):
        send(page, "PATCH", json.dumps(json.loads(body.input_value()) | {"title": title}))
        expect(page.locator("pre").filter(has_text=title)).to_be_visible()
    assert json.loads(body.input_value())["baseVersion"] == 3


def test_pages_of_a_list_are_turned_by_keyboard(page):
    log_in(page, PERSON, API)
    page.goto("/prompts?limit=1")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.get_by_role("link", name="Next").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Previous")).to_be_visible()


def test_a_mistake_in_what_is_posted_is_told_on_the_page(page, complaints):
    log_in(page, PERSON, API)
    complaints.expected = {400}
    send(page, "POST", '{"title": "ab"}')
    expect(page.get_by_text("400 Bad Request in")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="title: ")).to_be_visible()


def test_an_operator_edits_a_prompt_sees_what_changed_and_releases_it(page):
    log_in(page, OPERATOR, "/admin/login/?next=/admin/prompts/prompt/")
    page.get_by_role("textbox", name="Search").fill("photosynthesis")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Explain photosynthesis to a ten-year-old").click()
    page.get_by_label("Content:").fill("Explain it in three sentences.")
    page.get_by_label("Message:").fill("Shorter")
    page.get_by_role("button", name="Save and continue editing").click()
    newest = page.get_by_role("row", name=re.compile(f"v2 .*{OPERATOR}.*Shorter"))
    expect(newest).to_be_visible()
    page.get_by_role("button", name="Show the differences").click()
    expect(page.get_by_text("in three sentences").first).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Move labels").click()
    page.get_by_label("Label", exact=True).fill("production")
    page.get_by_role("button", name="Set the label").click()
    expect(page.get_by_role("button", name="Move production")).to_be_visible()


def test_an_operator_adds_a_log_and_deletes_its_prompt(page):
    log_in(page, OPERATOR, "/admin/login/?next=/admin/prompts/log/add/")
    # Not by its role alone, which the plain field has until the script has replaced it.
    page.locator(".field-prompt span[role=combobox]").click()
    page.get_by_role("option", name="Haiku").click()
    page.get_by_label("Output:").fill("An output.")
    page.get_by_label("Model used:").fill("m")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    page.goto("/admin/prompts/prompt/?q=haiku")
    page.get_by_role("link", name="Haiku").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Move to the trash").click()
    expect(page.get_by_text("“Haiku” is in the trash.")).to_be_visible()


def test_an_operator_changes_a_user_and_their_own_password(page):
    log_in(page, OPERATOR, "/admin/login/?next=/admin/accounts/user/")
    page.get_by_role("link", name=PERSON).click()
    page.get_by_label("Name:", exact=True).fill("Renamed")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    page.goto("/admin/password_change/")
    page.get_by_label("Old password").fill(PASSWORD)
    for field in ("New password:", "New password confirmation:"):
        page.get_by_label(field, exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Change my password").click()
    expect(page.get_by_text("Your password was changed")).to_be_visible()


def test_an_admin_page_is_dark_where_its_reader_wants_that(page):
    log_in(page, OPERATOR, "/admin/login/?next=/admin/")
    page.emulate_media(color_scheme="dark")
    background = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", background)[:3])) < 60


def test_a_prompt_is_saved_by_the_keyboard_alone(page):
    log_in(page, PERSON, API)
    tab_to(page, page.get_by_label("Body, as JSON"))
    page.keyboard.press("Control+A")
    page.keyboard.type(PROMPT)
    tab_to(page, page.get_by_role("button", name="Send POST"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("201 Created in")).to_be_visible()
    tab_to(page, page.get_by_role("link", name="Open it"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="From a page")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Send DELETE"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Yes"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("204 No Content in")).to_be_visible()


def tab_to(page, wanted):
    for _ in range(100):
        page.keyboard.press("Tab")
        if wanted.evaluate("each => each === document.activeElement"):
            return
    raise AssertionError("it is out of reach")


# /docs ------------------------------------------------------------------------------------------


def unfold(page, name):
    operation = page.locator(f"#operations-prompts-{name}")
    operation.locator(".opblock-summary-control").click()
    return operation


def try_out(page, name):
    """The status of the answer to the operation's example."""
    operation = unfold(page, name)
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    status = operation.locator(".live-responses-table .response .response-col_status")
    return status.inner_text().split()[0]


def test_things_are_tried_out_with_a_token(page, site):
    with live.signed_up(site.url) as client:
        page.goto("/docs")
        page.get_by_role("button", name="Authorize", exact=True).click()
        token = client.headers["Authorization"].removeprefix("Bearer ")
        page.get_by_label("auth-bearer-value").fill(token)
        page.get_by_label("Apply credentials").first.click()
        page.get_by_role("button", name="Close").first.click()
        assert try_out(page, "createPrompt") == "201"
        assert try_out(page, "listPrompts") == "200"
        assert [prompt["title"] for prompt in client.get("/prompts").json()] == ["AI image prompt"]


def test_things_are_tried_out_by_who_is_logged_in(page):
    log_in(page, PERSON, "/api-auth/login/?next=/prompts")
    page.goto("/docs")
    assert try_out(page, "createPrompt") == "201"
    page.goto("/prompts?limit=1")
    expect(page.get_by_role("link", name="AI image prompt")).to_be_visible()
