"""Names that point at versions: `production` is what the application reads."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef

from promptcrafter.labels import LABEL_MAX_LENGTH
from prompts.models.immutable import ImmutableError
from prompts.models.limits import MESSAGE_MAX_LENGTH
from prompts.models.searchable import SearchableQuerySet


def among(limits: list[str] | None, labels: dict[str, int]) -> dict[str, int]:
    """Of the labels those that somebody is limited to; all, where there are no limits."""
    return {name: at for name, at in labels.items() if name in limits} if limits else labels


class LabelConflict(Exception):
    """The label does not point where the caller took it to point; tells where it does."""

    def __init__(self, current: int | None) -> None:
        super().__init__("The label points elsewhere by now; look at it again, then move it.")
        self.details = {"currentVersion": current}


class LabelMove(models.Model):
    """One move of a label: set (from nothing), moved, or taken off (to nothing)."""

    prompt = models.ForeignKey(
        "prompts.Prompt",
        on_delete=models.CASCADE,
        related_name="label_moves",
        editable=False,
        db_index=False,  # the index of the history serves
    )
    name = models.CharField(max_length=LABEL_MAX_LENGTH, editable=False)
    from_version = models.PositiveIntegerField(null=True, editable=False)
    to_version = models.PositiveIntegerField(null=True, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    note = models.CharField(max_length=MESSAGE_MAX_LENGTH, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        indexes = [models.Index(fields=["prompt", "name", "id"], name="label_move_history")]

    def __str__(self) -> str:
        return f"{self.name}: {self.from_version} → {self.to_version}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ImmutableError("A move that was made is never changed.")
        super().save(*args, **kwargs)


def first_of(*names: str, via: str = "") -> models.Q:
    """The rows of labels, or what is joined to them by `via`, that have the first of these names
    that their prompt carries."""
    found = models.Q(pk__in=[])
    for number, name in enumerate(names):
        before = Label.objects.filter(prompt=OuterRef("prompt"), name__in=names[:number])
        this = models.Q((f"{via}name", name))
        found |= this & ~models.Q(Exists(before)) if number else this
    return found


class LabelQuerySet(SearchableQuerySet):
    def released(self, *names: str, owner: Any) -> Self:
        """Of each of the owner's prompts, the first of these labels that it carries."""
        return self.filter(first_of(*names), owner=owner, prompt__deleted_at=None)


class Label(models.Model):
    """Where a name points now. Moved by the verbs of Prompt alone, which keep `Prompt.labels`, the
    copy that a read shows, and the history in step with it."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        editable=False,  # the prompt's
        db_index=False,  # the index on (owner, name, prompt) serves
    )
    prompt = models.ForeignKey(
        "prompts.Prompt",
        on_delete=models.CASCADE,
        related_name="label_rows",
        editable=False,
        db_index=False,  # the unique constraint's index serves
    )
    name = models.CharField(max_length=LABEL_MAX_LENGTH, editable=False)
    version = models.PositiveIntegerField(editable=False)
    updated_at = models.DateTimeField(
        editable=False, help_text="When it was moved there, or a little later."
    )
    slot = models.PositiveIntegerField(
        null=True, editable=False, help_text="Where the search index has this text, if it has it."
    )
    search_text = models.TextField(editable=False, help_text="Of that version.")
    move = models.OneToOneField(
        LabelMove, on_delete=models.CASCADE, related_name="+", editable=False
    )

    objects = LabelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prompt", "name"], name="label_is_unique_per_prompt"),
        ]
        indexes = [
            models.Index(fields=["owner", "name", "prompt"], name="label_owner_name_prompt"),
            models.Index(fields=["owner", "name", "slot"], name="label_owner_name_slot"),
        ]

    def __str__(self) -> str:
        return self.name
