"""What outputs tell of what produced them: summaries, and one side held against another. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from prompts import statistics
from prompts.statistics import Estimate, Interval, Sample, Superiority

ENOUGH = 5  # scored outputs, or pairs of them; of fewer nothing is said
NEARLY_ALL = 0.8  # of a side's scored outputs, which are compared in pairs
ALIKE = 0.1  # how far apart two shares may be without a warning

SCORE_CENTRE = 5  # of the scale; squares from there lose fewer digits than those from 0
COST_HALF = 10**9  # costs are summed in halves: the sum of whole ones may go beyond 64 bits


class Tally(NamedTuple):
    """What is counted of the outputs of one version and model."""

    version: int
    model: str
    outputs: int
    input_tokens: int | None
    output_tokens: int | None
    cost_high: int | None
    cost_low: int | None
    first_at: datetime
    last_at: datetime
    scores: str | None  # separated by commas, to 15 digits
    latencies: str | None  # milliseconds, likewise

    @property
    def cost(self) -> int | None:
        """In units of prompts.costs."""
        return _whole(self.cost_high, self.cost_low)


class Day(NamedTuple):
    """What is counted of the outputs of one day."""

    day: date
    outputs: int
    mean: float | None
    cost_high: int | None
    cost_low: int | None

    @property
    def cost(self) -> int | None:
        """In units of prompts.costs."""
        return _whole(self.cost_high, self.cost_low)


@dataclass(frozen=True)
class Summary:
    """Of some outputs, counted."""

    tallies: Sequence[Tally]

    @cached_property
    def scores(self) -> Sample:
        written = Counter(_values(each.scores for each in self.tallies))
        counts = dict(zip(map(float, written), written.values(), strict=True))
        if len(counts) < len(written):  # `0.0` and `-0.0`
            return Sample(Counter(map(float, written.elements())))
        return Sample(counts)

    @property
    def outputs(self) -> int:
        return sum(each.outputs for each in self.tallies)

    @property
    def has_enough(self) -> bool:
        return self.scores.size >= ENOUGH

    @cached_property
    def latencies(self) -> list[int]:
        """Milliseconds, in order."""
        return sorted(map(int, _values(each.latencies for each in self.tallies)))

    @property
    def input_tokens(self) -> int | None:
        return _sum(each.input_tokens for each in self.tallies)

    @property
    def output_tokens(self) -> int | None:
        return _sum(each.output_tokens for each in self.tallies)

    @property
    def cost(self) -> int | None:
        """In units of prompts.costs."""
        return _sum(each.cost for each in self.tallies)

    @property
    def first_at(self) -> datetime | None:
        return min((each.first_at for each in self.tallies), default=None)

    @property
    def last_at(self) -> datetime | None:
        return max((each.last_at for each in self.tallies), default=None)


class GroupBy(Enum):
    """What outputs are told apart by."""

    VERSION = "version"
    MODEL = "model"
    BOTH = "both"

    def key(self, tally: Tally) -> tuple[int | None, str | None]:
        """Version and model, None for what does not matter."""
        return (
            None if self is GroupBy.MODEL else tally.version,
            None if self is GroupBy.VERSION else tally.model,
        )


def summaries(
    tallies: Iterable[Tally], group_by: GroupBy
) -> list[tuple[int | None, str | None, Summary]]:
    """With the version and the model of each: the newest version first, and models by name."""
    groups: dict[tuple[int | None, str | None], list[Tally]] = {}
    for each in tallies:
        groups.setdefault(group_by.key(each), []).append(each)
    in_order = sorted(groups, key=lambda key: (-(key[0] or 0), key[1] or ""))
    return [(*key, Summary(groups[key])) for key in in_order]


# One against another ----------------------------------------------------------------------------


class Verdict(StrEnum):
    """About b against a."""

    BETTER = "better"
    WORSE = "worse"
    NO_DIFFERENCE = "no difference shown"
    NOT_ENOUGH = "not enough data"


class Side(NamedTuple):
    version: int | None
    model: str | None  # None: whatever it is
    summary: Summary

    @property
    def name(self) -> str:
        """As a sentence has it."""
        return f"model {self.model}" if self.version is None else f"version {self.version}"

    @property
    def other(self) -> str:
        """What its outputs may have different ones of."""
        return "version" if self.version is None else "model"


class Pair(NamedTuple):
    """The outputs of both sides for the same variables: mean scores, and of how many."""

    a: float
    b: float
    a_outputs: int
    b_outputs: int


class Comparison(NamedTuple):
    """b held against a; None what there is too little for."""

    verdict: Verdict
    sentence: str
    warnings: list[str]
    pairs: int
    difference: Estimate | None = None
    paired: Estimate | None = None
    superiority: Superiority | None = None


def compare(a: Side, b: Side, pairs: Sequence[Pair] = ()) -> Comparison:
    """By pairs, where there are enough, with nearly all scored outputs of both sides and about as
    many of each; that depends on how many there are, never on what they say."""
    of_a, of_b = a.summary.scores, b.summary.scores
    if not (a.summary.has_enough and b.summary.has_enough):
        return Comparison(Verdict.NOT_ENOUGH, _too_few(a, b), _mixed(a, b), len(pairs))
    difference = statistics.difference(of_a, of_b)
    in_pairs = (sum(each.a_outputs for each in pairs), sum(each.b_outputs for each in pairs))
    is_paired = len(pairs) >= ENOUGH and _are_most(in_pairs, of=(of_a.size, of_b.size))
    if is_paired:
        # Means that a database has made of the same scores may differ in their last digits.
        paired = statistics.paired_difference(round(each.b - each.a, 9) for each in pairs)
        found, words = paired, (" for the same variables", f"{len(pairs)} pairs")
        is_sure = len(pairs) > ENOUGH or paired.interval.low < paired.interval.high
    else:
        paired, found = None, difference
        words = ("", f"{of_b.size} scored outputs against {of_a.size}")
        is_sure = not statistics.cautious_difference(of_a, of_b).interval.holds(0)
    verdict = _verdict(found.interval) if is_sure else Verdict.NO_DIFFERENCE
    return Comparison(
        verdict,
        _sentence(verdict, a, b, found, words),
        [*_mixed(a, b), *(_left_out(a, b, in_pairs) if is_paired else [])],
        len(pairs),
        difference,
        paired,
        statistics.superiority(of_a, of_b),
    )


def _are_most(in_pairs: tuple[int, int], *, of: tuple[int, int]) -> bool:
    """Whether nearly all outputs of both sides are in pairs, and about as many of each: of many
    against one for each set of variables, the differences hide how much that one varies."""
    are_nearly_all = all(
        count >= NEARLY_ALL * size for count, size in zip(in_pairs, of, strict=True)
    )
    return are_nearly_all and max(in_pairs) <= 2 * min(in_pairs)


def _verdict(interval: Interval) -> Verdict:
    """What is no difference to nine decimals is none: sums are no more exact."""
    if round(interval.low, 9) > 0:
        return Verdict.BETTER
    return Verdict.WORSE if round(interval.high, 9) < 0 else Verdict.NO_DIFFERENCE


def _mixed(a: Side, b: Side) -> list[str]:
    """What else differs between the sides: where models, or versions, have other shares of them."""
    if not (a.summary.outputs and b.summary.outputs):
        return []
    of_a, of_b = _shares(a), _shares(b)
    apart = {name: abs(of_a.get(name, 0) - of_b.get(name, 0)) for name in {*of_a, *of_b}}
    name = max(sorted(apart, key=str), key=lambda each: apart[each])
    if apart[name] <= ALIKE:
        return []
    return [
        f"{_upper(a.other)} {name} has {100 * of_a.get(name, 0):.0f} % of the outputs of {a.name} "
        f"and {100 * of_b.get(name, 0):.0f} % of those of {b.name}; hold `{a.other}` fixed."
    ]


def _shares(side: Side) -> dict[int | str, float]:
    """Of the side's outputs, by what it may have different ones of."""
    counts: Counter[int | str] = Counter()
    for each in side.summary.tallies:
        counts[getattr(each, side.other)] += each.outputs
    return {name: count / counts.total() for name, count in counts.items()}


