"""The index that the search reads (prompts.models.searching): what is in it, and how it is written.

It is written behind, by a thread of the server or by `manage.py index_search`. It never makes an
answer wrong, only fast.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections, models, transaction
from django.db.models import F
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone

from prompts import postings, search
from prompts.models.labels import Label
from prompts.models.prompts import Prompt

Searched = type[Prompt] | type[Label]

# A tail of this many texts is indexed, as is a whole library.
TAIL = 250
# Characters; a longer text would fill the index with n-grams of its own.
LONG = 20_000
# Characters of different words that are indexed at once: some 200 MB, whatever the language.
AT_ONCE = 300_000
# A block that was given more is full, however few texts it has: each extension writes all of it.
FULL = 3 * AT_ONCE
# Clocks of several machines, and transactions under way: what is indexed is older than both, so
# that slots are in order of `updated_at`.
SETTLED_AFTER = timedelta(minutes=1)


class SearchIndex(models.Model):
    """How far somebody's prompts or labels are indexed. Claimed by compare-and-set, so of two that
    extend it at once one does."""

    class Of(models.TextChoices):
        PROMPTS = "prompts"
        LABELS = "labels"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # the unique constraint's index serves
    )
    of = models.CharField(max_length=7, choices=Of)
    slots = models.PositiveIntegerField(default=0, help_text="Given out; some may be empty by now.")
    until = models.DateTimeField(null=True, help_text="`updated_at` of the last one.")
    until_key = models.UUIDField(null=True, help_text="And its prompt's key, for equal times.")
    texts = models.PositiveIntegerField(default=0, help_text="That were ever given a slot.")
    filled = models.PositiveIntegerField(
        default=0, help_text="Characters of different words that the last block was given."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "of"], name="search_index_is_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.slots} slots of {self.of}"

    @classmethod
    def catch_up(cls, searched: Searched, owner_id: UUID) -> int:
        """Indexes what has settled of the tail, if that is long; how many texts it took."""
        count = 0
        while taken := cls._extend(searched, owner_id):
            count += taken
        return count

    @classmethod
    def _extend(cls, searched: Searched, owner_id: UUID) -> int:
        """By one block at most, outside of a transaction but for writing it down."""
        settled = cls.tail(searched, owner_id).filter(updated_at__lt=timezone.now() - SETTLED_AFTER)
        if settled.count() < TAIL:
            return 0
        index, _ = cls.objects.get_or_create(owner_id=owner_id, of=kind_of(searched))
        if index._is_worn_out():
            index._begin_anew()
            return cls._extend(searched, owner_id)
        in_order = settled.order_by("updated_at", key_of(searched))
        oldest = in_order.values_list("updated_at", key_of(searched)).first()
        if index.until and oldest and oldest < (index.until, index.until_key):
            index._begin_anew()  # slots would not be in order of time
            return cls._extend(searched, owner_id)
        return index._append(in_order)

    @staticmethod
    def tail(searched: Searched, owner_id: UUID) -> models.QuerySet[Any]:
        """What the index has not, but could have: long texts are read through."""
        rows = searched.objects.filter(owner_id=owner_id, slot=None)
        return rows.filter(LessThanOrEqual(Length("search_text"), LONG))

    def _append(self, in_order: models.QuerySet[Any]) -> int:
        """The first of them, as many as the last block has room for and memory allows."""
        block, used = divmod(self.slots, postings.SLOTS)
        filled = self.filled if used else 0
        if filled > FULL:
            block, used, filled = block + 1, 0, 0
        first = block * postings.SLOTS + used
        rows, additions = self._gather(in_order, used)
        if not rows:  # another one was faster
            return 0
        added = additions.buckets()
        buckets = dict(self.buckets.filter(block=block).values_list("bucket", "data"))
        extended = [
            SearchBucket(
                index=self,
                block=block,
                bucket=bucket,
                data=postings.extend(bytes(buckets.get(bucket, b"")), sets),
            )
            for bucket, sets in added.items()
        ]
        with transaction.atomic():
            unchanged = SearchIndex.objects.filter(pk=self.pk, slots=self.slots)
            _, until, until_key = rows[-1]
            if not unchanged.update(
                slots=first + len(rows),
                until=until,
                until_key=until_key,
                texts=F("texts") + len(rows),
                filled=filled + additions.size,
            ):
                return 0
            SearchBucket.objects.bulk_create(
                extended,
                update_conflicts=True,
                unique_fields=["index", "bucket", "block"],
                update_fields=["data"],
            )
            _give_slots(self.searched, first, rows)
        return len(rows)

    def _gather(
        self, in_order: models.QuerySet[Any], used: int
    ) -> tuple[list[Any], postings.Additions]:
        """Key, time and the prompt's key of each that is taken, and what the block gets of them."""
        rows: list[Any] = []
        additions = postings.Additions()
        texts = in_order.values_list("pk", "updated_at", key_of(self.searched), "search_text")
        for *row, text in texts[: postings.SLOTS - used].iterator(chunk_size=50):
            additions.add(used + len(rows), search.fields(text))
            rows.append(row)
            if additions.size > AT_ONCE:
                break
        return rows, additions

    def _is_worn_out(self) -> bool:
        """Whether most slots are those of texts that are no more."""
        if self.texts < postings.SLOTS:
            return False
        used = self.searched.objects.filter(owner_id=self.owner_id, slot__isnull=False)
        return used.count() < self.texts // 2

    @transaction.atomic
    def _begin_anew(self) -> None:
        """As another index, so that whoever reads or extends this one can tell."""
        locked = SearchIndex.objects.select_for_update().filter(pk=self.pk).first()
        if locked is not None:
            locked.delete()
            every = self.searched._base_manager  # those in the trash, too
            every.filter(owner_id=self.owner_id, slot__isnull=False).update(slot=None)

    @property
    def searched(self) -> Searched:
        return Prompt if self.of == self.Of.PROMPTS else Label


