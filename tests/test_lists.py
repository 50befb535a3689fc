"""Lists: in pages, filtered, in order, and however long they are."""

import json
import random
import re
import signal
import subprocess
import sys
import tracemalloc
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import httpx2
import pytest
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Scope
from promptcrafter import ids
from promptcrafter.wire import to_json
from prompts.cursors import Cursor
from prompts.models import Log, Prompt
from prompts.models import listed as listed_columns
from prompts.serializers.prompts import PromptSerializer
from prompts.views import shown
from tests import live

ORDERINGS = ["createdAt", "-createdAt", "updatedAt", "-updatedAt", "title", "-title"]
WORDS = ["a", "B", "b", "É", "zz", "中"]


def pages(caller, path):
    """All pages, by their links."""
    while path:
        response = caller.get(path)
        assert response.status_code == 200, response.content
        yield response
        path = links(response).get("next")


def links(response):
    parts = [part.split(">; rel=") for part in response["Link"].split(", ")]
    return {rel.strip('"'): url.removeprefix("<http://testserver") for url, rel in parts}


def listed(caller, path):
    return [row["_id"] for page in pages(caller, path) for row in page.json()]


@pytest.fixture
def library(alice, make_prompt, make_log):
    """Forty prompts of few titles and times, some with labels, some with logs."""
    chance = random.Random(5)
    for number in range(40):
        moment = datetime(2026, 1, 1 + number // 4, tzinfo=UTC)
        prompt = make_prompt(
            alice,
            id=UUID(int=ids.lowest(moment).int + number),
            title="".join(chance.choices(WORDS, k=3)) + "...",
            model=chance.choice(["GPT-4o", "Claude"]),
            tags=chance.sample(WORDS, k=chance.randrange(4)),
        )
        Prompt.objects.filter(pk=prompt.pk).update(created_at=moment, updated_at=moment)
        QuerySet.update(prompt.versions.all(), created_at=moment)
        make_log(prompt, score=chance.choice([None, 3, 7.5, 10]))
    return list(Prompt.objects.owned_by(alice.user))


@pytest.mark.parametrize("ordering", ORDERINGS)
@pytest.mark.parametrize("limit", [1, 7, 40, 500])
def test_pages_together_are_the_list_in_order(alice, library, ordering, limit):
    field = {"createdAt": "pk", "updatedAt": "updated_at", "title": "title"}[ordering.strip("-")]
    library.sort(key=lambda prompt: (getattr(prompt, field), prompt.pk))
    if ordering.startswith("-"):
        library.reverse()
    wanted = [prompt.wire_id for prompt in library]
    assert listed(alice, f"/prompts?limit={limit}&ordering={ordering}") == wanted
    assert [row["_id"] for row in alice.get(f"/prompts?ordering={ordering}").json()] == wanted


@pytest.mark.parametrize("ordering", ["createdAt", "-createdAt", "score", "-score"])
def test_pages_of_logs_have_those_without_a_score_last(alice, library, ordering):
    whole = alice.get(f"/logs?ordering={ordering}").json()
    assert listed(alice, f"/logs?limit=7&ordering={ordering}") == [log["_id"] for log in whole]
    if "score" in ordering:
        scores = [log["score"] for log in whole if log["score"] is not None]
        assert scores == sorted(scores, reverse=ordering.startswith("-"))
        assert [log["score"] for log in whole[len(scores) :]] == [None] * (40 - len(scores))


@pytest.mark.parametrize("path", [f"/prompts?ordering={name}" for name in ORDERINGS])
@pytest.mark.parametrize("more", ["", "&tag=a"])
def test_one_pages_back_as_one_came(alice, library, path, more):
    there = list(pages(alice, f"{path}&limit=3{more}"))
    assert "prev" not in links(there[0])
    assert "next" not in links(there[-1])
    back, at = [there[-1].json()], links(there[-1])
    while "prev" in at:
        response = alice.get(at["prev"])
        back.append(response.json())
        at = links(response)
    assert back[::-1] == [page.json() for page in there]
    assert alice.get(at["first"]).json() == there[0].json()


def test_logs_page_back_too(alice, library):
    for ordering in ("score", "-score"):
        there = list(pages(alice, f"/logs?ordering={ordering}&limit=9"))
        back = [there[-1]]
        while "prev" in links(back[-1]):
            back.append(alice.get(links(back[-1])["prev"]))
        assert [page.json() for page in back[::-1]] == [page.json() for page in there]


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_what_comes_and_goes_meanwhile_moves_nothing_else(alice, library, make_prompt, ordering):
    chance = random.Random(ordering)
    gone, seen = set(), []
    for page in pages(alice, f"/prompts?limit=4&ordering={ordering}"):
        seen += [row["_id"] for row in page.json()]
        make_prompt(alice, title="".join(chance.choices(WORDS, k=3)) + "...")
        doomed = chance.choice([each for each in library if each.wire_id not in gone])
        alice.delete(f"/prompts/{doomed.wire_id}")
        gone.add(doomed.wire_id)
    assert len(seen) == len(set(seen))
    assert {prompt.wire_id for prompt in library} - gone <= set(seen)


def test_a_page_whose_rows_are_all_gone_is_empty(alice, library):
    after = links(alice.get("/prompts?limit=39"))["next"]
    Prompt.objects.all().delete()
    assert alice.get(after).json() == []


# Filters ----------------------------------------------------------------------------------------

FILTERS = {
    "tag=a": lambda row: "a" in row["tags"],
    "tag=B": lambda row: "B" in row["tags"],
    "tag=a&tag=中": lambda row: {"a", "中"} <= {*row["tags"]},
    "model=Claude": lambda row: row["model"] == "Claude",
    "createdAfter=2026-01-03": lambda row: row["createdAt"] > "2026-01-03T00:00:00Z",
    "createdBefore=2026-01-05T02:00:00%2B02:00": lambda row: (
        row["createdAt"] < "2026-01-05T00:00:00Z"
    ),
    "updatedAfter=2026-01-02T00:00Z": lambda row: row["updatedAt"] > "2026-01-02T00:00:00Z",
    "updatedBefore=2026-01-09": lambda row: row["updatedAt"] < "2026-01-09T00:00:00Z",
    "createdAfter=2026-01-02&model=GPT-4o&tag=b": lambda row: (
        row["createdAt"] > "2026-01-02T00:00:00Z"
        and row["model"] == "GPT-4o"
        and "b" in row["tags"]
    ),
}


@pytest.mark.parametrize("query", FILTERS)
def test_a_filter_leaves_what_fits(alice, library, query):
    fits = FILTERS[query]
    wanted = [row["_id"] for row in alice.get("/prompts").json() if fits(row)]
    assert 0 < len(wanted) < 40
    assert [row["_id"] for row in alice.get(f"/prompts?{query}").json()] == wanted
    assert listed(alice, f"/prompts?{query}&limit=3") == wanted
    found = alice.get(f"/search?q=content&{query}").json()
    assert {row["_id"] for row in found} == set(wanted)


@pytest.mark.parametrize("query", FILTERS)
@pytest.mark.parametrize("ordering", ORDERINGS)
def test_a_filter_of_what_is_released_goes_by_what_it_said(alice, library, query, ordering):
    for prompt in library[:30]:
        prompt.set_label("live", to=1, actor=alice.user)
    for prompt in library[:15]:
        prompt.edit(author=alice.user, title="Other", tags=["other"], model="Other")
    released = alice.get(f"/prompts?label=live&ordering={ordering}").json()
    wanted = [row["_id"] for row in released if FILTERS[query](row)]
    assert 0 < len(wanted) <= 30
    path = f"/prompts?label=live&ordering={ordering}&{query}"
    assert [row["_id"] for row in alice.get(path).json()] == wanted
    assert listed(alice, f"{path}&limit=3") == wanted


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("minScore=7.5", lambda log: (log["score"] or 0) >= 7.5),
        ("maxScore=3", lambda log: log["score"] is not None and log["score"] <= 3),
        ("modelUsed=GPT-4o&version=1", lambda log: True),
        ("version=2", lambda log: False),
        ("modelUsed=Claude", lambda log: False),
        ("createdAfter=2026-01-01", lambda log: True),
        ("createdBefore=2026-01-01", lambda log: False),
    ],
)
def test_logs_are_filtered_too(alice, library, query, fits):
    wanted = [log["_id"] for log in alice.get("/logs").json() if fits(log)]
    assert [log["_id"] for log in alice.get(f"/logs?{query}").json()] == wanted


