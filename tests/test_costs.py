"""What a request may cost, counted in calls of functions and not in time: the same on any machine.

A change that goes beyond a budget is looked at (`make bench` says what it costs in CPU), and then
made cheaper or given a larger one. The budgets are what was counted, the test's
client included, and a tenth.
"""

import sys

import pytest
from django.db import connection

TEXT = {"title": "A title", "content": "For {{ whom }}. " * 20, "model": "GPT-4o", "tags": ["a"]}


def calls_of(act):
    """Of Python's functions and of C's, by the one of three that made the fewest."""
    counts = []
    for _ in range(3):
        count = 0

        def count_one(frame, event, argument):
            nonlocal count
            count += event in {"call", "c_call"}

        sys.setprofile(count_one)
        try:
            answer = act()
        finally:
            sys.setprofile(None)
        assert answer.status_code < 400
        counts.append(count)
    return min(counts)


@pytest.fixture
def acts(alice, make_prompt):
    prompts = [make_prompt(alice, **TEXT) for _ in range(30)]
    path = f"/prompts/{prompts[0].wire_id}"
    numbers = iter(range(100))
    etag = alice.get(path)["ETag"]
    log = {"promptId": prompts[0].wire_id, "output": "An output.", "modelUsed": "GPT-4o"}
    return {
        "probe": lambda: alice.get("/healthz"),
        "get": lambda: alice.get(path),
        "get, 304": lambda: alice.get(path, **{"If-None-Match": etag}),
        "list of 30": lambda: alice.get("/prompts"),
        "search": lambda: alice.get("/search?q=whom"),
        "create": lambda: alice.post("/prompts", TEXT),
        "update": lambda: alice.patch(
            f"/prompts/{prompts[1].wire_id}", {"title": f"Title {next(numbers)}"}
        ),
        "render": lambda: alice.post(f"{path}/render", {"variables": {"whom": "Ada"}}),
        "log": lambda: alice.post("/logs", log),
    }


# By SQLite and by PostgreSQL.
BUDGETS = {
    "probe": (1350, 1350),
    "get": (1180, 1170),
    "get, 304": (1120, 1130),
    "list of 30": (1260, 1340),
    "search": (2590, 2540),
    "create": (2830, 2510),
    "update": (2450, 2230),
    "render": (2880, 2920),
    "log": (3100, 3280),
}


@pytest.mark.parametrize("name", BUDGETS)
def test_a_request_stays_within_its_budget(acts, name):
    sqlite, postgresql = BUDGETS[name]
    assert calls_of(acts[name]) <= (sqlite if connection.vendor == "sqlite" else postgresql)


# By SQLite, whose transaction and tables are statements of their own, and by PostgreSQL.
QUERIES = {
    "get": (1, 1),
    "get, 304": (1, 1),
    "list of 30": (1, 1),
    "search": (2, 2),
    "create": (6, 2),
    "update": (5, 2),
    "render": (2, 2),
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_request_takes_so_many_statements(acts, name, django_assert_num_queries):
    acts[name]()
    sqlite, postgresql = QUERIES[name]
    with django_assert_num_queries(sqlite if connection.vendor == "sqlite" else postgresql):
        acts[name]()
