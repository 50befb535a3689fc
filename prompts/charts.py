"""Where the marks of a plot stand, for a template to draw as SVG. Pure.

Lengths are in units of the drawing, which is WIDTH wide; y grows downwards, as in SVG.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

WIDTH = 480
LEFT, RIGHT, TOP, BOTTOM = 52, 24, 12, 26  # margins, which the scales are written in
HEIGHT = 220
ROW = 40
SCORES = (0.0, 10.0)
LABELS = 8  # beneath an axis, at most


class Measured(NamedTuple):
    """A mean, and its interval where there is enough for one."""

    name: str
    mean: float
    interval: tuple[float, float] | None
    note: str


class Mark(NamedTuple):
    name: str
    note: str
    x: float
    y: float
    ends: tuple[float, float] | None  # of the interval: along y in columns, along x in rows
    has_name: bool = True


class Tick(NamedTuple):
    at: float
    text: str


class Bar(NamedTuple):
    name: str
    note: str
    x: float
    y: float
    width: float
    height: float
    has_name: bool

    @property
    def half(self) -> float:
        return _round(self.width / 2)


class Plot(NamedTuple):
    width: float
    height: float
    ticks: list[Tick]  # of the scale of values
    marks: Sequence[Mark | Bar]
    line: str = ""  # through the marks, as the points of a polyline

    @property
    def left(self) -> float:
        return LEFT

    @property
    def right(self) -> float:
        return self.width - RIGHT

    @property
    def floor(self) -> float:
        return self.height - BOTTOM

    @property
    def names_at(self) -> float:
        """Where what stands beneath an axis is written."""
        return self.height - 8

    @property
    def ticks_at(self) -> float:
        return self.left - 6


def columns(measured: Sequence[Measured]) -> Plot:
    """Scores from left to right, with their intervals upright."""
    step = (WIDTH - LEFT - RIGHT) / max(1, len(measured))
    every = math.ceil(len(measured) / LABELS)
    marks = [
        Mark(
            each.name,
            each.note,
            _round(LEFT + step * (at + 0.5)),
            _upright(each.mean),
            each.interval and (_upright(each.interval[0]), _upright(each.interval[1])),
            has_name=(len(measured) - 1 - at) % every == 0,
        )
        for at, each in enumerate(measured)
    ]
    line = " ".join(f"{mark.x},{mark.y}" for mark in marks)
    ticks = [Tick(_upright(score), f"{score:g}") for score in (0, 2.5, 5, 7.5, 10)]
    return Plot(WIDTH, HEIGHT, ticks, marks, line if len(marks) > 1 else "")


def rows(measured: Sequence[Measured]) -> Plot:
    """Scores from top to bottom, with their intervals lying."""
    marks = [
        Mark(
            each.name,
            each.note,
            _lying(each.mean),
            TOP + ROW * at + 0.7 * ROW,
            each.interval and (_lying(each.interval[0]), _lying(each.interval[1])),
        )
        for at, each in enumerate(measured)
    ]
    ticks = [Tick(_lying(score), f"{score:g}") for score in (0, 2.5, 5, 7.5, 10)]
    return Plot(WIDTH, TOP + ROW * len(measured) + BOTTOM, ticks, marks)


def bars(values: Sequence[tuple[str, float, str]]) -> Plot:
    """Names, amounts from 0 on, and notes."""
    top = ceiling(max((value for _, value, _ in values), default=0))
    step = (WIDTH - LEFT - RIGHT) / max(1, len(values))
    gap = min(4.0, step / 4)
    every = math.ceil(len(values) / LABELS)
    marks = []
    for at, (name, value, note) in enumerate(values):
        y = _round(_scaled(value, (0, top), HEIGHT - BOTTOM, TOP))
        height = _round(HEIGHT - BOTTOM - y)
        has_name = (len(values) - 1 - at) % every == 0 if len(values) > 12 else True
        x = _round(LEFT + step * at + gap / 2)
        marks.append(Bar(name, note, x, y, _round(step - gap), height, has_name))
    heights = [(share * top, _scaled(share, (0, 1), HEIGHT - BOTTOM, TOP)) for share in (0, 0.5, 1)]
    return Plot(WIDTH, HEIGHT, [Tick(at, _short(value)) for value, at in heights], marks)


def ceiling(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, …, or of their parts, that is not below it; 1 for nothing."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in (1, 2, 5, 10) if power * step >= value * (1 - 1e-12))


def _short(value: float) -> str:
    for limit, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g}{sign}"
    return f"{value:.3g}"


def _upright(score: float) -> float:
    """A score's height; what an interval has beyond the scale is cut off."""
    return _scaled(score, SCORES, HEIGHT - BOTTOM, TOP)


def _lying(score: float) -> float:
    return _scaled(score, SCORES, LEFT, WIDTH - RIGHT)


def _scaled(value: float, scale: tuple[float, float], start: float, end: float) -> float:
    low, high = scale
    share = (min(max(value, low), high) - low) / (high - low)
    return _round(start + share * (end - start))


def _round(length: float) -> float:
    return round(length, 1)