def test_a_prompt_with_logs_of_which_none_fits_is_no_404(alice, library):
    path = f"/logs?promptId={library[0].wire_id}"
    assert len(alice.get(path).json()) == 1
    assert alice.get(f"{path}&version=9").json() == []


def test_a_log_names_the_version_that_was_the_newest(alice, make_prompt):
    prompt = make_prompt(alice)
    body = {"promptId": prompt.wire_id, "output": "o", "modelUsed": "m"}
    alice.post("/logs", body)
    prompt.edit(author=alice.user, title="Another")
    alice.post("/logs", body)
    assert [log["version"] for log in alice.get("/logs").json()] == [2, 1]
    assert len(alice.get("/logs?version=2").json()) == 1


BAD = [
    ("limit", ["0", "501", "-1", "1e3", "٣", "", " 5", "5.0"]),
    ("cursor", ["", "x", "e30", "WzFd", "é", "%00", "WyJ0aXRsZSIsZmFsc2UsWyJhIl0sIjAiXQ"]),
    ("ordering", ["", "-", "created_at", "--title", "content", "TITLE"]),
    ("content", ["", "all", "FULL"]),
    ("tag", ["", "x" * 51, "%00", "%20"]),
    ("model", ["", "x" * 101]),
    ("createdAfter", ["", "today", "2026-13-01", "2026-01-01T00:00", "2026-02-30", "1"]),
    ("updatedBefore", ["2026-01-01T00:00:00+00:00", "2026-01-01T25:00Z", "99999-01-01"]),
    ("createdBefore", ["0001-01-01T00:00%2B01:00", "2026-W01", "٢٠٢٦-01-01"]),
]
BAD_OF_LOGS = [
    ("limit", ["0"]),
    ("cursor", ["x"]),
    ("ordering", ["title", "updatedAt"]),
    ("minScore", ["", "x", "nan", "inf", "1e400", "٣", "--1"]),
    ("maxScore", ["1,5"]),
    ("modelUsed", [""]),
]


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [("/prompts", name, value) for name, values in BAD for value in values]
    + [("/logs", name, value) for name, values in BAD_OF_LOGS for value in values]
    + [("/tags", "limit", "0"), ("/tags", "prefix", "%00"), ("/search?q=a", "highlight", "yes")]
    + [("/search?q=a", "cursor", each) for each in ("x", "WyJyIixmYWxzZSxbXSwiMCJd")],
)
def test_a_value_that_can_not_be_is_named_with_what_can(alice, path, name, value):
    response = alice.get(f"{path}{'&' if '?' in path else '?'}{name}={value}")
    assert response.status_code == 400, response.content
    body = response.json()
    assert (body["code"], list(body["fields"])) == ("invalid", [name])


