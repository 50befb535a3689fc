"""What is the same in each run in the place of what is not: ids, times, tokens, keys, cursors.

The same thing has the same stand-in throughout.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from promptcrafter import ids
from tests.story import Answer

BEGAN = datetime(2026, 1, 31, 9, tzinfo=UTC)


class StandIns:
    ID = re.compile(r"\b(?:prompt|user|log|key|session)_[0-7][0-9a-hjkmnp-tv-z]{25}\b")
    TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
    JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+")
    KEY = re.compile(r"\bpc_[0-9A-Za-z]+")
    SECONDS = re.compile(r'(?<="expiresIn":)35\d\d\b')  # of an hour, less what is begun of one
    CURSOR = re.compile(r"\bcursor=[\w-]+")

    def __init__(self, answers: list[Answer]) -> None:
        self.answers = answers
        self.known: dict[str, str] = {}

    def put_into(self, text: str) -> str:
        for pattern, stand_in in [
            (self.ID, self._id),
            (self.TIME, self._time),
            (self.JWT, self._jwt),
            (self.KEY, self._key),
            (self.SECONDS, lambda seconds: "3600"),
            (self.CURSOR, self._cursor),
        ]:
            text = pattern.sub(lambda match, make=stand_in: self._known(match[0], make), text)
        return text

    def _known(self, varying: str, make: Callable[[str], str]) -> str:
        if varying not in self.known:
            self.known[varying] = make(varying)
        return self.known[varying]

    def _id(self, wire_id: str) -> str:
        """Of a UUIDv7 of a minute of its own."""
        kind, count = wire_id.partition("_")[0], len(self.known)
        high = ids.lowest(BEGAN + timedelta(minutes=count)).int | 7 << 76 | 2 << 62
        low = int(_letters(f"{kind} {count}", 15), 16)
        return ids.encode(kind, UUID(int=high | low))

    def _time(self, text: str) -> str:
        """A minute for each call; of what lies ahead, so many days later."""
        moment = datetime.fromisoformat(text)
        for minutes, answer in enumerate(self.answers):
            ahead = timedelta(days=round((moment - answer.began_at) / timedelta(days=1)))
            if answer.began_at <= moment - ahead <= answer.ended_at:
                told = BEGAN + ahead + timedelta(minutes=minutes)
                return f"{told:%Y-%m-%dT%H:%M:%S}Z"
        return text  # which a request said

    def _jwt(self, token: str) -> str:
        """With the head of a real one."""
        head = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJwcm9tcHRjcmFmdGVyIn0"
        return f"{head}.{_letters(f'token {len(self.known)}', 43)}"

    def _key(self, key: str) -> str:
        """Or the part of one that names it. No real one, by its checksum."""
        return f"pc_{_letters('key', 46)}"[: len(key)]

    def _cursor(self, cursor: str) -> str:
        return f"cursor={_letters('cursor', 40)}"


def _letters(seed: str, length: int) -> str:
    return sha256(seed.encode()).hexdigest()[:length]
