"""How far a long job is: one line that is rewritten on a terminal, a line each tenth elsewhere."""

import time
from collections.abc import Iterable
from typing import Any

WIDTH = 24


def shown(steps: Iterable[int], *, total: int, noun: str, stream: Any) -> None:
    """Goes through `steps`, each the count of what was done in it, and tells of them."""
    is_terminal = stream.isatty()
    started_at, done, tenths = time.monotonic(), 0, 0
    for count in steps:
        done += count
        text = line(done, total=total, noun=noun, seconds=time.monotonic() - started_at)
        if is_terminal:
            stream.write(f"\r{text}\x1b[K")
            stream.flush()
        elif done * 10 // total > tenths:
            tenths = done * 10 // total
            stream.write(f"{text}\n")
    if is_terminal:
        stream.write("\n")


def line(done: int, *, total: int, noun: str, seconds: float) -> str:
    rate = done / max(seconds, 0.001)
    left = (total - done) / rate
    bar = "#" * (WIDTH * done // total)
    return (
        f"[{bar:.<{WIDTH}}] {done / total:4.0%}  {done:,} of {total:,} {noun}, "
        f"{rate:,.0f} a second, {clock(left)} left"
    )


def clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes}:{seconds:02}"