FAR = [["0001-01-01T00:00:00+14:00"], ["9999-12-31T23:59:59-14:00"]]


@pytest.mark.parametrize(
    "values", [[None], ["x"], [1, 2], [float("1e300")], ["\0"], [{}], [], *FAR]
)
@pytest.mark.parametrize("ordering", ["title", "updatedAt", "score"])
def test_a_forged_cursor_is_refused(alice, make_prompt, make_log, ordering, values):
    logs = [make_log(make_prompt(alice)) for _ in range(2)]
    path = "/logs" if ordering == "score" else "/prompts"
    real = links(alice.get(f"{path}?ordering={ordering}&limit=1"))["next"]
    of = json.loads(urlsafe_b64decode(real.partition("cursor=")[2] + "=="))[0]
    cursor = Cursor(of, False, values, logs[0].pk).encode()
    response = alice.get(f"{path}?ordering={ordering}&cursor={cursor}")
    is_right = ordering == "title" and values in [["x"], *FAR]
    is_right |= (ordering, values) == ("score", [None])
    assert response.status_code == (200 if is_right else 400)


@pytest.mark.parametrize("path", ["/prompts?", "/search?q=a&", "/prompts?label=live&limit=5&"])
def test_so_many_tags_as_a_prompt_can_have_may_be_asked_for(alice, make_prompt, path):
    tags = [f"a{number}" for number in range(50)]
    make_prompt(alice, tags=tags).set_label("live", to=1, actor=alice.user)
    query = "&".join(f"tag={tag}" for tag in tags + tags)
    assert len(alice.get(f"{path}{query}").json()) == 1
    response = alice.get(f"{path}{query}&tag=one-more")
    assert list(response.json()["fields"]) == ["tag"]


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("/prompts?ordering=createdAt", "/logs?ordering=createdAt"),
        ("/prompts?tag=a", "/prompts?tag=b"),
        ("/prompts?tag=a", "/prompts?"),
        ("/search?q=content", "/search?q=some"),
        ("/search?q=content", "/search?q=content&model=Claude"),
    ],
)
def test_a_cursor_is_of_one_list(alice, library, path, other):
    cursor = links(alice.get(f"{path}&limit=1"))["next"].partition("cursor=")[2]
    assert alice.get(f"{path}&content=none&limit=9&cursor={cursor}").status_code == 200
    response = alice.get(f"{other}&cursor={cursor}")
    assert (response.status_code, list(response.json()["fields"])) == (400, ["cursor"])