def _left_out(a: Side, b: Side, in_pairs: tuple[int, int]) -> list[str]:
    return [
        f"{side.summary.scores.size - count} of {_count(side.summary.scores.size)} of {side.name} "
        "have no partner with the same variables, and are left out of the pairs."
        for side, count in zip((a, b), in_pairs, strict=True)
        if count < side.summary.scores.size
    ]


def _sentence(verdict: Verdict, a: Side, b: Side, found: Estimate, words: tuple[str, str]) -> str:
    alike, basis = words
    low, high = found.interval
    more = "more"
    if found.value < 0:
        low, high, more = -high, -low, "less"
    said = f"on average {b.name} scores {_points(abs(found.value))} {more}{alike}"
    surely = f"with 95 % confidence between {_spoken(low)} and {_spoken(high)}"
    if low == high:
        surely = "without any spread"
    if verdict is not Verdict.NO_DIFFERENCE:
        return f"{_upper(b.name)} is {verdict} than {a.name}: {said}, {surely}; from {basis}."
    claim = f"No difference is shown between {b.name} and {a.name}"
    if _verdict(found.interval) is not verdict:
        surely = "but so few outputs don't tell how much they vary"
    return f"{claim}: {said}, {surely}; from {basis}."


def _too_few(a: Side, b: Side) -> str:
    has = " and ".join(f"{side.name} has {_count(side.summary.scores.size)}" for side in (a, b))
    return f"There is not enough data: {has}, and each needs {ENOUGH}."