class SearchBucket(models.Model):
    """A part of a block of an index (prompts.postings)."""

    index = models.ForeignKey(
        SearchIndex,
        on_delete=models.CASCADE,
        related_name="buckets",
        db_index=False,  # the unique constraint's index serves
    )
    bucket = models.PositiveSmallIntegerField()
    block = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["index", "bucket", "block"], name="search_bucket_is_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.block}:{self.bucket}"


def kind_of(searched: Searched) -> str:
    return SearchIndex.Of.PROMPTS if searched is Prompt else SearchIndex.Of.LABELS


def key_of(searched: Searched) -> str:
    """The prompt's, by which texts of the same time sort."""
    return "pk" if searched is Prompt else "prompt_id"


def _give_slots(searched: Searched, first: int, rows: list[Any]) -> None:
    """To those that are as they were read."""
    connection = connections[searched.objects.db]
    to_key = searched._meta.pk.get_db_prep_value
    to_time = connection.ops.adapt_datetimefield_value
    update = f"UPDATE {searched._meta.db_table} SET slot = %s WHERE id = %s AND updated_at = %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(
            update,
            [
                (first + number, to_key(key, connection), to_time(updated_at))
                for number, (key, updated_at, _) in enumerate(rows)
            ],
        )


# What was searched in this process, and whose; those that were looked after come last.
_searched: dict[tuple[Searched, UUID], None] = {}


def look_after(searched: Searched, owner_id: UUID) -> None:
    """Has it looked after by `index_some`."""
    _searched[searched, owner_id] = None


def index_some() -> bool:
    """For the background thread: indexes what has grown of a library that was searched, by a block;
    whether there may be more. Those whose tail is long but too new have their turn again later."""
    for each in list(_searched):
        del _searched[each]
        took = SearchIndex._extend(*each)
        if took or SearchIndex.tail(*each).count() >= TAIL:
            _searched[each] = None
        if took:
            return True
    return False
