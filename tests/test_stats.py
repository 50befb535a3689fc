"""What is said of a prompt by its outputs, held against a plain counting of them."""

import random
import statistics
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import numpy
import pytest

from prompts.models import Log, Prompt
from prompts.views import evidence

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def prompt(alice, make_prompt):
    """Of three versions, of which the first and the last carry a label."""
    prompt = make_prompt(alice)
    prompt.set_label("live", to=1, actor=alice.user)
    for number in (2, 3):
        prompt.edit(author=alice.user, title=f"Version {number}")
    prompt.set_label("next", to=3, actor=alice.user)
    return prompt


@pytest.fixture
def keep(prompt):
    """Saves an output for each of the scores, a minute apart."""

    def save(*scores, **fields):
        logs = [
            Log(**{"prompt": prompt, "output": "o", "model_used": "m", "score": score} | fields)
            for score in scores
        ]
        Log.objects.keep(logs)
        return logs

    return save


@pytest.fixture
def many(prompt):
    """Three hundred outputs of three versions and two models, of which much is not known."""
    chance = random.Random(1)

    def perhaps(value):
        return chance.choice([value, value, None])

    logs = [
        Log(
            prompt=prompt,
            output="o",
            version=chance.choice([1, 1, 2, 3]),
            model_used=chance.choice(["GPT-4o", "Claude"]),
            score=perhaps(chance.choice([chance.randint(0, 10), chance.random() * 10])),
            latency_ms=perhaps(int(chance.lognormvariate(7, 1))),
            input_tokens=perhaps(chance.randint(0, 5_000)),
            output_tokens=perhaps(chance.randint(0, 5_000)),
            cost=perhaps(chance.randint(0, 10**12)),
        )
        for _ in range(300)
    ]
    Log.objects.keep(logs)
    for minute, log in enumerate(logs):
        log.created_at = START + timedelta(minutes=minute)
    Log.objects.bulk_update(logs, ["created_at"])
    return logs


def plainly(logs):
    """What `stats` says of some outputs, counted by the standard library and NumPy."""
    scores = [log.score for log in logs if log.score is not None]
    latencies = [log.latency_ms for log in logs if log.latency_ms is not None]
    costs = [log.cost for log in logs if log.cost is not None]
    return {
        "outputs": len(logs),
        "scored": len(scores),
        "enoughData": len(scores) >= 5,
        "mean": statistics.fmean(scores),
        "median": statistics.median(scores),
        "stdev": statistics.stdev(scores),
        "min": min(scores),
        "max": max(scores),
        "histogram": [sum(int(score) == each for score in scores) for each in range(11)],
        "latencyMs": {f"p{share}": numpy.percentile(latencies, share) for share in (50, 95)},
        "inputTokens": sum(log.input_tokens or 0 for log in logs),
        "outputTokens": sum(log.output_tokens or 0 for log in logs),
        "costUsd": sum(costs) / 10**12,
        "firstUsedAt": min(log.created_at for log in logs),
        "lastUsedAt": max(log.created_at for log in logs),
    }


def said(row):
    """The same of a row of the answer."""
    names = plainly([Log(score=1, latency_ms=1, created_at=START) for _ in range(2)])
    row = row | {name: datetime.fromisoformat(row[name]) for name in ("firstUsedAt", "lastUsedAt")}
    row["costUsd"] = float(row["costUsd"])
    return {name: row[name] for name in names}


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("", ["version", "model_used"]),
        ("?groupBy=both", ["version", "model_used"]),
        ("?groupBy=version", ["version"]),
        ("?groupBy=model", ["model_used"]),
        ("?since=2026-01-01T01:00:00Z&until=2026-01-01T04:00:00Z", ["version", "model_used"]),
    ],
)
def test_stats_are_a_plain_counting(alice, prompt, many, query, columns):
    rows = alice.get(f"/prompts/{prompt.wire_id}/stats{query}").json()
    logs = many[60:240] if "since" in query else many
    groups = {}
    for log in logs:
        groups.setdefault(tuple(getattr(log, name) for name in columns), []).append(log)
    assert len(rows) == len(groups)
    for row in rows:
        found = {"version": row["version"], "model_used": row["model"]}
        key = tuple(found.pop(name) for name in columns)
        assert set(found.values()) <= {None}
        wanted = plainly(groups[key])
        assert said(row) == {
            name: pytest.approx(value, abs=1e-6) if isinstance(value, float | dict) else value
            for name, value in wanted.items()
        }