def test_a_cursor_is_of_one_ordering(alice, library):
    after = links(alice.get("/prompts?limit=1&ordering=title"))["next"]
    response = alice.get(after.replace("title", "updatedAt"))
    assert list(response.json()["fields"]) == ["cursor"]


# Content ----------------------------------------------------------------------------------------


def test_a_list_can_leave_the_content_out(alice, make_prompt):
    prompt = make_prompt(alice, content="é" * 300)
    prompt.set_label("live", to=1, actor=alice.user)
    for path in ("/prompts?", "/prompts?label=live&", "/search?q=title&"):
        (full,) = alice.get(f"{path}content=full").json()
        (preview,) = alice.get(f"{path}content=preview").json()
        (none,) = alice.get(f"{path}content=none").json()
        text = full.pop("content")
        assert text == "é" * 300
        assert preview == full | {"preview": text[:200]}
        assert none == full


def test_what_is_left_out_is_not_read(alice, make_prompt, django_assert_num_queries):
    make_prompt(alice)
    for path, count in (("/prompts?content=none", 1), ("/prompts?content=none&limit=9", 2)):
        with django_assert_num_queries(count) as statements:
            alice.get(path)
        sql = statements[-1]["sql"] or ""  # which psycopg does not tell of what is prepared
        assert '"content"' not in sql


@pytest.mark.parametrize("more", [0, 1])
def test_a_list_shows_prompts_as_they_are_shown_alone(alice, make_prompt, more):
    """Byte for byte, be it read at once or as a stream."""
    labelled = make_prompt(alice, content="{{ a }} {{ é }}", tags=["é", "\u2028", '"'])
    labelled.set_label("zz", to=1, actor=alice.user)
    labelled.set_label("a", to=1, actor=alice.user)
    for _ in range(shown.FEW - 1 + more):
        make_prompt(alice)
    Prompt.objects.filter(pk=labelled.pk).update(updated_at=datetime(2026, 1, 1, tzinfo=UTC))
    whole = alice.get("/prompts").content
    alone = [alice.get(f"/prompts/{row['_id']}").content for row in json.loads(whole)]
    assert len(alone) == shown.FEW + more
    assert whole == b"[" + b",".join(alone) + b"]"
    assert alice.get("/search?q=content&ordering=createdAt").status_code == 400
    found = alice.get("/search?q=a+é").content
    assert found == b"[" + alone[-1] + b"]"


