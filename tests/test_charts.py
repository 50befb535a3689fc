import pytest

from prompts import charts
from prompts.charts import Measured


def within(plot):
    for mark in plot.marks:
        yield 0 <= mark.x <= plot.width
        yield 0 <= mark.y <= plot.height


def test_scores_in_columns_rise_from_the_floor():
    low, high = charts.columns([Measured("v1", 0, None, ""), Measured("v2", 10, (9, 11), "")]).marks
    assert (low.y, high.y) == (charts.HEIGHT - charts.BOTTOM, charts.TOP)
    assert low.x < high.x
    assert low.ends is None
    assert high.ends == (pytest.approx(30.2), charts.TOP)  # what is beyond ten is cut off


def test_scores_in_rows_lie_from_left_to_right():
    plot = charts.rows([Measured("a", 0, (0, 5), ""), Measured("b", 10, None, "")])
    first, second = plot.marks
    assert (first.x, second.x) == (plot.left, plot.right)
    assert first.ends == (plot.left, (plot.left + plot.right) / 2)
    assert first.y < second.y < plot.floor


def test_bars_stand_on_the_floor():
    plot = charts.bars([("a", 0, ""), ("b", 4, ""), ("c", 2, "")])
    nothing, four, two = plot.marks
    assert nothing.height == 0
    assert four.height == pytest.approx(2 * two.height, abs=0.1)
    assert {bar.y + bar.height for bar in plot.marks} == {plot.floor}
    assert [tick.text for tick in plot.ticks] == ["0", "2.5", "5"]


@pytest.mark.parametrize("count", [1, 2, 7, 24, 90, 365])
def test_nothing_stands_outside_of_the_drawing(count):
    measured = [Measured(f"v{n}", n % 10, (n % 10 - 3, n % 10 + 3), "") for n in range(count)]
    plots = [charts.columns(measured), charts.rows(measured)]
    plots += [charts.bars([(f"{n}", n, "") for n in range(count)])]
    for plot in plots:
        assert all(within(plot))
    assert sum(mark.has_name for mark in plots[0].marks) <= charts.LABELS
    assert plots[0].marks[-1].has_name  # the newest


def test_of_nothing_there_is_an_empty_plot():
    for plot in (charts.columns([]), charts.rows([]), charts.bars([])):
        assert not plot.marks
        assert not plot.line


@pytest.mark.parametrize(
    ("value", "top"),
    [(0, 1), (1, 1), (1.01, 2), (4, 5), (5.5, 10), (0.00031, 0.0005), (120, 200), (1e9, 1e9)],
)
def test_a_scale_ends_at_a_round_number(value, top):
    assert charts.ceiling(value) == pytest.approx(top)


@pytest.mark.parametrize("value", [0.1, 0.2, 0.5, 1e-12, 3.3, 999_999])
def test_nothing_is_higher_than_its_scale(value):
    assert value <= charts.ceiling(value) * (1 + 1e-9) <= 10.1 * value
