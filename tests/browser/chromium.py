"""A server with the library, and Chromium to look at it with."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests import live

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE = 30_000  # milliseconds; a machine that is busy with other tests takes that long

ANONYMOUS = ""
PERSON = "ada@example.com"
OPERATOR = "root@example.com"
PASSWORD = "correct horse battery"

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None and os.environ.get("REQUIRE_CHROMIUM") != "1",
    reason="NOT TESTED IN A BROWSER: there is no chromium here (apt install chromium)",
)

TELL_OF_VIOLATIONS = """
document.addEventListener('securitypolicyviolation', event => console.error(
    `${event.violatedDirective} forbids ${event.blockedURI} in ${event.sourceFile}`))
"""


@dataclass(frozen=True)
class Site:
    url: str
    ids: dict[str, str]  # of what is in its library, by the names that paths of tests use


@contextmanager
def filled_site(directory: Path) -> Iterator[Site]:
    with live.database() as of_database:
        process, url = live.start(directory, **of_database)
        environment = live.clean_environment() | of_database | {"DATA_DIR": str(directory)}
        script = "from tests.browser import library; library.fill()"
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", script]
        try:
            filled = subprocess.run(
                command, env=environment, cwd=live.ROOT, check=True, stdout=subprocess.PIPE
            )
            yield Site(url, json.loads(filled.stdout))
        finally:
            process.terminate()
            assert process.wait(timeout=20) == 0


class Complaints(list[str]):
    """What pages had to complain of. A status of 400 or more is, but for those that are `expected`
    of the page itself or of what its forms send."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site
        self.expected: set[int] = set()

    def hear(self, page: Page) -> None:
        page.add_init_script(TELL_OF_VIOLATIONS)
        page.on("console", self._hear_message)
        page.on("pageerror", lambda error: self.append(f"{page.url}: {error}"))
        page.on("request", self._hear_request)
        page.on("response", self._hear_response)

    def _hear_message(self, message) -> None:
        # Chromium tells of statuses here, too, where it does not say whether they were expected.
        is_status = "the server responded with a status of" in message.text
        if message.type in {"error", "warning"} and not is_status:
            self.append(f"{message.page.url}: {message.text}")

    def _hear_request(self, request) -> None:
        if not request.url.startswith((f"{self.site.url}/", "data:", "blob:")):
            self.append(f"{request.frame.url}: asked {urlsplit(request.url).netloc} for something")

    def _hear_response(self, response) -> None:
        is_asked_for = response.request.resource_type in {"document", "fetch", "xhr"}
        if response.status >= 400 and not (is_asked_for and response.status in self.expected):
            self.append(f"{response.url}: {response.status}")


class Visitors:
    """People at their browsers, each logged in once."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self._browser = browser
        self._site = site
        self._contexts: dict[str, BrowserContext] = {}

    def page(self, who: str, complaints: Complaints) -> Page:
        """A new page of theirs; whoever asks closes it."""
        if who not in self._contexts:
            self._contexts[who] = self._log_in(who)
        return self._listened_to(self._contexts[who], complaints)

    @contextmanager
    def stranger(self, complaints: Complaints) -> Iterator[Page]:
        """A page of somebody who has never been here."""
        context = self._context()
        yield self._listened_to(context, complaints)
        context.close()

    def _context(self) -> BrowserContext:
        context = self._browser.new_context(base_url=self._site.url, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE)
        return context

    def _log_in(self, who: str) -> BrowserContext:
        context = self._context()
        if who != ANONYMOUS:
            page = context.new_page()
            log_in(page, who, "/api-auth/login/?next=/prompts")
            page.close()
        return context

    def _listened_to(self, context: BrowserContext, complaints: Complaints) -> Page:
        page = context.new_page()
        complaints.hear(page)
        return page


@contextmanager
def visitors(site: Site) -> Iterator[Visitors]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield Visitors(browser, site)
        browser.close()


def log_in(page: Page, who: str, path: str) -> None:
    page.goto(path)
    page.fill("[name=username]", who)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