@pytest.mark.parametrize("content", ["full", "preview", "none"])
def test_rows_of_columns_are_written_as_the_serializer_writes_prompts(alice, make_prompt, content):
    """The same names, in that order, with the same values."""
    make_prompt(alice, content="{{ a }} {{ é = 1 }} " * 50, tags=["é", '"'])
    prompt = make_prompt(alice, content="short")
    prompt.set_label("zz", to=1, actor=alice.user)
    prompt.edit(author=alice.user, title="Another")
    prompt.set_label("a", to=2, actor=alice.user)
    asked = {"content": content, "ordering": "-createdAt"}
    request = SimpleNamespace(user=alice.user, auth=None)
    (by_columns,) = shown.every(request, asked)
    own = listed_columns.with_preview(Prompt.objects.owned_by(alice.user)).order_by("-pk")
    serialize = PromptSerializer(context={"content": content}).to_representation
    assert len(by_columns) == 2
    assert [*map(to_json, by_columns)] == [to_json(serialize(row)) for row in own]


@pytest.mark.parametrize("microsecond", [0, 1, 120_000, 123_450, 999_999])
def test_times_are_written_alike_wherever_they_are(alice, make_prompt, microsecond):
    """PostgreSQL leaves out zeros at the end."""
    prompt = make_prompt(alice)
    moment = datetime(2026, 1, 2, 3, 4, 5, microsecond, tzinfo=UTC)
    Prompt.objects.filter(pk=prompt.pk).update(created_at=moment, updated_at=moment)
    (row,) = alice.get("/prompts").json()
    assert row == alice.get(f"/prompts/{prompt.wire_id}").json()
    assert row == alice.get("/search?q=content").json()[0]


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_whole_list_takes_one_statement_or_three_for_any_number(
    alice, make_prompt, more, django_assert_num_queries
):
    for _ in range(shown.FEW + more):
        make_prompt(alice)
    make_prompt(alice).move_to_trash()
    with django_assert_num_queries(1 if more <= 0 else 3):  # all if they are few; who asks
        assert len(alice.get("/prompts").json()) == shown.FEW + more


def test_of_a_long_list_no_more_is_read_than_is_kept(alice, make_prompt, monkeypatch):
    monkeypatch.setattr(shown, "ROWS", 5)
    for _ in range(shown.FEW + 1):
        make_prompt(alice, content="x" * 199_000)
    alice.get("/prompts?content=none")  # what is imported or compiled once
    tracemalloc.start()
    try:
        size = sum(map(len, alice.get("/prompts").streaming_content))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 20_000_000
    assert peak < 15_000_000


# Tags and models --------------------------------------------------------------------------------


def test_tags_and_models_are_counted(alice, bob, make_prompt):
    for tags, model in ([["Art", "é"], "GPT"], [["Art"], "Claude"], [["art"], "GPT"], [[], "GPT"]):
        make_prompt(alice, tags=tags, model=model)
    make_prompt(alice, tags=["gone"], model="Gone").move_to_trash()
    make_prompt(bob, tags=["secret"], model="Secret")
    counts = [("Art", 2), ("art", 1), ("é", 1)]
    assert alice.get("/tags").json() == [{"tag": tag, "count": n} for tag, n in counts]
    assert alice.get("/models").json() == [
        {"model": "GPT", "count": 3},
        {"model": "Claude", "count": 1},
    ]


def test_tags_and_models_complete_what_one_types(alice, make_prompt):
    make_prompt(alice, tags=["École", "ecole", "art"], model="École")
    found = alice.client.get("/tags", {"prefix": "éC"}, headers=alice.headers).json()
    assert [each["tag"] for each in found] == ["École"]
    assert alice.client.get("/models", {"prefix": "ÉCO"}, headers=alice.headers).json()
    assert [each["tag"] for each in alice.get("/tags?limit=2").json()] == ["art", "ecole"]


def test_tags_follow_the_prompt(alice, make_prompt):
    def tags():
        return [each["tag"] for each in alice.get("/tags").json()]

    prompt = make_prompt(alice, tags=["a", "b"])
    path = f"/prompts/{prompt.wire_id}"
    alice.patch(path, {"tags": ["b", "c"]})
    assert tags() == ["b", "c"]
    alice.post(f"{path}/versions/1/restore")
    assert tags() == ["a", "b"]
    alice.delete(path)
    assert tags() == []
    alice.post(f"/trash/{prompt.wire_id}/restore")
    assert tags() == ["a", "b"]
    assert [row["_id"] for row in alice.get("/prompts?tag=a").json()] == [prompt.wire_id]


