"""Migrating while the service is under load: no client sees an error."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import live
from tests.documents import differences
from tests.test_backups import PROMPT, place
from tests.test_tutorial import OPERATORS

# Back as far as the running code can do without what they made, and forth again.
COMMANDS = [
    ["migrate"],
    ["migrate", "prompts", "0019"],
    ["migrate"],
]


@pytest.fixture
def served(tmp_path):
    with place(tmp_path / "data") as made, made.served() as url:
        yield made, url


def test_no_client_sees_an_error_while_it_is_migrated(served):
    made, url = served
    ended, statuses = threading.Event(), []
    with live.signed_up(url) as ada, ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(work, ada, statuses, ended) for _ in range(4)]
        try:
            for each in COMMANDS:
                before = len(statuses)
                made.do(*each, "--verbosity=0")
                assert len(statuses) > before
        finally:
            ended.set()
        assert [each.result() for each in clients] == [None] * 4
    assert {*statuses} <= {200, 201, 204}
    assert len(statuses) > 100


@pytest.mark.parametrize("page", sorted(OPERATORS))
def test_an_operators_page_shows_what_comes(served, tmp_path, page):
    made, url = served
    environment = made.environment | {"HOME": str(tmp_path)}
    with live.signed_up(url), live.database() as tried:
        if tried:
            environment["TRIED"] = tried["DATABASE_URL"]
        found = differences(f"docs/how-to/{page}.md", server=url, name=page, **environment)
    assert found == []


def work(ada, statuses, ended):
    """What people do: save, edit, label, log, list, search, delete."""
    while not ended.is_set() and len(statuses) < 20_000:
        prompt = ada.post("/prompts", json=PROMPT).json()
        path = f"/prompts/{prompt['_id']}"
        log = {"promptId": prompt["_id"], "output": "Text.", "modelUsed": "GPT-4o"}
        answers = [
            ada.patch(path, json={"content": "Other content.", "tags": ["a"]}),
            ada.put(f"{path}/labels/production", json={"version": 1}),
            ada.post("/logs", json=log),
            ada.get("/prompts?limit=20"),
            ada.get("/search?q=content"),
            ada.get(f"{path}/versions"),
            ada.delete(path),
        ]
        statuses += [each.status_code for each in answers]