def _count(size: int) -> str:
    return f"{size} scored output{'' if size == 1 else 's'}"


def _points(value: float) -> str:
    text = _spoken(value)
    return f"{text} point{'' if text == '1' else 's'}"


def _spoken(value: float) -> str:
    """With two decimals, or as many as tell it from nothing."""
    text = f"{value:.2f}" if abs(value) >= 0.005 else f"{float(f'{value:.1g}'):.9f}"
    text = text.rstrip("0").rstrip(".").replace("-", "−")
    return text if text != "−0" else "0"


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


# The best ---------------------------------------------------------------------------------------


class Scored(NamedTuple):
    """The scores of one prompt, as a database sums them."""

    prompt: Any
    size: int
    mean: float
    min: float
    max: float
    squares: float  # of the distances from SCORE_CENTRE

    @property
    def variance(self) -> float:
        """With n − 1."""
        if self.min == self.max:
            return 0.0
        return max(0.0, self.squares - self.size * (self.mean - SCORE_CENTRE) ** 2) / (
            self.size - 1
        )


class Ranked(NamedTuple):
    scored: Scored
    interval: Interval
    lower_bound: float


def ranked(scored: Sequence[Scored]) -> list[Ranked]:
    """By the lower bound of the mean's interval, the highest first.

    A few scores that are nearly equal don't tell how much others would vary: those of a prompt with
    fewer than statistics.SMALL are taken to vary at least as those of one prompt do on average, so
    that five tens by luck do not win against a hundred scores around nine.
    """
    within = statistics.pooled_variance([each for each in scored if each.variance])
    found = []
    for each in scored:
        interval = statistics.mean_interval(each.mean, each.variance, each.size)
        cautious = statistics.cautious_variance(each, within)
        bound = statistics.mean_interval(each.mean, cautious, each.size).low
        found.append(Ranked(each, interval, bound))
    found.sort(key=lambda each: (-each.lower_bound, each.scored.prompt))
    return found


def _whole(high: int | None, low: int | None) -> int | None:
    return None if high is None or low is None else high * COST_HALF + low


def _values(joined: Iterable[str | None]) -> list[str]:
    """Those that a database has joined, of all."""
    texts = [text for text in joined if text]
    return ",".join(texts).split(",") if texts else []


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