# Batch ------------------------------------------------------------------------------------------


def batch(caller, *wire_ids, more=""):
    query = "&".join(f"id={each}" for each in wire_ids)
    response = caller.get(f"/prompts/batch?{query}{more}")
    assert response.status_code == 200, response.content
    return response.json()


def test_a_batch_is_in_order_with_an_error_for_each_that_is_not_there(alice, bob, make_prompt):
    first, second, theirs = make_prompt(alice), make_prompt(alice), make_prompt(bob)
    gone = "prompt_" + "0" * 26
    ids = [second.wire_id, theirs.wire_id, "x", gone, first.wire_id, second.wire_id]
    items = batch(alice, *ids)
    assert [item["id"] for item in items] == ids
    assert [item["status"] for item in items] == [200, 403, 400, 404, 200, 200]
    codes = [item.get("code") for item in items]
    assert codes == [None, "not_owner", "malformed_id", "not_found", None, None]
    for item, wire_id in zip(items, ids, strict=True):
        alone = alice.get(f"/prompts/{wire_id}").json()
        assert item.get("prompt", alone) == alone
        assert item.get("error") == alone.get("error")


def test_a_batch_as_of_a_label(alice, make_prompt):
    released, other = make_prompt(alice), make_prompt(alice)
    released.set_label("live", to=1, actor=alice.user)
    released.edit(author=alice.user, title="Draft")
    one, two = batch(alice, released.wire_id, other.wire_id, more="&label=live")
    assert one["prompt"] == alice.get(f"/prompts/{released.wire_id}?label=live").json()
    assert (two["status"], two["code"], two["labels"]) == (404, "label_not_set", {})


@pytest.mark.parametrize("count", [0, 101])
def test_a_batch_is_of_one_to_a_hundred(alice, count):
    query = "&".join(["id=x"] * count)
    response = alice.get(f"/prompts/batch?{query}")
    assert list(response.json()["fields"]) == ["id"]
    assert len(batch(alice, *["x"] * 100)) == 100


# Keys that are limited to labels ----------------------------------------------------------------


@pytest.fixture
def key(alice, make_prompt, make_key):
    """A key that sees `live` and, where that is not set, `next`; and a library for it."""
    for number in range(6):
        prompt = make_prompt(alice, title=f"Released {number}", tags=["old"], model="Old")
        if number < 5:
            prompt.set_label("live" if number % 2 else "next", to=1, actor=alice.user)
        prompt.edit(author=alice.user, title="Draft", tags=["draft"], model="Draft")
        is_seen = number in {1, 3}
        prompt.set_label("next" if is_seen else "hidden", to=2, actor=alice.user)
    return make_key(alice, Scope.PROMPTS_READ, labels=["live", "next"])


def test_a_limited_key_pages_through_what_it_sees(key):
    titles = [f"Released {number}" for number in range(5)]
    for path in ("/prompts?ordering=title", "/search?q=released"):
        found = [row for page in pages(key, f"{path}&limit=2") for row in page.json()]
        assert sorted(row["title"] for row in found) == titles
        assert all({*row["labels"]} <= {"live", "next"} for row in found)
    assert listed(key, "/prompts?tag=draft&limit=2") == []
    assert len(listed(key, "/prompts?tag=old&model=Old&limit=2")) == 5
    assert key.get("/search?q=draft").json() == []


def test_a_limited_key_counts_what_it_sees(key):
    assert key.get("/tags").json() == [{"tag": "old", "count": 5}]
    assert key.get("/models").json() == [{"model": "Old", "count": 5}]


def test_a_limited_key_gets_what_it_sees_in_a_batch(key):
    ids = [prompt.wire_id for prompt in Prompt.objects.order_by("pk")]
    items = batch(key, *ids)
    assert [item["status"] for item in items] == [200] * 5 + [404]
    for item, wire_id in zip(items, ids, strict=True):
        alone = key.get(f"/prompts/{wire_id}").json()
        assert item.get("prompt", alone) == alone
        assert item.get("code") == alone.get("code")