def test_the_newest_version_comes_first_and_models_by_name(alice, prompt, many):
    rows = alice.get(f"/prompts/{prompt.wire_id}/stats").json()
    keys = [(row["version"], row["model"]) for row in rows]
    assert keys == [(number, name) for number in (3, 2, 1) for name in ("Claude", "GPT-4o")]


def test_of_fewer_than_five_scores_no_interval_is_said(alice, prompt, keep):
    keep(7, 8, 9, 10, None)
    (row,) = alice.get(f"/prompts/{prompt.wire_id}/stats").json()
    assert (row["outputs"], row["scored"], row["enoughData"]) == (5, 4, False)
    assert (row["mean"], row["interval"]) == (8.5, None)
    keep(8)
    (row,) = alice.get(f"/prompts/{prompt.wire_id}/stats").json()
    assert row["enoughData"]
    assert row["interval"] == {"low": 6.984285, "high": 9.815715}  # 8.4 ± t(4) × 1.140175 ÷ √5


@pytest.mark.parametrize(
    ("scores", "known"),
    [
        ([None], {"mean": None, "median": None, "stdev": None, "min": None, "max": None}),
        ([7], {"mean": 7, "median": 7, "stdev": None, "min": 7, "max": 7}),
        ([7.3] * 9, {"mean": 7.3, "stdev": 0, "interval": {"low": 7.3, "high": 7.3}}),
        ([0, 10], {"mean": 5, "median": 5, "stdev": 7.071068, "interval": None}),
    ],
)
def test_what_can_be_said_of_a_few_is_said(alice, prompt, keep, scores, known):
    keep(*scores)
    (row,) = alice.get(f"/prompts/{prompt.wire_id}/stats").json()
    assert row | known == row
    assert row["latencyMs"] == {"p50": None, "p95": None}
    assert (row["inputTokens"], row["outputTokens"], row["costUsd"]) == (None, None, None)


def test_costs_sum_exactly_beyond_64_bits(alice, prompt, keep):
    keep(*[5] * 12, cost=10**18 - 1)
    (row,) = alice.get(f"/prompts/{prompt.wire_id}/stats").json()
    assert row["costUsd"] == "11999999.999999999988"


def test_a_prompt_without_outputs_has_no_rows(alice, prompt):
    assert alice.get(f"/prompts/{prompt.wire_id}/stats").json() == []


@pytest.mark.parametrize(
    ("path", "statements"),
    [("stats", 3), ("compare?a=1&b=2", 4), ("compare?a=m&b=n&by=model", 4)],
)
def test_ten_outputs_cost_as_many_statements_as_thousands(
    alice, prompt, keep, path, statements, django_assert_num_queries
):
    for more in (10, 2_000):  # who asks, the prompt, what is counted, the pairs
        scores = random.Random(2).choices(range(11), k=more)
        for fields in ({"version": 1, "model_used": "m"}, {"version": 2, "model_used": "n"}):
            keep(*scores, variables='{"a":1}', **fields)
        with django_assert_num_queries(statements):
            alice.get(f"/prompts/{prompt.wire_id}/{path}").json()


# One against another ----------------------------------------------------------------------------


@pytest.fixture
def compared(alice, prompt):
    """What is answered to a query."""

    def compare(query):
        response = alice.get(f"/prompts/{prompt.wire_id}/compare?{query}")
        assert response.status_code == 200, response.json()
        return response.json()

    return compare


@pytest.fixture
def better(keep):
    """Version 3 scores two points more than version 1."""
    keep(5, 6, 7, 6, 5, 7, version=1)
    keep(7, 8, 9, 8, 7, 9, version=3)


