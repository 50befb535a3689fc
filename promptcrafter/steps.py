"""Long work in short steps: each request does what it can in a second, and the page that it answers
asks for the next. What is left stands in the page itself, so any process can go on, and an operator
who goes away stops it."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from promptcrafter.texts import is_storable

SECONDS = 1.0
REASONS = 50  # that are told apart


class LeftOut(Exception):
    """A thing that can't be done to one of many; says why."""


@dataclass
class Step:
    """What a request got done of `total`, `before` of which others had done before it."""

    total: int
    before: int
    left_out: Counter[str] = field(default_factory=Counter)
    taken: int = 0

    @property
    def done(self) -> int:
        return self.before + self.taken

    @property
    def is_last(self) -> bool:
        return self.done >= self.total

    def run(self, items: Iterable[Any], do: Callable[[Any], None]) -> None:
        """At least one of them, then for as long as a step has."""
        until = time.monotonic() + SECONDS
        for item in items:
            try:
                do(item)
            except LeftOut as error:
                is_told = str(error) in self.left_out or len(self.left_out) < REASONS
                self.left_out[str(error) if is_told else "for other reasons"] += 1
            self.taken += 1
            if time.monotonic() > until:
                return


def counted(text: str) -> Counter[str]:
    """What earlier steps left out, as their pages said it; raises ValueError."""
    sent = json.loads(text)
    is_counts = isinstance(sent, dict) and all(
        type(count) is int and count > 0 for count in sent.values()
    )
    if not is_counts or not all(map(is_storable, sent)):
        raise ValueError(text)
    return Counter(sent)
