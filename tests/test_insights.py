"""What outputs say, plotted in the admin."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prompts import costs
from prompts.models import Log
from tests.operating import LIST, text


@pytest.fixture
def make_output(make_log):
    def make(prompt, *, days_ago=0, **fields):
        log = make_log(prompt, **fields)
        moment = timezone.now() - timedelta(days=days_ago)
        Log.objects.filter(pk=log.pk).update(created_at=moment)
        return log

    return make


@pytest.fixture
def tried(alice, make_prompt, make_output):
    """Two versions with six scored outputs each, of which the second is better."""
    prompt = make_prompt(alice, title="Sum up")
    prompt.edit(author=alice.user, content="Better")
    for n in range(6):
        cost = costs.read("0.25")
        make_output(prompt, version=1, score=4 + n % 3, cost=cost, model_used="small-1")
        make_output(prompt, version=2, score=7 + n % 3, model_used="<large>", days_ago=3)
    return prompt


def sections(page):
    """The rows of each table by the title above it, and its plot as XML."""
    found = {}
    for part in re.findall(r"<section.*?</section>", page, re.DOTALL):
        title = re.search(r"<h2[^>]*>(.*?)</h2>", part)[1]
        rows = re.findall(r"<tr>(<th scope=\"row\">.*?)</tr>", part, re.DOTALL)
        cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
        plot = re.search(r"<svg.*?</svg>", part, re.DOTALL)
        found[title] = (cells, plot and ElementTree.fromstring(plot[0]))  # noqa: S314  # ours
    return found


def test_the_insights_of_a_prompt(admin, tried):
    shown = sections(text(admin.get(f"{LIST}{tried.pk}/insights/")))
    rows, plot = shown["Score over versions"]
    assert rows == [
        ["v1", "6", "6", "5.00", "4.06 to 5.94", "1.5"],
        ["v2", "6", "6", "8.00", "7.06 to 8.94", "–"],
    ]
    assert len(plot.findall(".//circle")) == 2
    means = [float(mark.get("cy")) for mark in plot.findall(".//circle")]
    assert means == pytest.approx([103, 48.4], abs=0.1)  # of 5.00 and 8.00 on a scale of 12 to 194
    ends = [
        (float(line.get("y1")), float(line.get("y2")))
        for line in plot.findall(".//line[@class='interval']")
    ]
    assert [low > mean > high for (low, high), mean in zip(ends, means, strict=True)] == [True] * 2
    rows, _ = shown["Score by model"]
    assert [row[0] for row in rows] == ["&lt;large&gt;", "small-1"]
    rows, plot = shown["How outputs are scored"]
    assert dict(rows)["5–6"] == "2"
    assert len(plot.findall(".//rect")) == 11
    today = timezone.now().date()
    rows, plot = shown["Outputs per day"]
    assert rows == [[f"{today}", "6", "5.00"], [f"{today - timedelta(days=3)}", "6", "8.00"]]
    assert len(plot.findall(".//rect")) == 90
    rows, plot = shown["Cost per day, in USD"]
    assert rows == [[f"{today}", "1.5"]]
    heights = [float(bar.get("height")) for bar in plot.findall(".//rect")]
    assert heights == [0] * 89 + [pytest.approx(0.75 * (194 - 12), abs=0.2)]  # of 2 USD


def test_the_insights_of_the_whole_library(admin, tried, bob, make_prompt, make_output):
    other = make_prompt(bob, title="Other")
    for _ in range(5):
        make_output(other, score=9, model_used="small-1")
    make_output(make_prompt(bob), score=1, days_ago=40)
    gone = make_prompt(bob, title="Gone")
    make_output(gone, score=1)
    gone.move_to_trash()
    shown = sections(text(admin.get(f"{LIST}insights/?days=30")))
    rows, plot = shown["The best prompts, for sure"]
    assert [row[:3] for row in rows] == [["Other", "5", "9.00"], ["Sum up", "12", "6.50"]]
    assert len(plot.findall(".//circle")) == 2
    rows, _ = shown["Score by model"]
    assert [row[:3] for row in rows] == [["small-1", "11", "11"], ["&lt;large&gt;", "6", "6"]]
    assert "17 outputs" in text(admin.get(f"{LIST}insights/?days=30"))


@pytest.mark.parametrize(("query", "outputs"), [("?days=7", 2), ("?days=365", 4), ("", 3)])
def test_the_period_is_chosen(admin, alice, make_prompt, make_output, query, outputs):
    prompt = make_prompt(alice)
    for days_ago in (0, 6, 7, 200):
        make_output(prompt, days_ago=days_ago)
    assert f"{outputs} outputs" in text(admin.get(f"{LIST}{prompt.pk}/insights/{query}"))


@pytest.mark.parametrize("days", ["0", "-1", "x", "8", "%00", "9" * 5_000, "٣"])
def test_a_period_that_is_none_is_the_usual_one(admin, db, days):
    page = text(admin.get(f"{LIST}insights/?days={days}"))
    assert '<a href="?days=90" aria-current="page">' in page


def test_of_nothing_there_is_nothing_to_plot(admin, alice, make_prompt):
    page = text(admin.get(f"{LIST}{make_prompt(alice).pk}/insights/"))
    assert page.count("<p>Nothing yet.</p>") == 4


def test_insights_take_as_many_queries_for_many_outputs(admin, tried, alice, make_prompt):
    def queries(path):
        with CaptureQueriesContext(connection) as captured:
            text(admin.get(LIST + path))
        return len(captured)

    empty = make_prompt(alice)
    queries("insights/")
    assert queries(f"{tried.pk}/insights/") == queries(f"{empty.pk}/insights/")


def test_days_are_those_of_utc(alice, make_prompt, make_log):
    prompt = make_prompt(alice)
    for moment in (
        datetime(2026, 3, 1, 23, 59, tzinfo=UTC),
        datetime(2026, 3, 2, 0, 0, tzinfo=UTC),
    ):
        log = make_log(prompt, cost=costs.MAXIMUM * 10**costs.DECIMALS)
        Log.objects.filter(pk=log.pk).update(created_at=moment)
    days = prompt.logs.days()
    assert [(f"{each.day}", each.outputs, each.mean) for each in days] == [
        ("2026-03-01", 1, None),
        ("2026-03-02", 1, None),
    ]
    assert days[0].cost == costs.MAXIMUM * 10**costs.DECIMALS
