"""The kinds of pages that there are: each is judged by test_pages and photographed by screenshots.

Whoever adds a page adds a row. `{prompt}` and the like are ids of the library (library.fill).
"""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import FilePayload, Page, Response

from tests.browser.chromium import ANONYMOUS, OPERATOR, PERSON

Step = Callable[[Page], None]


@dataclass(frozen=True)
class Kind:
    name: str
    path: str
    who: str = ANONYMOUS
    status: int = 200
    step: Step | None = None  # what is done there before it is looked at

    def __str__(self) -> str:
        return self.name

    def open(self, page: Page, ids: dict[str, str]) -> Response | None:
        response = page.goto(self.path.format(**ids))
        if self.step:
            self.step(page)
            page.wait_for_load_state()
        return response


def log_in_wrongly(page: Page) -> None:
    page.fill("[name=username]", PERSON)
    page.fill("[name=password]", "not the password")
    page.press("[name=password]", "Enter")
    page.get_by_text("Please enter a correct").wait_for()


def save_nothing(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Please correct the errors below").wait_for()


def wait_for_swagger(page: Page) -> None:
    page.get_by_text("Save a prompt", exact=True).wait_for()


def choose_all(page: Page) -> None:
    page.get_by_label("Select all objects on this page for an action").check()
    page.get_by_label("Action:").select_option("tag")
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_role("button", name="Add a tag").wait_for()


def look_at_a_file(page: Page) -> None:
    rows = b"title,content,model\r\nFrom a file,Some text.,m\r\nx,Too short.,m\r\n"
    file: FilePayload = {"name": "prompts.csv", "mimeType": "text/csv", "buffer": rows}
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Look at it first").click()
    page.get_by_text("Nothing is written yet.").wait_for()


def in_admin(name: str, path: str, **more: Step) -> Kind:
    return Kind(f"admin-{name}", f"/admin/{path}", OPERATOR, **more)


def in_api(name: str, path: str, **more: int) -> Kind:
    return Kind(f"api-{name}", path, PERSON, **more)


PAGES = [
    Kind("admin-log-in", "/admin/login/"),
    in_admin("index", ""),
    in_admin("prompts", "prompts/prompt/"),
    in_admin("prompts-found", "prompts/prompt/?q=parcel&tag=support"),
    in_admin("prompt", "prompts/prompt/{prompt_pk}/change/"),
    in_admin("prompt-add", "prompts/prompt/add/"),
    in_admin("prompt-refused", "prompts/prompt/add/", step=save_nothing),
    in_admin("prompt-delete", "prompts/prompt/{prompt_pk}/delete/"),
    in_admin("prompt-history", "prompts/prompt/{prompt_pk}/history/"),
    in_admin("prompt-diff", "prompts/prompt/{prompt_pk}/diff/?from=1&to=3"),
    in_admin("prompt-labels", "prompts/prompt/{prompt_pk}/labels/"),
    in_admin("prompt-insights", "prompts/prompt/{prompt_pk}/insights/"),
    in_admin("insights", "prompts/prompt/insights/"),
    in_admin("ask-again", "prompts/prompt/", step=choose_all),
    in_admin("import-looked-at", "prompts/prompt/import/", step=look_at_a_file),
    in_admin("prompt-import", "prompts/prompt/import/"),
    in_admin("logs", "prompts/log/"),
    in_admin("log", "prompts/log/{log_pk}/change/"),
    in_admin("users", "accounts/user/"),
    in_admin("user", "accounts/user/{person_pk}/change/"),
    in_admin("user-add", "accounts/user/add/"),
    in_admin("user-revoke", "accounts/user/{person_pk}/revoke/sessions/"),
    in_admin("user-delete", "accounts/user/{person_pk}/delete/"),
    in_admin("log-add", "prompts/log/add/"),
    in_admin("groups", "auth/group/"),
    in_admin("password-change", "password_change/"),
    Kind("log-in", "/api-auth/login/"),
    Kind("log-in-refused", "/api-auth/login/", step=log_in_wrongly),
    Kind("password-reset", "/password-reset?token={reset}"),
    Kind("password-reset-too-late", "/password-reset?token=x", status=404),
    Kind("api-anonymous", "/prompts", status=401),
    Kind("welcome", "/"),
    Kind("docs", "/docs", PERSON, step=wait_for_swagger),
    in_api("root", "/"),
    in_api("prompts", "/prompts?limit=5"),
    in_api("prompt", "/prompts/{prompt}"),
    in_api("versions", "/prompts/{prompt}/versions"),
    in_api("diff", "/prompts/{prompt}/diff?from=1&to=3"),
    in_api("labels", "/prompts/{prompt}/labels"),
    in_api("logs", "/logs?limit=5"),
    in_api("stats", "/prompts/{prompt}/stats"),
    in_api("compare", "/prompts/{prompt}/compare?a=2&b=4"),
    in_api("leaderboard", "/leaderboard"),
    in_api("search", "/search?q=parcel&highlight=true"),
    in_api("search-empty", "/search", status=400),
    in_api("render", "/prompts/{prompt}/render", status=405),
    Kind("sign-up", "/api-auth/signup/"),
    Kind("api-sign-up", "/auth/signup", status=405),
    in_api("forbidden", "/prompts/{foreign}", status=403),
    in_api("not-found", "/prompts/prompt_01jdb3000000000000000000zz", status=404),
]