# Long lists -------------------------------------------------------------------------------------


@pytest.fixture
def long(alice, make_prompt):
    prompt = make_prompt(alice)
    now, filler = timezone.now(), "x" * 200
    Log.objects.bulk_create(
        Log(
            owner=alice.user,
            prompt=prompt,
            version=1,
            output=f"{n} {filler}",
            model_used="m",
            created_at=now,
        )
        for n in range(1_100)
    )


def test_a_long_list_is_sent_as_it_is_read(alice, long):
    response = alice.get("/logs")
    assert response.streaming
    assert "ETag" not in response.headers
    assert response["Content-Type"] == "application/json"
    rows = json.loads(b"".join(response.streaming_content))
    assert [row["output"].split()[0] for row in rows] == [str(n) for n in range(1_099, -1, -1)]
    assert listed(alice, "/logs?limit=500") == [row["_id"] for row in rows]


def test_a_long_list_has_no_body_for_head(alice, long):
    response = alice.client.head("/logs", headers=alice.headers)
    assert response.status_code == 200
    assert b"".join(response.streaming_content) == b""


def test_a_page_in_a_browser_is_never_the_whole_list(alice, long):
    response = alice.get("/logs", Accept="text/html")
    assert response.content.decode().count("&quot;_id&quot;") == 50
    assert 'rel="next"' in response["Link"]


FILL = """
from django.utils import timezone
from promptcrafter import ids
from prompts.models import Log, Prompt
from tests import live
prompt, now = Prompt.objects.get(), timezone.now()
for _ in range(20):
    Log.objects.bulk_create(
        Log(owner_id=prompt.owner_id, prompt=prompt, version=1, output="x" * 3_000, model_used="m",
            created_at=now)
        for _ in range(1_000)
    )
"""


def test_a_long_list_takes_no_memory_of_the_server(tmp_path):
    with live.database() as of_database:
        process, url = live.start(tmp_path, WORKERS="1", **of_database)
        with httpx2.Client(base_url=url, timeout=60) as client:
            email = {"name": "Ada", "email": "ada@example.com", "password": "correct horse battery"}
            token = client.post("/auth/signup", json=email).json()["token"]
            client.headers["Authorization"] = f"Bearer {token}"
            client.post("/prompts", json={"title": "Title", "content": "c", "model": "m"})
            environment = live.clean_environment() | {"DATA_DIR": str(tmp_path)} | of_database
            command = [sys.executable, "manage.py", "shell", "-c", FILL]
            subprocess.run(command, cwd=live.ROOT, env=environment, check=True, capture_output=True)
            client.get("/logs?limit=50")
            forget_what_they_had_at_most(process)  # to hash a password takes 19 MB
            before = memory_of_workers(process, "VmRSS")
            with client.stream("GET", "/logs") as response:
                size = sum(map(len, response.iter_raw()))
            for _ in range(6):  # more than it has threads, who go away
                with client.stream("GET", "/logs") as response:
                    next(response.iter_raw())
            assert client.get("/logs?limit=1", timeout=10).status_code == 200
        after = memory_of_workers(process, "VmHWM")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
    assert size > 60_000_000
    assert after - before < 15_000_000


def workers(process):
    return Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()


def forget_what_they_had_at_most(process):
    for pid in workers(process):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def memory_of_workers(process, name):
    """In bytes; `VmHWM` is the most that they had."""
    statuses = "".join(Path(f"/proc/{pid}/status").read_text() for pid in workers(process))
    return sum(1_024 * int(size) for size in re.findall(rf"{name}:\s+(\d+)", statuses))


def test_moments_are_exclusive(alice, make_prompt):
    prompt = make_prompt(alice)
    moment = (prompt.created_at + timedelta(0)).isoformat().replace("+00:00", "Z")
    for name in ("createdAfter", "createdBefore"):
        assert alice.get(f"/prompts?{name}={moment}").json() == []
