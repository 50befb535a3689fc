"""What is computed of scores, against SciPy, NumPy and plain loops."""

import math
import random
from collections import Counter
from functools import partial
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from prompts import statistics
from prompts.statistics import Estimate, Interval, Sample

DRAWS = {
    "whole": lambda chance: float(chance.randint(0, 10)),
    "half": lambda chance: chance.randint(0, 20) / 2,
    "any": lambda chance: chance.uniform(0, 10),
}
every_draw = pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
near = partial(pytest.approx, rel=1e-9, abs=1e-9)


def drawn(draw, seed):
    """Two scores that differ, and up to a hundred by chance."""
    chance = random.Random(seed)
    return [2.0, 7.0, *(draw(chance) for _ in range(chance.randint(0, 100)))]


def sample(scores):
    return Sample(Counter(scores))


# Student's t ------------------------------------------------------------------------------------


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7.3, 10, 100, 1234.5, 1e5])
@pytest.mark.parametrize("probability", [0.6, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999, 0.9999])
def test_a_quantile_of_student_t_is_scipys(probability, freedom):
    expected = stats.t.ppf(probability, freedom)
    assert statistics.student_t(probability, freedom) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("probability", "digits"), [(0.6, 1e-8), (0.95, 1e-8), (0.975, 1e-9)])
def test_of_ten_million_degrees_it_has_eight_digits_and_nine_where_it_is_used(probability, digits):
    expected = stats.t.ppf(probability, 1e7)
    assert statistics.student_t(probability, 1e7) == pytest.approx(expected, rel=digits)


# Samples ----------------------------------------------------------------------------------------


@every_draw
def test_mean_median_variance_and_extremes_are_numpys(draw):
    for seed in range(200):
        scores = drawn(draw, seed)
        found = sample(scores)
        assert (found.size, found.min, found.max) == (len(scores), min(scores), max(scores))
        assert found.mean == near(np.mean(scores))
        assert found.median == near(np.median(scores))
        assert found.variance == near(np.var(scores, ddof=1))
        assert found.stdev == near(np.std(scores, ddof=1))


@every_draw
def test_the_interval_of_a_mean_is_scipys(draw):
    for seed in range(200):
        scores = drawn(draw, seed)
        expected = stats.ttest_1samp(scores, 0).confidence_interval(0.95)
        assert sample(scores).interval == near(tuple(expected))


@every_draw
def test_a_histogram_counts_from_each_whole_number_to_the_next_and_ten_alone(draw):
    for seed in range(200):
        scores = drawn(draw, seed)
        expected = [sum(low <= score < low + 1 for score in scores) for low in range(10)]
        assert sample(scores).histogram == [*expected, scores.count(10)]


@pytest.mark.parametrize(
    ("score", "position"),
    [(0, 0), (0.999, 0), (1, 1), (8.999, 8), (9, 9), (math.nextafter(10, 0), 9), (10, 10)],
)
def test_the_bin_of_a_score(score, position):
    assert sample([score]).histogram[position] == 1


@pytest.mark.parametrize("score", [0, 0.1, 7, 7.3, 9.9, 10])
@pytest.mark.parametrize("size", [2, 3, 7, 100, 100_000])
def test_the_interval_of_equal_scores_is_a_point(score, size):
    found = Sample({score: size})
    assert found.variance == 0
    assert found.stdev == 0
    assert found.interval == (score, score)
    assert found.mean == found.median == found.min == found.max == score


def test_of_two_scores_there_is_an_interval():
    found = sample([4, 7])
    assert (found.mean, found.median, found.variance) == (5.5, 5.5, 4.5)
    assert found.interval == near((5.5 - 1.5 * 12.706204736174, 5.5 + 1.5 * 12.706204736174))


def test_a_single_score_has_a_mean_and_no_variance():
    found = sample([7.3])
    assert (found.mean, found.median) == (7.3, 7.3)
    with pytest.raises(ZeroDivisionError):
        _ = found.variance


def test_without_scores_there_is_no_mean_and_an_empty_histogram():
    found = sample([])
    assert (found.size, found.histogram) == (0, [0] * 11)
    with pytest.raises(ZeroDivisionError):
        _ = found.mean


def test_a_hundred_thousand_scores():
    chance = random.Random(1)
    scores = [round(chance.uniform(0, 10), 1) for _ in range(100_000)]
    found = sample(scores)
    assert found.mean == near(np.mean(scores))
    assert found.median == near(np.median(scores))
    assert found.variance == near(np.var(scores, ddof=1))
    assert found.interval == near(tuple(stats.ttest_1samp(scores, 0).confidence_interval(0.95)))