@pytest.mark.parametrize("query", ["a=1&b=3", "a=live&b=next", "a=1&b=latest", "a=live&b=3"])
def test_the_verdict_is_about_b_against_a(compared, better, query):
    found = compared(query)
    assert (found["verdict"], found["difference"]["value"]) == ("better", 2)
    assert (found["a"]["version"], found["b"]["version"]) == (1, 3)
    assert (found["a"]["mean"], found["b"]["mean"]) == (6, 8)
    assert found["probability"]["value"] == pytest.approx(34 / 36, abs=1e-6)
    assert (found["method"], found["pairs"], found["warnings"]) == ("welch", 0, [])
    assert found["sentence"].startswith("Version 3 is better than version 1: on average")


def test_the_other_way_round_it_is_worse(compared, better):
    found = compared("a=3&b=1")
    assert (found["verdict"], found["difference"]["value"]) == ("worse", -2)
    assert found["probability"]["value"] == pytest.approx(2 / 36, abs=1e-6)


def test_without_outputs_there_is_not_enough_data(compared, better):
    for query in ("a=1&b=2", "a=2&b=1"):
        found = compared(query)
        assert found["verdict"] == "not enough data"
        assert {found["difference"], found["probability"], found["method"]} == {None}
        assert "version 2 has 0 scored outputs" in found["sentence"]


def test_models_are_compared_by_name(compared, keep):
    keep(5, 6, 7, 6, 5, 7, model_used="Größe & Co")
    keep(7, 8, 9, 8, 7, 9, model_used="3")
    found = compared(f"a={quote('Größe & Co')}&b=3&by=model")
    assert (found["verdict"], found["a"]["model"], found["b"]["model"]) == (
        "better",
        "Größe & Co",
        "3",
    )


def test_what_else_differs_is_warned_of_and_can_be_held_fixed(compared, keep, better):
    keep(1, 1, 1, 1, 1, version=3, model_used="weak")
    found = compared("a=1&b=3")
    assert found["verdict"] == "no difference shown"
    assert found["warnings"] == [
        "Model m has 100 % of the outputs of version 1 and 55 % of those of version 3; "
        "hold `model` fixed."
    ]
    held = compared("a=1&b=3&model=m")
    assert (held["verdict"], held["warnings"]) == ("better", [])
    keep(9, 9, 9, 9, 9, version=1, model_used="weak")
    by_model = compared("a=m&b=weak&by=model&version=next")
    assert (by_model["verdict"], by_model["b"]["mean"]) == ("worse", 1)


def test_the_same_variables_make_pairs(compared, keep):
    """Each pair differs by about one, and the pairs among themselves by much more."""
    for number, score in enumerate((1, 3, 5, 7, 8, 9)):
        variables = f'{{"text":"{number}"}}'
        keep(score, version=1, variables=variables)
        keep(score + 1 - number % 2 / 10, version=3, variables=variables)
    found = compared("a=1&b=3")
    assert (found["method"], found["pairs"], found["verdict"]) == ("paired", 6, "better")
    assert found["sentence"].endswith("from 6 pairs.")
    assert (found["paired"]["value"], found["difference"]["value"]) == (0.95, 0.95)
    Log.objects.update(inputs=None)
    assert compared("a=1&b=3")["verdict"] == "no difference shown"


def test_outputs_without_variables_are_in_no_pair(compared, keep):
    for variables in ("{}", None):
        for version in (1, 3):
            keep(*range(1, 7), version=version, variables=variables)
    assert (compared("a=1&b=3")["pairs"], compared("a=1&b=3")["paired"]) == (0, None)


def test_a_span_of_time_is_compared(alice, prompt, many, compared):
    query = "a=1&b=3&since=2026-01-01T01:00:00Z&until=2026-01-01T04:00:00Z"
    found = compared(query)
    wanted = [log for log in many[60:240] if log.version == 1]
    assert found["a"]["outputs"] == len(wanted)


