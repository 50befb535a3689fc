"""Which prompts are read, and how much of them."""

from functools import cached_property
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import models
from django.db.models import Avg, Count, Exists, F, Max, Min, OuterRef, Sum

from promptcrafter.statements import Parameter, Statement
from prompts import search
from prompts.evidence import SCORE_CENTRE, Scored
from prompts.models.owned import OwnedQuerySet
from prompts.models.searchable import SearchableQuerySet
from prompts.models.tags import Tag

if TYPE_CHECKING:
    from prompts.models.prompts import Prompt

LIVE = models.Q(deleted_at=None)

_KEY = Parameter("key", models.UUIDField())


class PromptQuerySet(OwnedQuerySet, SearchableQuerySet):  # type: ignore[override]
    def without_text(self) -> Self:
        """Enough to know whose it is and which version is the newest."""
        return self.only("owner", "version", "revision", "labels")

    def tagged(self, name: str, *, owner: Any) -> Self:
        """Those of that owner's that carry the tag; `tagged` is their key, as its index has it."""
        rows = self.filter(tag_rows__owner=owner, tag_rows__name=name)
        return rows.alias(tagged=F("tag_rows__prompt"))

    def also_tagged(self, name: str) -> Self:
        return self.filter(Exists(Tag.objects.filter(prompt=OuterRef("pk"), name=name)))

    def matching(self, query: str) -> Self:
        """Those in which each term of `query` occurs (prompts.search); reads them all."""
        return self.containing(search.Term(text) for text in search.terms(query))

    def score_sums(self, *, at_least: int) -> list[Scored]:
        """Of each that has so many scored outputs; one statement."""
        score = F("logs__score")
        sums = (
            self.order_by()
            .values("pk")
            .annotate(
                scored=Count(score),
                mean=Avg(score),
                lowest=Min(score),
                highest=Max(score),
                squares=Sum((score - SCORE_CENTRE) * (score - SCORE_CENTRE)),
            )
        )
        columns = ("pk", "scored", "mean", "lowest", "highest", "squares")
        return [Scored(*row) for row in sums.filter(scored__gte=at_least).values_list(*columns)]


_PromptManager = models.Manager.from_queryset(PromptQuerySet)


class LivePrompts(_PromptManager):
    """Those that are not in the trash."""

    def read(self, key: UUID) -> "Prompt | None":
        """The prompt of that key, as `without_search_text` has it; one query."""
        return self._read.first(key=key)

    def read_without_text(self, key: UUID) -> "Prompt | None":
        """The same, as `without_text` has it."""
        return self._read_without_text.first(key=key)

    def lock(self, key: UUID, *, owner: Any) -> "Prompt | None":
        """The same, if it is that owner's; until the transaction ends nobody else changes it."""
        return self._lock_without_text.first(key=key, owner=owner.pk)

    def get_queryset(self) -> PromptQuerySet:
        return PromptQuerySet(self.model, using=self._db).filter(LIVE)

    @cached_property
    def _read(self) -> "Statement[Prompt]":
        return Statement(lambda: self.get_queryset().without_search_text().filter(pk=_KEY))

    @cached_property
    def _read_without_text(self) -> "Statement[Prompt]":
        return Statement(lambda: self.get_queryset().without_text().filter(pk=_KEY))

    @cached_property
    def _lock_without_text(self) -> "Statement[Prompt]":
        return Statement(
            lambda: (
                self.get_queryset()
                .without_text()
                .select_for_update(no_key=True)
                .filter(pk=_KEY, owner=Parameter("owner", models.UUIDField()))
            )
        )


class AllPrompts(_PromptManager):
    """Be they in the trash or not."""


class TrashedPrompts(_PromptManager):
    def get_queryset(self) -> PromptQuerySet:
        return PromptQuerySet(self.model, using=self._db).exclude(LIVE)
