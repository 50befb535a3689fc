"""The search: ranked, exact, and no slower for how much others keep.

What is searched are prompts, as they are, or labels, as what they release. Both have a text, a time
that only grows when the text changes, and a slot in the index, if it has that text.

A small library is read through. Of a large one, all but the latest changes (its tail) are in an
index of the library's own (prompts.postings), which tells where the query can match and how well at
most. From there on the text decides, the most promising prompts first, so that a page costs
the reading of little more than what is on it, however common a term is.

The index is written behind (prompts.models.index). Only who reads outside of a snapshot, while a
prompt is edited or the index is begun anew, may miss what changes hands at that moment.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from heapq import merge
from itertools import chain, groupby, islice
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Case, Exists, F, When
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from promptcrafter.statements import Columns, Parameter
from prompts import postings, search
from prompts.models import listed
from prompts.models.index import LONG, SearchBucket, SearchIndex, key_of, kind_of, look_after
from prompts.models.prompts import Prompt
from prompts.models.searchable import SearchableQuerySet
from prompts.models.values import with_values

# So many prompts that a filter leaves are read through; of more, the index names the first ones.
FEW = 250
# Characters of texts that are in memory at a time, and how many texts at most.
AT_A_TIME = 2_000_000
LOOK_AT = 256
# Characters; of shorter texts as many as are looked at are in memory, before it is known how many.
SHORT = AT_A_TIME // LOOK_AT


@dataclass(frozen=True, order=True, slots=True)
class Hit:
    """A prompt that matches; hits sort as they are shown, the last one first."""

    score: int
    updated_at: datetime
    pk: UUID  # of the prompt, also where a label was searched
    # If it was read anyway: the prompt, or a tuple, of `listed`.
    row: Any = field(default=None, compare=False)


# To sort by, which is cheaper than to compare hits with each other.
_RANK = attrgetter("score", "updated_at", "pk")


class _BegunAnew(Exception):
    """The index that is being read is no more."""


def ranked(
    rows: SearchableQuerySet,
    owner: Any,
    terms: list[search.Term],
    *,
    tags: Iterable[str] = (),
    is_narrowed: bool = False,
    in_snapshot: bool = False,
    shown: int | None = None,
    content: str | None = None,
) -> Iterator[Hit]:
    """Those of the prompts or labels, all `owner`'s, that match: the best first, of equals the
    recently updated, found as they are asked for.

    `tags` are those that all of them carry, and `is_narrowed` says whether they are limited in some
    other way that the index knows nothing of: if that leaves a few, they are read through. `shown`
    is how many of the first hits are, None for all and 0 for none. `content` says how much of it
    the rows of hits may be limited to, where all of the owner's prompts are searched.

    Statements: one for what the index has not or, where that is much, two; one for the index, if
    there is one, and one for all the texts that it names or, where not all are shown, for each
    hundred or so.
    """
    look_after(Prompt if content else rows.model, owner.pk)
    if is_narrowed:
        few = list(_sized(rows)[: FEW + 1])
        if len(few) <= FEW:
            yield from _read_through(rows, few, terms)
            return
    last: Hit | None = None
    while True:
        by_index = _Search(rows, owner, terms, tags, in_snapshot, shown)
        # The tail first: what moves into the index meanwhile is found twice rather than never.
        tail, is_all = _small_tail(rows, owner, terms, content) if content else (None, False)
        if tail is None:
            tail = _tail(rows, terms)
        elif is_all and last is None:
            yield from tail
            return
        hits = merge(tail, by_index.hits(), reverse=True)
        try:
            for hit in hits:
                if last is None or hit < last:
                    yield hit
                    last = hit
        except _BegunAnew:
            continue
        return


def _small_tail(
    rows: SearchableQuerySet, owner: Any, terms: list[search.Term], content: str
) -> tuple[list[Hit] | None, bool]:
    """The hits among what the index has not, or None where they are many; and whether they are all,
    as there is no index. One statement, where there are hits, and two for those that are long.

    In memory are AT_A_TIME characters of short texts at most, with the prompts that they are of,
    and of the long ones as many again.
    """
    texts = {f"term{number}": term.text for number, term in enumerate(terms)}
    found = _of_small_tail(len(terms), content).rows(owner=owner.pk, **texts)
    if found is None:
        return None, False
    long = [listed.key(row) for _, text, *row in found if text is None]
    hits = [
        Hit(score, listed.updated_at(row), listed.key(row), tuple(row))
        for _, text, *row in found
        if text is not None and (score := search.score(terms, search.fields(text)))
    ]
    if long:
        hits += _read_through(rows, _sized(with_values(rows, "pk", long)), terms)
    hits.sort(key=_RANK, reverse=True)
    return hits, not (found[0][0] if found else _INDEX.rows(owner=owner.pk))


@cache
def _of_small_tail(terms: int, content: str) -> Columns:
    """Whether there is an index, the text, and what is shown; of a long one neither text nor
    content."""
    owner = Parameter("owner", models.UUIDField())
    wanted = [Parameter(f"term{number}", models.TextField()) for number in range(terms)]
    is_short = LessThanOrEqual(Length("search_text"), SHORT)

    def rows() -> models.QuerySet[Any, Any]:
        tail = Prompt.objects.filter(owner=owner, slot=None).containing_all(wanted)
        indexes = SearchIndex.objects.filter(owner=owner, of=SearchIndex.Of.PROMPTS)
        found = tail.annotate(
            is_indexed=Exists(indexes),
            text=Case(When(is_short, then="search_text")),
            short_content=Case(When(is_short, then="content")),
        )
        first = ("is_indexed", "text")
        return listed.as_text(found, content, first=first, whole="short_content")

    return Columns(rows, most=LOOK_AT)


_INDEX = Columns(
    lambda: SearchIndex.objects.filter(
        owner=Parameter("owner", models.UUIDField()), of=SearchIndex.Of.PROMPTS
    ).values_list("pk"),
    most=1,
)


def _tail(rows: SearchableQuerySet, terms: list[search.Term]) -> list[Hit]:
    """The hits among what the index has not; its texts may be long, and many.

    First the keys alone: of a cursor over the texts PostgreSQL expects a tenth to be read, and goes
    through the whole table for it.
    """
    return _read_through(rows, _sized(rows.filter(slot=None).containing(terms)), terms)


def _sized(rows: SearchableQuerySet) -> Any:
    """The key of each, and the characters of its text."""
    return rows.order_by().values_list("pk", Length("search_text"))


def _read_through(rows: SearchableQuerySet, sized: Any, terms: list[search.Term]) -> list[Hit]:
    """The hits among those with these keys, in order; with their rows, if that is little."""
    lengths = dict(sized)
    if not lengths:
        return []
    found = with_values(rows, "pk", list(lengths))
    is_little = len(lengths) <= LOOK_AT and sum(lengths.values()) <= AT_A_TIME
    texts = _reading(rows)(found) if is_little else _streamed(found, longest=max(lengths.values()))
    return sorted((hit for _, hit in _hits(texts, terms)), reverse=True)


@dataclass
class _Search:
    """One search by the index of somebody's prompts or labels; `ranked` says what is what."""

    rows: SearchableQuerySet
    owner: Any
    terms: list[search.Term]
    tags: Iterable[str]
    in_snapshot: bool
    shown: int | None
    _index: int = 0

    def hits(self) -> Iterator[Hit]:
        """Level by level of the points that the index allows. What turns out to have fewer waits
        for its own level. Raises _BegunAnew."""
        levels = self._levels()
        if self.shown is None:
            yield from self._all(levels)
            return
        waiting: dict[int, list[Hit]] = defaultdict(list)
        looked_at = groupby(self._look_at(levels), key=itemgetter(0))
        above = max(levels, default=0) + 1
        for points, group in chain(looked_at, [(0, iter(()))]):
            for between in range(above - 1, points, -1):
                yield from sorted(waiting.pop(between, []), reverse=True)

            def look(points: int = points, group: Iterator[Any] = group) -> Iterator[Hit]:
                for _, hit in group:
                    if hit.score == points:
                        yield hit
                    else:
                        waiting[hit.score].append(replace(hit, row=None))  # there may be many

            yield from merge(sorted(waiting.pop(points, []), reverse=True), look(), reverse=True)
            above = points

    def _levels(self) -> dict[int, list[tuple[int, int]]]:
        """Points → the blocks with the slots that can have so many, the newest first."""
        terms = [postings.Keys(term.text) for term in self.terms]
        tags = [postings.Keys(part) for tag in self.tags for part in search.terms(tag)]
        wanted = {postings.bucket_of(gram) for term in [*terms, *tags] for gram in term.all}
        rows = SearchBucket.objects.filter(
            index__owner=self.owner, index__of=kind_of(self.rows.model), bucket__in=wanted
        )
        columns = rows.order_by("-block").values_list("block", "index", "bucket", "data")
        levels: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for block, group in groupby(columns.iterator(chunk_size=LOOK_AT), key=itemgetter(0)):
            buckets = {}
            for _, self._index, bucket, data in group:
                buckets[bucket] = bytes(data)
            found = postings.levels(terms, _opening(buckets), tags=tags)
            for points, bits in found.items():
                levels[points].append((block, bits))
        return levels

    def _all(self, levels: dict[int, list[tuple[int, int]]]) -> list[Hit]:
        slots = [slot for _, slot in _slots(levels)]
        if not slots:
            return []
        texts = _streamed(with_values(self.rows, "slot", slots), longest=LONG)
        hits = sorted((hit for _, hit in _hits(texts, self.terms)), reverse=True)
        self._require_unchanged()
        return hits

    def _look_at(self, levels: dict[int, list[tuple[int, int]]]) -> Iterator[tuple[int, Hit]]:
        """The hits with the points that the index allows them, from the most down, of equals the
        newest first. They are read some at a time, also of several levels."""
        slots = _slots(levels)
        read = _texts if self.shown == 0 else _reading(self.rows)
        size = min(self.shown * 9 // 8, LOOK_AT) if self.shown else 64
        while some := list(islice(slots, size)):
            found = self.rows.filter(slot__in=[slot for _, slot in some])
            hits = dict(_hits(read(found), self.terms))
            self._require_unchanged()
            yield from ((points, hits[slot]) for points, slot in some if slot in hits)
            size = min(2 * size, LOOK_AT)

    def _require_unchanged(self) -> None:
        """Or other texts may have the slots by now."""
        if not self.in_snapshot and not SearchIndex.objects.filter(pk=self._index).exists():
            raise _BegunAnew


def _slots(levels: dict[int, list[tuple[int, int]]]) -> Iterator[tuple[int, int]]:
    """Each with its points: the most first, of equals the newest."""
    for points in sorted(levels, reverse=True):
        for block, bits in levels[points]:
            for slot in postings.members(bits):
                yield points, block * postings.SLOTS + slot


def _opening(buckets: dict[int, bytes]) -> Callable[[str, str], int]:
    """The slots whose field has a gram, by one block's buckets, each opened when it is needed."""
    opened: dict[int, postings.Bucket] = {}

    def bits(field: str, gram: str) -> int:
        number = postings.bucket_of(gram)
        if number not in opened:
            opened[number] = postings.read(buckets.get(number, b""))
        return postings.to_bits(opened[number].get(field + gram, b""))

    return bits


def _reading(rows: SearchableQuerySet) -> Callable[[SearchableQuerySet], Iterable[Any]]:
    return _prompts if rows.model is Prompt else _texts


def _texts(rows: SearchableQuerySet) -> models.QuerySet[Any, Any]:
    """Slot, time, the prompt's key and the text of each."""
    return rows.order_by().values_list("slot", "updated_at", key_of(rows.model), "search_text")


def _streamed(rows: SearchableQuerySet, *, longest: int) -> Iterable[Any]:
    """The same of any number of rows, of which some are in memory at a time."""
    return _texts(rows).iterator(chunk_size=max(1, AT_A_TIME // max(longest, LONG)))


def _prompts(rows: SearchableQuerySet) -> Iterable[Any]:
    """The same and the whole prompt: nearly all that are looked at are shown, so that to read them
    once is cheaper."""
    for row in rows.order_by().annotate(looked_at=F("search_text")):
        yield row.slot, row.updated_at, row.pk, row.looked_at, row


def _hits(texts: Iterable[Any], terms: list[search.Term]) -> Iterator[tuple[Any, Hit]]:
    """Slot and hit of those that match, after their text."""
    for slot, updated_at, pk, text, *row in texts:
        if score := search.score(terms, search.fields(text)):
            yield slot, Hit(score, updated_at, pk, *row)