# Differences ------------------------------------------------------------------------------------


@every_draw
def test_a_difference_of_means_is_welchs(draw):
    for seed in range(200):
        a, b = drawn(draw, seed), drawn(draw, -1 - seed)
        found = statistics.difference(sample(a), sample(b))
        expected = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
        assert found.value == near(np.mean(b) - np.mean(a))
        assert found.interval == near(tuple(expected))


@pytest.mark.filterwarnings("ignore:Precision loss")  # SciPy's, of a side without spread
@pytest.mark.parametrize(
    ("a", "b"),
    [([5, 5, 5], [6, 7]), ([0, 10], [5, 5, 5, 5]), ([0, 10], [0, 10]), ([1, 2], [9, 9.5] * 50)],
)
def test_a_difference_where_one_side_is_small_or_without_spread(a, b):
    expected = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
    assert statistics.difference(sample(a), sample(b)).interval == near(tuple(expected))


@pytest.mark.parametrize(("a", "b", "value"), [(7, 9, 2), (9, 7, -2), (7.3, 7.3, 0)])
def test_a_difference_where_neither_side_varies_is_a_point(a, b, value):
    found = statistics.difference(Sample({a: 100}), Sample({b: 5}))
    assert found == Estimate(value, Interval(value, value))


@every_draw
def test_a_difference_of_pairs_is_scipys(draw):
    for seed in range(200):
        pairs = [(1.0, 8.0), *zip(drawn(draw, seed), drawn(draw, -1 - seed), strict=False)]
        a, b = zip(*pairs, strict=True)
        found = statistics.paired_difference(y - x for x, y in pairs)
        assert found.value == near(np.mean(np.subtract(b, a)))
        expected = stats.ttest_rel(b, a).confidence_interval(0.95)
        assert found.interval == near(tuple(expected))


# Superiority ------------------------------------------------------------------------------------


@every_draw
def test_superiority_is_the_statistic_of_mann_and_whitney(draw):
    for seed in range(200):
        a, b = drawn(draw, seed), drawn(draw, -1 - seed)
        statistic = stats.mannwhitneyu(b, a).statistic
        found = statistics.superiority(sample(a), sample(b))
        assert found.value == near(statistic / len(a) / len(b))
        ties = sum(x == y for x in a for y in b)
        assert found.ties == near(ties / len(a) / len(b))


@pytest.mark.parametrize(
    ("a", "b", "value", "ties"),
    [([1], [2], 1, 0), ([2], [1], 0, 0), ([2], [2], 0.5, 1), ([1, 2, 3], [2], 0.5, 1 / 3)],
)
def test_how_likely_b_beats_a(a, b, value, ties):
    found = statistics.superiority(sample(a), sample(b))
    assert (found.value, found.ties) == near((value, ties))


def standard_error(p, m, n):
    """J. A. Hanley and B. J. McNeil's of 1982, with both sizes put at their mean."""
    beats_two = p / (2 - p) - p * p
    two_beat = 2 * p * p / (1 + p) - p * p
    return math.sqrt((p * (1 - p) + ((m + n) / 2 - 1) * (beats_two + two_beat)) / (m * n))


@every_draw
def test_superiority_is_as_far_from_its_bounds_as_their_own_error_reaches(draw):
    z = NormalDist().inv_cdf(0.975)
    for seed in range(200):
        a, b = drawn(draw, seed), drawn(draw, -1 - seed)
        value, interval, _ = statistics.superiority(sample(a), sample(b))
        assert 0 < interval.low < value < interval.high < 1
        for bound in interval:
            assert abs(value - bound) == near(z * standard_error(bound, len(a), len(b)))


@pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 100_000), (5, 5), (100_000, 100_000)])
def test_who_always_wins_might_have_lost(m, n):
    z = NormalDist().inv_cdf(0.975)
    value, (low, high), _ = statistics.superiority(Sample({4: m}), Sample({5: n}))
    assert value == high == 1
    assert 0 < low < 1
    assert 1 - low == near(z * standard_error(low, m, n))


@every_draw
def test_superiority_of_a_over_b_is_what_b_leaves(draw):
    for seed in range(200):
        a, b = sample(drawn(draw, seed)), sample(drawn(draw, -1 - seed))
        one, other = statistics.superiority(a, b), statistics.superiority(b, a)
        assert other.value == near(1 - one.value)
        assert other.interval == near((1 - one.interval.high, 1 - one.interval.low))
        assert other.ties == one.ties


