import os
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client

from accounts.models import ApiKey, User
from prompts.models import Log, Prompt
from tests import live
from tests.browser import chromium
from tests.callers import Caller
from tests.operating import HTML

# What knows no database, or whose database does not matter, is tested once, beside SQLite.
PURE = {
    *("proxies", "slow_clients"),
    *("charts", "diffs", "evidence", "ids", "masking", "openapi_collection", "rendering"),
    *("screenshots", "statistics", "tables", "turns"),
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "TEST_DATABASE_URL" not in os.environ:
        return
    pure = [item for item in items if item.path.stem.removeprefix("test_") in PURE]
    config.hook.pytest_deselected(items=pure)
    items[:] = [item for item in items if item.path.stem.removeprefix("test_") not in PURE]


@pytest.fixture(scope="session", autouse=True)
def static_files() -> None:
    """What pages link to: an answer that names a file that was not collected is a 500."""
    call_command("collectstatic", verbosity=0, interactive=False)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a real server, shared by the tests that need one."""
    with live.serving() as url:
        yield url


@pytest.fixture
def ada(server: str) -> Iterator[httpx2.Client]:
    """A client of the running server, signed up for this test."""
    with live.signed_up(server) as client:
        yield client


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """A saved user; with no password nothing is hashed, which is most of what a test costs."""

    def make(name: str, password: str | None = None, **fields: Any) -> User:
        return User.objects.create_user(f"{name}@example.com", password, name=name, **fields)

    return make


@pytest.fixture
def alice(make_user: Callable[..., User]) -> Caller:
    """Who acts."""
    return Caller(make_user("alice"))


@pytest.fixture
def bob(make_user: Callable[..., User]) -> Caller:
    """Somebody else."""
    return Caller(make_user("bob"))


@pytest.fixture
def anonymous(db: None) -> Caller:
    return Caller()


@pytest.fixture
def make_key() -> Callable[..., Caller]:
    """A program with a key of that person's."""

    def make(owner: Caller, *scopes: str, **fields: Any) -> Caller:
        _, text = ApiKey.objects.mint(owner.user, name="A program", scopes=[*scopes], **fields)
        return Caller(owner.user, token=text)

    return make


@pytest.fixture
def make_prompt() -> Callable[..., Prompt]:
    def make(owner: Caller, **fields: Any) -> Prompt:
        text = {"title": "A title", "content": "Some content.", "model": "GPT-4o"}
        return Prompt.objects.create(owner=owner.user, **text | fields)

    return make


@pytest.fixture
def make_log() -> Callable[..., Log]:
    def make(prompt: Prompt, **fields: Any) -> Log:
        return prompt.logs.create(**{"output": "An output.", "model_used": "GPT-4o"} | fields)

    return make


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Site]:
    """A running server with a library to look at."""
    with chromium.filled_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def visitors(site: chromium.Site) -> Iterator[chromium.Visitors]:
    with chromium.visitors(site) as visitors:
        yield visitors


@pytest.fixture
def complaints(site: chromium.Site) -> Iterator[chromium.Complaints]:
    """What pages complain of; nothing, at the end of each test."""
    heard = chromium.Complaints(site)
    yield heard
    assert not heard, "\n".join(heard)


@pytest.fixture
def operator(make_user: Callable[..., User]) -> User:
    return make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def admin(operator: User) -> Client:
    """An operator's browser."""
    client = Client(headers=HTML, raise_request_exception=False)
    client.force_login(operator)
    return client


@pytest.fixture
def staff_who_may(make_user: Callable[..., User]) -> Callable[..., Client]:
    """The browser of somebody with these permissions and no others."""

    def make(*permissions: str, name: str = "staff") -> Client:
        user = make_user(name, is_staff=True)
        wanted = Permission.objects.filter(codename__in=permissions)
        assert wanted.count() == len(permissions)
        user.user_permissions.set(wanted)
        client = Client(headers=HTML, raise_request_exception=False)
        client.force_login(user)
        return client

    return make