@pytest.mark.parametrize(
    ("query", "status", "named"),
    [
        ("a=1&b=1", 400, "b"),
        ("a=live&b=1", 400, "b"),
        ("a=m&b=m&by=model", 400, "b"),
        ("a=1", 400, "b"),
        ("a=1&b=", 400, "b"),
        ("a=1&b=2&version=1", 400, "version"),
        ("a=m&b=n&by=model&model=m", 400, "model"),
        ("a=1&b=2&by=label", 400, "by"),
        ("a=1&b=2&since=yesterday", 400, "since"),
        ("a=0&b=2", 400, "malformed_version"),
        ("a=NO&b=2", 400, "malformed_label"),
        ("a=1&b=4", 404, "no_such_version"),
        ("a=1&b=staging", 404, "label_not_set"),
        ("a=m&b=n&by=model&version=9", 404, "no_such_version"),
    ],
)
def test_what_can_not_be_compared_is_named(alice, prompt, query, status, named):
    response = alice.get(f"/prompts/{prompt.wire_id}/compare?{query}")
    answer = response.json()
    assert response.status_code == status
    assert named in {answer["code"], *answer.get("fields", ())}


# The best ---------------------------------------------------------------------------------------


@pytest.fixture
def board(alice, make_prompt):
    """Prompts with scores, by title."""

    def make(title, *scores, owner=alice, **fields):
        prompt = make_prompt(owner, title=title, **fields)
        Log.objects.keep(
            Log(prompt=prompt, output="o", model_used="m", score=score) for score in scores
        )
        return prompt

    make("Luck", 10, 10, 10, 10, 10)
    make("Proven", *[9, 10, 8, 10] * 20)
    make("Middling", *[4, 7, 10] * 9, tags=["a", "b"])
    make("Too few", 10, 9, 10, 10)
    make("Unscored", None, None, None, None, None)
    make("Poor", 1, 2, 3, 2, 1, tags=["a"])
    return make


def titles(caller, query=""):
    return [row["title"] for row in caller.get(f"/leaderboard{query}").json()]


def test_luck_does_not_win(alice, board):
    assert titles(alice) == ["Proven", "Luck", "Middling", "Poor"]


def test_a_row_says_what_it_is_ranked_by(alice, board):
    row = alice.get("/leaderboard").json()[0]
    assert row["promptId"] == Prompt.objects.get(title="Proven").wire_id
    assert (row["scored"], row["mean"], row["stdev"]) == (80, 9.25, 0.834388)
    assert row["interval"] == {"low": 9.064316, "high": 9.435684}
    assert row["lowerBound"] == row["interval"]["low"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?minScored=4", ["Proven", "Luck", "Too few", "Middling", "Poor"]),
        ("?minScored=28", ["Proven"]),
        ("?minScored=27", ["Proven", "Middling"]),
        ("?limit=2", ["Proven", "Luck"]),
        ("?tag=a", ["Middling", "Poor"]),
        ("?tag=a&tag=b", ["Middling"]),
        ("?tag=none", []),
    ],
)
def test_a_leaderboard_is_narrowed(alice, board, query, found):
    assert titles(alice, query) == found


def test_only_ones_own_live_prompts_are_on_it(alice, bob, board):
    board("Bob's", 9, 9, 9, 9, 8, owner=bob)
    assert titles(bob) == ["Bob's"]
    Prompt.objects.get(title="Proven").move_to_trash()
    assert titles(alice) == ["Luck", "Middling", "Poor"]


def test_a_leaderboard_takes_three_statements(alice, board, django_assert_num_queries):
    for number in range(30):
        board(f"Number {number}", 5, 6, 7, 8, 9)
    with django_assert_num_queries(3):  # who asks, the scores, the titles
        assert len(titles(alice)) == 34


def test_who_is_deleted_meanwhile_is_not_on_it(alice, board, monkeypatch):
    def be_overtaken(*args, ranked=evidence.evidence.ranked):
        Prompt.objects.filter(title="Luck").delete()
        return ranked(*args)

    monkeypatch.setattr(evidence.evidence, "ranked", be_overtaken)
    assert titles(alice) == ["Proven", "Middling", "Poor"]
