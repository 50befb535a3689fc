"""The pages in a real browser: they work, and break no rule of their Content-Security-Policy.

Skipped where there is no Chromium, but never with REQUIRE_CHROMIUM=1, which `.ci/run` sets.
"""

import os
import shutil
import subprocess
import sys

import pytest
from playwright.sync_api import expect, sync_playwright

from tests import live

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PASSWORD = "correct horse battery"
OPERATOR = "root@example.com"
PROMPT = '{"title": "From a page", "content": "{{ mood }}", "model": "m"}'

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and os.environ.get("REQUIRE_CHROMIUM") != "1",
    reason="NOT TESTED IN A BROWSER: there is no chromium here (apt install chromium)",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The URL of a server with an operator."""
    directory = tmp_path_factory.mktemp("site")
    with live.database() as of_database:
        process, url = live.start(directory, **of_database)
        command = [sys.executable, "manage.py", "createsuperuser", "--noinput"]
        command += ["--email", OPERATOR, "--name", "Root"]
        environment = live.clean_environment() | of_database
        environment |= {"DATA_DIR": str(directory), "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        subprocess.run(command, env=environment, cwd=live.ROOT, check=True, capture_output=True)
        yield url
        process.terminate()
        assert process.wait(timeout=20) == 0


@pytest.fixture
def complaints():
    """What the browser had to complain of; nothing, at the end of each test."""
    heard = []
    yield heard
    assert not heard, "\n".join(heard)


@pytest.fixture
def page(site, complaints):
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_page(base_url=site)
        page.set_default_timeout(10_000)
        page.on("console", lambda message: complaints.extend(complaint(page, message)))
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " event => console.error(event.violatedDirective + ' ' + event.sourceFile))"
        )
        yield page
        browser.close()


def complaint(page, message):
    """Not advice on forms, nor that a status was 401 or that there is no favicon."""
    is_ours = message.type in {"error", "warning"} and "Failed to load resource" not in message.text
    return [f"{page.url}: {message.text}"] if is_ours else []


def log_in(page, path):
    page.goto(path)
    page.fill("[name=username]", OPERATOR)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    expect(page.get_by_text("Log out")).to_be_visible()


def make_prompt(page):
    page.goto("/prompts")
    page.fill("[name=_content]", PROMPT)
    page.click("button:text('POST')")
    expect(page.get_by_text("HTTP 201 Created")).to_be_visible()


def test_a_person_browses_the_api(page):
    log_in(page, "/api-auth/login/?next=/prompts")
    make_prompt(page)
    page.goto("/prompts")
    expect(page.locator(".response-info")).to_contain_text("From a page")
    page.goto("/")
    expect(page.get_by_role("heading", name="Prompt Crafter")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("HTTP 401 Unauthorized")).to_be_visible()


def test_a_prompt_is_edited_and_deleted_on_its_page(page):
    log_in(page, "/api-auth/login/?next=/prompts")
    make_prompt(page)
    wire_id = page.locator(".response-info").inner_text().split('"_id": "')[1][:33]
    page.goto(f"/prompts/{wire_id}")
    page.fill("[name=_content]", '{"title": "Edited on a page"}')
    page.click("button:text('PATCH')")
    expect(page.locator(".response-info")).to_contain_text("Edited on a page")
    page.goto(f"/prompts/{wire_id}")
    page.click("button.btn-danger.js-tooltip")
    page.click("#deleteModal .btn-danger")
    expect(page.get_by_text("HTTP 204 No Content")).to_be_visible()


def test_an_operator_works_in_the_admin(page):
    log_in(page, "/api-auth/login/?next=/prompts")
    make_prompt(page)
    for path in ("", "accounts/user/", "accounts/user/add/", "prompts/prompt/", "prompts/log/"):
        page.goto(f"/admin/{path}")
        expect(page.locator("#header")).to_contain_text("PromptCrafter")
    page.goto("/admin/prompts/log/add/")
    page.click(".select2-selection")
    page.locator(".select2-results").get_by_text("From a page").first.click()
    page.fill("[name=output]", "An output.")
    page.fill("[name=model_used]", "m")
    page.click("[name=_save]")
    expect(page.locator(".success")).to_be_visible()
    page.goto("/admin/prompts/prompt/?q=page")
    page.locator("#result_list tbody th a").first.click()
    page.click(".deletelink")
    page.click("[type=submit]:has-text('Yes')")
    expect(page.locator(".success")).to_contain_text("deleted")


def test_an_operator_changes_a_user_and_their_password(page):
    log_in(page, "/admin/login/?next=/admin/accounts/user/")
    page.click(f"a:text('{OPERATOR}')")
    page.fill("[name=name]", "Renamed")
    page.click("summary:has-text('What they may do here')")
    page.locator("[name=user_permissions_old] option").first.dblclick()
    page.click("[name=_save]")
    expect(page.locator(".success")).to_contain_text("changed")
    for path in ("add/", "?is_staff__exact=1"):
        page.goto(f"/admin/accounts/user/{path}")
    page.goto("/admin/password_change/")
    page.fill("[name=old_password]", PASSWORD)
    for name in ("new_password1", "new_password2"):
        page.fill(f"[name={name}]", PASSWORD)
    page.click("[type=submit]:has-text('Change')")
    expect(page.get_by_text("Your password was changed")).to_be_visible()
