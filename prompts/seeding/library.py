"""A library of any size, the same for the same numbers: no clock and no chance has a part in it.

What somebody has depends on who they are and on the size of their own library alone, so that the
same person can be looked at among few and among many.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import NamedTuple
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.models import User
from prompts import costs, rendering, search
from prompts.models import Label, LabelMove, Log, Prompt, Tag, Version
from prompts.seeding import bulk
from prompts.seeding.texts import Text, Writer

START = datetime(2024, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=730)
PROMPTS_AT_ONCE = 2_000


class Impossible(Exception):
    """No library can be of these numbers."""


@dataclass(frozen=True)
class Plan:
    """How many of what. The first people's libraries have the sizes of `large`, the others share
    the rest of the `prompts`, give or take one."""

    users: int
    prompts: int
    large: Sequence[int] = ()
    logs: int = 0
    versions: float = 1.2  # of a prompt, in the mean
    labels: float = 0.1  # the share of prompts with `production`
    seed: int = 1
    password: str | None = None

    def sizes(self) -> list[int]:
        """Of each one's library; raises Impossible."""
        others, rest = self.users - len(self.large), self.prompts - sum(self.large)
        if others < 0 or rest < 0 or (rest and not others):
            raise Impossible(
                f"{self.prompts} prompts of {self.users} users can't have libraries of "
                f"{', '.join(map(str, self.large)) or 'any size'} among them."
            )
        share, more = divmod(rest, others or 1)
        return [*self.large, *(share + (n < more) for n in range(others))]

    def email(self, number: int) -> str:
        return f"user{number}.{self.seed}@example.com"


class Entry(NamedTuple):
    """A prompt, and what hangs on it."""

    prompt: Prompt
    versions: list[Version]
    moves: list[LabelMove]

    @property
    def tags(self) -> list[Tag]:
        prompt = self.prompt
        return [
            Tag(owner_id=prompt.owner_id, prompt_id=prompt.pk, name=name) for name in prompt.tags
        ]

    def label(self, move: LabelMove) -> Label:
        version = self.versions[(move.to_version or 0) - 1]
        return Label(
            owner_id=self.prompt.owner_id,
            prompt=self.prompt,
            name=move.name,
            version=version.number,
            updated_at=move.created_at,
            search_text=search.document(version.title, version.content, version.tags),
            move=move,
        )


def seed(plan: Plan, real: Sequence[Text] = ()) -> Iterator[int]:
    """Writes the library, and yields how many prompts were written since it last did.

    As time goes by, everybody's in turn: so do the rows of a service lie on its disk. Raises
    Impossible.
    """
    sizes = plan.sizes()
    bulk.with_room()
    randoms = [Random(f"{plan.seed}/{number}") for number in range(plan.users)]  # noqa: S311
    users = list(_people(plan, randoms))
    User.objects.bulk_create(users)
    libraries = (
        _library(user, size, plan, random, Writer(random, real))
        for user, size, random in zip(users, sizes, randoms, strict=True)
    )
    entries = heapq.merge(*libraries, key=lambda entry: entry.prompt.created_at)
    logs = _Logs(plan)
    while batch := list(islice(entries, PROMPTS_AT_ONCE)):
        _write(batch, logs.of(entry.prompt for entry in batch))
        yield len(batch)


@transaction.atomic
def _write(entries: Sequence[Entry], logs: Iterable[Log]) -> None:
    bulk.insert([entry.prompt for entry in entries])
    bulk.insert([version for entry in entries for version in entry.versions])
    bulk.insert([tag for entry in entries for tag in entry.tags])
    LabelMove.objects.bulk_create([move for entry in entries for move in entry.moves])
    Label.objects.bulk_create([entry.label(move) for entry in entries for move in entry.moves])
    bulk.insert(list(logs))