@pytest.mark.parametrize(("a", "b"), [([4, 6], [5, 7]), ([1, 1, 1], [2]), ([5], [5])])
def test_the_interval_of_superiority_shrinks_as_there_are_more_scores(a, b):
    found = [statistics.superiority(sample(a * n), sample(b * n)) for n in (1, 2, 3, 10, 100)]
    widths = [each.interval.high - each.interval.low for each in found]
    assert all(more < less for less, more in pairwise(widths))
    assert len({each.value for each in found}) == 1


def coverage(draw_a, draw_b, truth, runs=3_000):
    held = 0
    for _ in range(runs):
        a, b = sample(draw_a() for _ in range(15)), sample(draw_b() for _ in range(20))
        held += statistics.superiority(a, b).interval.holds(truth)
    return held / runs


@pytest.mark.parametrize("shift", [0, 1, 3])
def test_of_normal_scores_the_interval_of_superiority_holds_the_truth_as_often_as_it_says(shift):
    chance = random.Random(1)
    truth = NormalDist().cdf(shift / math.sqrt(8))
    found = coverage(lambda: chance.gauss(6, 2), lambda: chance.gauss(6 + shift, 2), truth)
    assert 0.94 <= found <= 0.97


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({4: 1, 5: 2, 6: 3, 7: 2, 8: 1}, {4: 1, 5: 2, 6: 3, 7: 2, 8: 1}),
        ({5: 1, 6: 2, 7: 3, 8: 2, 9: 1}, {6: 1, 7: 2, 8: 3, 9: 2, 10: 1}),
        ({0: 1, 7: 1, 8: 3, 9: 3}, {0: 1, 8: 1, 9: 3, 10: 5}),
    ],
)
def test_of_whole_scores_it_does_so_too(a, b):
    chance = random.Random(1)
    draws = [partial(chance.choice, list(Counter(each).elements())) for each in (a, b)]
    wins = sum(a[x] * b[y] * ((x < y) + (x == y) / 2) for x in a for y in b)
    truth = wins / sum(a.values()) / sum(b.values())
    assert 0.94 <= coverage(*draws, truth) <= 0.98


# Percentiles ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 10, 11, 99, 100, 101, 1000])
@pytest.mark.parametrize("share", [0, 0.05, 0.25, 0.5, 0.9, 0.95, 0.99, 1])
def test_a_percentile_is_numpys(size, share):
    chance = random.Random(size)
    ordered = sorted(chance.randint(0, 60_000) for _ in range(size))
    assert statistics.percentile(ordered, share) == near(np.percentile(ordered, share * 100))


# What holds of any scores -----------------------------------------------------------------------

counts = st.dictionaries(st.floats(0, 10), st.integers(1, 50), min_size=1)
many = counts.filter(lambda each: sum(each.values()) > 1)
sent = st.floats(0, 10) | st.integers(0, 20).map(lambda halves: halves / 2)
sides = st.dictionaries(sent, st.integers(2, 50), min_size=1)


def turned(scores):
    return Sample(dict(reversed(scores.counts.items())))


@given(counts.map(Sample))
def test_mean_and_median_lie_between_the_extremes(scores):
    assert scores.min <= scores.mean <= scores.max
    assert scores.min <= scores.median <= scores.max
    assert sum(scores.histogram) == scores.size


@given(many.map(Sample))
def test_an_interval_holds_its_mean(scores):
    assert scores.interval.holds(scores.mean)


@given(sides.map(Sample), sides.map(Sample))
def test_what_is_found_of_two_sides_lies_within_its_interval(a, b):
    value, interval = statistics.difference(a, b)
    assert interval.holds(value)
    value, interval, ties = statistics.superiority(a, b)
    assert interval.holds(value)
    assert 0 <= interval.low <= interval.high <= 1
    assert 0 <= ties <= 1


@given(many.map(Sample))
def test_the_order_of_counts_makes_no_difference(scores):
    again = turned(scores)
    for name in ("mean", "median", "variance", "histogram", "interval"):
        assert getattr(again, name) == getattr(scores, name)


@given(sides.map(Sample), sides.map(Sample))
def test_nor_does_it_between_two_sides(a, b):
    for compared in (statistics.difference, statistics.superiority):
        assert compared(turned(a), turned(b)) == compared(a, b)
