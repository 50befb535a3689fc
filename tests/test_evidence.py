"""What outputs tell, and how often it is right."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from scipy import stats

from prompts.evidence import (
    GroupBy,
    Pair,
    Scored,
    Side,
    Summary,
    Tally,
    Verdict,
    compare,
    ranked,
    summaries,
)
from prompts.statistics import Sample, superiority

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOTHING_SENT = {
    "scores": None,
    "input_tokens": None,
    "output_tokens": None,
    "cost_high": None,
    "cost_low": None,
    "latencies": None,
}


def tally(*, outputs=1, score=None, **fields):
    """Of outputs that all have that score."""
    one = {"version": 1, "model": "GPT-4o", "first_at": NOON, "last_at": NOON}
    scores = None if score is None else ",".join([str(score)] * outputs)
    return Tally(**NOTHING_SENT | one | {"outputs": outputs, "scores": scores} | fields)


def summary(scores):
    scores = list(scores)
    return Summary([tally(scores=",".join(map(str, scores)), outputs=len(scores))])


def compared(a, b, pairs=()):
    """The scores of version 2 held against those of version 1."""
    return compare(Side(1, None, summary(a)), Side(2, None, summary(b)), pairs)


def paired(a, b, outputs=1):
    return [Pair(*scores, outputs, outputs) for scores in zip(a, b, strict=True)]


# How often a verdict is right -------------------------------------------------------------------


def clipped(score):
    return min(max(score, 0), 10)


def clipped_to_whole(score):
    return round(clipped(score))


def verdicts(size, *, means, as_scored, runs=2_000):
    """Shares of the runs, for scores that spread by 2."""
    chance = random.Random(1)

    def scores(mean):
        return [as_scored(chance.gauss(mean, 2)) for _ in range(size)]

    found = Counter(compared(*map(scores, means)).verdict for _ in range(runs))
    return {verdict: found[verdict] / runs for verdict in Verdict}


@pytest.mark.parametrize("as_scored", [clipped, clipped_to_whole])
@pytest.mark.parametrize("size", [5, 50])
def test_of_equals_one_in_twenty_is_called_better_or_worse(size, as_scored):
    found = verdicts(size, means=(6, 6), as_scored=as_scored)
    assert 0.03 <= found[Verdict.BETTER] + found[Verdict.WORSE] <= 0.06
    assert found[Verdict.NOT_ENOUGH] == 0


def of_a_hundred(*scores):
    """Draws one of a hundred scores."""
    return lambda chance: chance.choice(scores)


THUMBS = of_a_hundred(*[10] * 95, *[0] * 5)
STARS = of_a_hundred(*[10] * 80, *[8] * 12, *[5] * 5, *[0] * 3)


@pytest.mark.parametrize("draw", [THUMBS, STARS])
@pytest.mark.parametrize(
    ("a_size", "b_size"), [(100, 5), (5, 100), (100, 20), (20, 200), (300, 40)]
)
def test_of_equals_a_few_that_happen_to_be_good_are_not_called_better(draw, a_size, b_size):
    chance = random.Random(1)
    called = 0
    for _ in range(500):
        a, b = ([draw(chance) for _ in range(size)] for size in (a_size, b_size))
        called += compared(a, b).verdict is not Verdict.NO_DIFFERENCE
    assert called / 500 <= 0.06


@pytest.mark.parametrize("as_scored", [clipped, clipped_to_whole])
def test_of_fifty_each_a_point_more_is_mostly_found_and_never_called_worse(as_scored):
    found = verdicts(50, means=(6, 7), as_scored=as_scored)
    assert found[Verdict.BETTER] >= 0.65
    assert found[Verdict.WORSE] <= 0.001


def test_of_fifty_each_a_point_less_is_mostly_found_and_never_called_better():
    found = verdicts(50, means=(6, 5), as_scored=clipped_to_whole)
    assert found[Verdict.WORSE] >= 0.65
    assert found[Verdict.BETTER] <= 0.001


def test_of_five_each_a_point_is_rarely_found_and_hardly_ever_the_wrong_way():
    found = verdicts(5, means=(6, 7), as_scored=clipped)
    assert 0.08 <= found[Verdict.BETTER] <= 0.13
    assert found[Verdict.WORSE] <= 0.01


def test_of_equals_in_pairs_one_in_twenty_is_called_better_or_worse():
    chance = random.Random(1)
    called = 0
    for _ in range(2_000):
        levels = [chance.uniform(3, 8) for _ in range(10)]
        a, b = ([clipped(chance.gauss(level, 1)) for level in levels] for _ in range(2))
        found = compared(a, b, paired(a, b))
        assert found.paired
        called += found.verdict is not Verdict.NO_DIFFERENCE
    assert 0.03 <= called / 2_000 <= 0.06


# Verdicts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "verdict", "difference"),
    [
        ([4, 5, 5, 5, 6], [7, 8, 8, 8, 9], "better", 3),
        ([7, 8, 8, 8, 9], [4, 5, 5, 5, 6], "worse", -3),
        ([4, 5, 5, 5, 6], [4, 5, 5, 5, 7], "no difference shown", 0.2),
        ([5] * 5, [6] * 5, "better", 1),
        ([5] * 5, [5] * 5, "no difference shown", 0),
    ],
)
def test_a_verdict_is_about_b_against_a(a, b, verdict, difference):
    found = compared(a, b)
    assert found.verdict == verdict
    assert found.difference.value == pytest.approx(difference)
    assert found.superiority == superiority(Sample(Counter(a)), Sample(Counter(b)))


def test_a_verdict_is_that_the_interval_is_all_on_one_side_of_nothing():
    for seed in range(100):
        chance = random.Random(seed)
        a, b = ([chance.randint(0, 10) for _ in range(50)] for _ in range(2))
        low, high = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
        expected = "better" if low > 0 else "worse" if high < 0 else "no difference shown"
        found = compared(a, b)
        assert found.verdict == expected
        assert found.difference.interval == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("a", "b", "has"),
    [
        (4, 5, "version 1 has 4 scored outputs and version 2 has 5 scored outputs"),
        (100, 4, "version 1 has 100 scored outputs and version 2 has 4 scored outputs"),
        (0, 1, "version 1 has 0 scored outputs and version 2 has 1 scored output"),
    ],
)
def test_of_fewer_than_five_nothing_is_said_but_how_many(a, b, has):
    found = compared([2] * a, [9] * b, paired([2] * 5, [9] * 5))
    assert found.verdict == "not enough data"
    assert found.sentence == f"There is not enough data: {has}, and each needs 5."
    assert (found.difference, found.paired, found.superiority) == (None, None, None)
    assert found.pairs == 5


def test_outputs_without_a_score_are_not_enough_however_many():
    side = Side(1, None, Summary([tally(outputs=100), tally(score=5, outputs=4)]))
    assert compare(side, side).verdict is Verdict.NOT_ENOUGH


# Pairs ------------------------------------------------------------------------------------------

LEVELS = [1, 3, 5, 7, 9]
A_BIT_MORE = [1.4, 3.6, 5.5, 7.3, 9.7]


def test_pairs_show_a_difference_that_the_sides_do_not():
    apart = compared(LEVELS, A_BIT_MORE)
    assert (apart.verdict, apart.paired, apart.pairs) == ("no difference shown", None, 0)
    together = compared(LEVELS, A_BIT_MORE, paired(LEVELS, A_BIT_MORE))
    assert (together.verdict, together.pairs) == ("better", 5)
    expected = stats.ttest_rel(A_BIT_MORE, LEVELS).confidence_interval(0.95)
    assert together.paired.interval == pytest.approx(tuple(expected))
    assert together.difference == apart.difference
    assert together.superiority == apart.superiority


@pytest.mark.parametrize(
    ("a_size", "b_size", "pairs", "outputs", "is_paired"),
    [
        (10, 10, 8, 1, True),
        (11, 10, 8, 1, False),
        (10, 11, 8, 1, False),
        (15, 15, 6, 2, True),
        (16, 15, 6, 2, False),
        (8, 8, 4, 2, False),
        (5, 5, 4, 1, False),
        (100, 100, 79, 1, False),
        (100, 100, 80, 1, True),
        (10, 10, 0, 1, False),
    ],
)
def test_pairs_count_where_there_are_five_and_nearly_all_of_each_side_is_in_them(
    a_size, b_size, pairs, outputs, is_paired
):
    found = compared([6] * a_size, [7] * b_size, [Pair(6, 8, outputs, outputs)] * pairs)
    assert (bool(found.paired), found.pairs) == (is_paired, pairs)
    assert found.difference.value == 1
    assert not is_paired or found.paired.value == 2
    together, apart = f"{pairs} pairs", f"{b_size} scored outputs against {a_size}"
    assert f"from {together if is_paired else apart}" in found.sentence


def test_the_outputs_of_a_pair_are_counted_on_each_side():
    pairs = [Pair(a, b, 4, 8) for a, b in zip(LEVELS, A_BIT_MORE, strict=True)]
    assert compared(LEVELS * 4, A_BIT_MORE * 10, pairs).paired
    assert not compared(LEVELS * 6, A_BIT_MORE * 8, pairs).paired
    assert not compared(LEVELS * 4, A_BIT_MORE * 11, pairs).paired


def test_one_output_for_each_set_of_variables_is_no_match_for_many():
    pairs = [Pair(9.5, 10, 3, 1)] * 20
    assert compared([9.5] * 60, [10] * 20, pairs).paired is None


# Read aloud -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "sentence"),
    [
        (
            [4, 5, 5, 5, 6, 6],
            [7, 8, 8, 8, 9],
            "Version 2 is better than version 1: on average version 2 scores 2.83 points more, "
            "with 95 % confidence between 1.83 and 3.83; from 5 scored outputs against 6.",
        ),
        (
            [7, 8, 8, 8, 9],
            [4, 5, 5, 5, 6, 6],
            "Version 2 is worse than version 1: on average version 2 scores 2.83 points less, "
            "with 95 % confidence between 1.83 and 3.83; from 6 scored outputs against 5.",
        ),
        (
            [4, 5, 5, 5, 6],
            [4, 5, 5, 5, 7],
            "No difference is shown between version 2 and version 1: on average version 2 scores "
            "0.2 points more, with 95 % confidence between −1.19 and 1.59; "
            "from 5 scored outputs against 5.",
        ),
        (
            [4, 5, 5, 5, 7],
            [4, 5, 5, 5, 6],
            "No difference is shown between version 2 and version 1: on average version 2 scores "
            "0.2 points less, with 95 % confidence between −1.19 and 1.59; "
            "from 5 scored outputs against 5.",
        ),
        (
            [9.5] * 5,
            [9.501] * 5,
            "Version 2 is better than version 1: on average version 2 scores 0.001 points more, "
            "without any spread; from 5 scored outputs against 5.",
        ),
        (
            [0] * 5,
            [10] * 6,
            "Version 2 is better than version 1: on average version 2 scores 10 points more, "
            "without any spread; from 6 scored outputs against 5.",
        ),
        (
            [9] * 4,
            [9],
            "There is not enough data: version 1 has 4 scored outputs and version 2 has "
            "1 scored output, and each needs 5.",
        ),
    ],
)
def test_a_comparison_can_be_read_aloud(a, b, sentence):
    assert compared(a, b).sentence == sentence


def test_a_comparison_of_pairs_can_be_read_aloud():
    assert compared(A_BIT_MORE, LEVELS, paired(A_BIT_MORE, LEVELS)).sentence == (
        "Version 2 is worse than version 1: on average version 2 scores 0.5 points less "
        "for the same variables, with 95 % confidence between 0.3 and 0.7; from 5 pairs."
    )


def test_a_sentence_has_the_names_of_both_sides():
    sides = Side(None, "gpt-4o", summary([5] * 5)), Side(None, "o3", summary([7] * 5))
    assert compare(*sides).sentence.startswith(
        "Model o3 is better than model gpt-4o: on average model o3 scores 2 points more"
    )


# Summaries --------------------------------------------------------------------------------------


def test_a_summary_sums_what_was_sent():
    found = Summary(
        [
            tally(input_tokens=100, output_tokens=7, cost_high=1, cost_low=5, outputs=2),
            tally(input_tokens=20, output_tokens=0, cost_high=0, cost_low=0),
            tally(outputs=3),
        ]
    )
    assert found.outputs == 6
    assert (found.input_tokens, found.output_tokens) == (120, 7)
    assert found.cost == 1_000_000_005


@pytest.mark.parametrize("tallies", [[], [tally()], [tally(), tally(score=5)]])
def test_what_was_never_sent_is_none_and_not_nothing(tallies):
    found = Summary(tallies)
    assert found.outputs == len(tallies)
    assert (found.input_tokens, found.output_tokens, found.cost) == (None, None, None)
    assert found.latencies == []


def test_a_sum_of_nothings_is_nothing_and_not_none():
    found = Summary([tally(input_tokens=0, output_tokens=0, cost_high=0, cost_low=0)])
    assert (found.input_tokens, found.output_tokens, found.cost) == (0, 0, 0)


def test_costs_beyond_64_bits_are_exact():
    most = tally(cost_high=2**62, cost_low=999_999_999)
    assert most.cost == 2**62 * 10**9 + 999_999_999
    assert Summary([most, tally(cost_high=0, cost_low=3), tally()]).cost == most.cost + 3


def test_scores_are_merged_and_outputs_without_one_left_out():
    found = Summary(
        [
            tally(score=7.5, outputs=2, version=1),
            tally(score=7.5, outputs=3, version=2),
            tally(score=0, outputs=1),
            tally(outputs=100),
        ]
    )
    assert found.scores.counts == {7.5: 5, 0: 1}
    assert found.outputs == 106


@pytest.mark.parametrize(("scored", "has_enough"), [(0, False), (4, False), (5, True), (6, True)])
def test_five_scored_outputs_are_enough(scored, has_enough):
    assert Summary([tally(outputs=9), *[tally(score=1)] * scored]).has_enough is has_enough


def test_latencies_are_merged_in_order_of_their_size():
    found = Summary([tally(latencies="90,1000,8"), tally(), tally(latencies="70")])
    assert found.latencies == [8, 70, 90, 1000]


def test_a_summary_lasts_from_the_first_output_to_the_last():
    hour = timedelta(hours=1)
    tallies = [
        tally(first_at=NOON, last_at=NOON + 2 * hour),
        tally(first_at=NOON - hour, last_at=NOON),
        tally(first_at=NOON + hour, last_at=NOON + hour),
    ]
    found = Summary(tallies)
    assert (found.first_at, found.last_at) == (NOON - hour, NOON + 2 * hour)
    assert (Summary([]).first_at, Summary([]).last_at) == (None, None)


@pytest.mark.parametrize(
    ("group_by", "groups"),
    [
        (GroupBy.VERSION, [(10, None, 4), (9, None, 2), (1, None, 9)]),
        (GroupBy.MODEL, [(None, "alpha", 6), (None, "beta", 9)]),
        (GroupBy.BOTH, [(10, "alpha", 4), (9, "alpha", 2), (1, "beta", 9)]),
    ],
)
def test_outputs_are_told_apart_newest_version_first_and_models_by_name(group_by, groups):
    tallies = [
        tally(version=9, model="alpha", outputs=2),
        tally(version=1, model="beta", score=5, outputs=8),
        tally(version=10, model="alpha", outputs=4),
        tally(version=1, model="beta"),
    ]
    found = summaries(iter(tallies), group_by)
    assert [(version, model, each.outputs) for version, model, each in found] == groups


def test_models_of_one_version_are_told_apart_by_name():
    tallies = [tally(version=v, model=model) for model in ("b", "c", "a") for v in (1, 2)]
    found = [each[:2] for each in summaries(tallies, GroupBy.BOTH)]
    assert found == [(2, "a"), (2, "b"), (2, "c"), (1, "a"), (1, "b"), (1, "c")]


def test_of_no_outputs_there_are_no_summaries():
    assert [summaries([], group_by) for group_by in GroupBy] == [[], [], []]


# The best ---------------------------------------------------------------------------------------

NINES_AND_A_BIT = [8] * 20 + [9] * 30 + [10] * 50


def scored(prompt, scores):
    mean = sum(scores) / len(scores)
    squares = sum((score - 5) ** 2 for score in scores)
    return Scored(prompt, len(scores), mean, min(scores), max(scores), squares)


def order(**library):
    found = ranked([scored(prompt, scores) for prompt, scores in library.items()])
    return [each.scored.prompt for each in found]


@pytest.mark.parametrize("spread", [0.1, 1, 3])
def test_the_variance_of_sums_is_that_of_the_scores(spread):
    for seed in range(100):
        chance = random.Random(seed)
        scores = [clipped(chance.gauss(9, spread)) for _ in range(chance.randint(2, 500))]
        expected = Sample(Counter(scores)).variance
        assert scored("p", scores).variance == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("rounding", [-1e-9, 0, 1e-9])
def test_equal_scores_vary_by_exactly_nothing_however_their_sums_are_rounded(rounding):
    assert Scored("p", 1_000, 7.3, 7.3, 7.3, 1_000 * 2.3**2 + rounding).variance == 0


def test_rounding_makes_no_variance_less_than_nothing():
    assert Scored("p", 100, 9.3, 9.3, 9.3000001, 100 * 4.3**2 - 1e-9).variance == 0


def test_where_scores_vary_the_bound_is_the_low_end_of_the_interval():
    best, second = ranked([scored("b", [4, 6, 7, 8, 9]), scored("a", NINES_AND_A_BIT)])
    assert (best.scored.prompt, second.scored.prompt) == ("a", "b")
    for found, scores in ((best, NINES_AND_A_BIT), (second, [4, 6, 7, 8, 9])):
        expected = stats.ttest_1samp(scores, 0).confidence_interval(0.95)
        assert found.interval == pytest.approx(tuple(expected))
        assert found.lower_bound == found.interval.low


def test_the_surest_is_first_and_not_the_highest_on_average():
    assert order(few=[5, 10, 10, 10, 10], many=[8, 9] * 50) == ["many", "few"]
    assert order(few=[5, 10, 10, 10, 10], many=[3, 4] * 50) == ["few", "many"]


def test_five_tens_do_not_win_against_a_hundred_nines_and_a_bit():
    assert order(tens=[10] * 5, nines=NINES_AND_A_BIT) == ["nines", "tens"]
    assert order(tens=[10] * 100, nines=NINES_AND_A_BIT) == ["tens", "nines"]


def test_scores_that_are_all_equal_are_bound_by_the_spread_within_the_others():
    spreads = [[4, 6, 8], [1, 2, 3, 4, 5, 6]]
    found = ranked([scored(str(each), each) for each in (*spreads, [10] * 5)])
    tens = next(each for each in found if each.scored.mean == 10)
    within = (2 * 4 + 5 * 3.5) / 7
    assert tens.interval == (10, 10)
    assert tens.lower_bound == pytest.approx(10 - 2.7764451052 * (within / 5) ** 0.5)


def test_others_without_spread_do_not_narrow_it():
    alone = ranked([scored("tens", [10] * 5), scored("nines", NINES_AND_A_BIT)])
    among = ranked([*(each.scored for each in alone), scored("zeros", [0] * 1_000)])
    bounds = ({each.scored.prompt: each.lower_bound for each in found} for found in (alone, among))
    assert len({found["tens"] for found in bounds}) == 1


def test_in_a_library_without_any_spread_the_mean_decides():
    assert order(a=[7] * 5, b=[9] * 5, c=[8] * 100) == ["b", "c", "a"]


def test_equals_are_in_the_order_of_their_prompts():
    assert order(c=[7, 8, 9], a=[7, 8, 9], b=[7, 8, 9]) == ["a", "b", "c"]


@pytest.mark.parametrize(("scores", "low"), [([7] * 5, 7), ([4, 7], 5.5 - 1.5 * 12.7062047362)])
def test_a_single_prompt_is_the_best(scores, low):
    (found,) = ranked([scored("only", scores)])
    assert found.lower_bound == found.interval.low == pytest.approx(low)


def test_of_no_prompts_none_is_the_best():
    assert ranked([]) == []


def test_what_a_database_rounds_is_no_difference():
    pairs = [Pair((0.1 + 0.2 + 0.3) / 3, (0.3 + 0.2 + 0.1) / 3, 1, 1)] * 5
    assert pairs[0].a != pairs[0].b
    assert compared([1] * 5, [1] * 5, pairs).verdict == Verdict.NO_DIFFERENCE


@pytest.mark.parametrize(
    ("more", "words"),
    [(1, "1 point more"), (2, "2 points more"), (0, "0 points more"), (1e-5, "0.00001 points")],
)
def test_numbers_are_written_as_they_are_read_aloud(more, words):
    assert words in compared([5] * 5, [5 + more] * 5).sentence


# What is warned of ------------------------------------------------------------------------------


def of_models(version, **sizes):
    tallies = [tally(version=version, model=name, score=5, outputs=n) for name, n in sizes.items()]
    return Side(version, None, Summary(tallies))


@pytest.mark.parametrize(
    ("a", "b", "warned"),
    [
        ({"weak": 20, "strong": 5}, {"weak": 5, "strong": 20}, ("strong", "20 %", "80 %")),
        ({"weak": 10}, {"strong": 10}, ("strong", "0 %", "100 %")),
        ({"weak": 50, "strong": 50}, {"weak": 60, "strong": 40}, None),
        ({"weak": 10}, {"weak": 1_000}, None),
        ({"weak": 10}, {}, None),
    ],
)
def test_other_shares_of_what_is_not_held_fixed_are_warned_of(a, b, warned):
    warnings = compare(of_models(1, **a), of_models(2, **b)).warnings
    assert warnings == (
        []
        if warned is None
        else [
            "Model {} has {} of the outputs of version 1 and {} of those of version 2; "
            "hold `model` fixed.".format(*warned)
        ]
    )


def test_of_models_the_versions_are_looked_at():
    a, b = (
        Side(None, model, Summary([tally(version=version, model=model, score=5, outputs=9)]))
        for model, version in (("small", 1), ("large", 2))
    )
    found = compare(a, b)
    assert found.warnings == [
        "Version 1 has 100 % of the outputs of model small and 0 % of those of model large; "
        "hold `version` fixed."
    ]
    assert found.sentence.startswith("No difference is shown between model large and model small")


def test_outputs_that_are_left_out_of_the_pairs_are_warned_of():
    found = compared([5, 6, 7, 8, 9, 9], [5, 6, 7, 8, 9], paired([5, 6, 7, 8, 9], [5, 6, 7, 8, 9]))
    assert found.warnings == [
        "1 of 6 scored outputs of version 1 have no partner with the same variables, and are left "
        "out of the pairs."
    ]


def test_five_pairs_that_differ_alike_could_be_chance_and_six_not():
    for count, verdict in ((5, Verdict.NO_DIFFERENCE), (6, Verdict.BETTER)):
        a, b = [*range(count)], [each + 1 for each in range(count)]
        found = compared(a, b, paired(a, b))
        assert (found.verdict, found.paired.value) == (verdict, 1)
    assert compared([5] * 5, [6] * 5).verdict is Verdict.BETTER  # by chance once in 126


def test_what_a_few_can_not_tell_is_said():
    found = compared([*[10] * 95, *[0] * 5], [10] * 5)
    assert found.difference.interval.low > 0
    assert found.sentence == (
        "No difference is shown between version 2 and version 1: on average version 2 scores 0.5 "
        "points more, but so few outputs don't tell how much they vary; from 5 scored outputs "
        "against 100."
    )


def test_what_is_no_difference_to_nine_decimals_is_none():
    found = compared([5] * 5, [5 + 1e-12] * 5)
    assert found.verdict is Verdict.NO_DIFFERENCE
    assert "scores 0 points more, without any spread; from" in found.sentence


def test_nothing_and_less_than_nothing_are_one_score():
    scores = Summary([tally(scores="0.0,-0.0,0.0,5.5", outputs=4)]).scores
    assert scores.counts == {0: 3, 5.5: 1}