def _people(plan: Plan, randoms: Sequence[Random]) -> Iterator[User]:
    password = make_password(plan.password)  # one hash for all: each takes its time
    for number, random in enumerate(randoms):
        yield User(
            id=_key(START, random),
            email=plan.email(number),
            name=f"User {number}",
            password=password,
            created_at=START,
        )


def _library(user: User, size: int, plan: Plan, random: Random, writer: Writer) -> Iterator[Entry]:
    """Somebody's prompts in the order of time, evenly spread."""
    for number in range(size):
        created_at = START + SPAN * ((number + random.random()) / size)
        versions = list(_versions(user, created_at, plan, random, writer))
        newest = versions[-1]
        prompt = Prompt(
            id=versions[0].prompt_id,
            owner=user,
            **newest.text,
            variables=newest.variables,
            version=newest.number,
            revision=newest.number,
            created_at=created_at,
            updated_at=newest.created_at,
            search_text=search.document(newest.title, newest.content, newest.tags),
        )
        moves = [_release(prompt, random)] if random.random() < plan.labels else []
        yield Entry(prompt, versions, moves)


def _versions(
    user: User, created_at: datetime, plan: Plan, random: Random, writer: Writer
) -> Iterator[Version]:
    """The first, and edits that each add a sentence."""
    key = _key(created_at, random)
    title, content = writer.text()
    model, tags = writer.model(), writer.tags()
    number, source = 1, Version.Source.CREATE
    while True:
        yield Version(
            prompt_id=key,
            number=number,
            title=title,
            content=content,
            variables=rendering.described(content),
            model=model,
            tags=tags,
            author=user,
            source=source,
            created_at=created_at,
        )
        if random.random() * plan.versions < 1:
            return
        number, source = number + 1, Version.Source.EDIT
        content = f"{content}\n{writer.sentence()}"
        created_at = _later(created_at, random)


def _release(prompt: Prompt, random: Random) -> LabelMove:
    """`production` on one of the versions, and the copy of it that the prompt shows."""
    number = random.randint(1, prompt.version)
    prompt.labels = {"production": number}
    prompt.revision += 1
    return LabelMove(
        prompt_id=prompt.pk,
        name="production",
        to_version=number,
        actor_id=prompt.owner_id,
        created_at=_later(prompt.updated_at, random),
    )


class _Logs:
    """Logs of the prompts that pass by, as many of each as make the right number in the end."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._random = Random(f"{plan.seed}/logs")  # noqa: S311
        self._writer = Writer(self._random)
        self._seen = 0

    def of(self, prompts: Iterable[Prompt]) -> Iterator[Log]:
        for prompt in prompts:
            before = self._seen * self._plan.logs // self._plan.prompts
            self._seen += 1
            for _ in range(self._seen * self._plan.logs // self._plan.prompts - before):
                yield self._log(prompt)

    def _log(self, prompt: Prompt) -> Log:
        created_at = _later(prompt.created_at, self._random)
        return Log(
            id=_key(created_at, self._random),
            owner_id=prompt.owner_id,
            prompt_id=prompt.pk,
            version=prompt.version,
            output=self._writer.text()[1],
            model_used=self._writer.model(),
            score=self._random.choice([None, 3, 5, 7.5, 9]),
            latency_ms=int(self._random.lognormvariate(7.5, 0.6)),
            input_tokens=self._random.randint(50, 4_000),
            output_tokens=self._random.randint(10, 1_500),
            cost=self._random.randint(10, 10_000) * costs.read("0.000001"),
            created_at=created_at,
        )


def _later(moment: datetime, random: Random) -> datetime:
    """A time from then to the end, rather soon."""
    left = START + SPAN - moment
    return moment + timedelta(microseconds=1) + left * random.random() ** 4


def _key(moment: datetime, random: Random) -> UUID:
    """A UUIDv7 (RFC 9562) of that time."""
    milliseconds = (moment - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)
    bits = random.getrandbits(74)
    return UUID(
        int=milliseconds << 80 | 7 << 76 | bits >> 62 << 64 | 2 << 62 | bits & (1 << 62) - 1
    )
