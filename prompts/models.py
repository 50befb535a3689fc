"""What the service keeps: prompts, and the outputs they produced."""

from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinLengthValidator,
    MinValueValidator,
)
from django.db import models, transaction
from django.db.models import Value
from django.db.models.functions import Length, StrIndex
from django.db.models.lookups import GreaterThan, GreaterThanOrEqual, LessThanOrEqual
from django.utils import timezone
from uuid_utils.compat import uuid7

from promptcrafter import ids
from prompts import search, tags

TITLE_MIN_LENGTH = 3
TITLE_MAX_LENGTH = 100
MODEL_MAX_LENGTH = 100
TEXT_MAX_LENGTH = 200_000


class OwnedQuerySet(models.QuerySet[Any]):
    def owned_by(self, user: Any) -> Self:
        """The one place where rows are limited to the caller."""
        return self.filter(owner=user)

    def newest_first(self) -> Self:
        """By key, which sorts by time of creation and never ties."""
        return self.order_by("-pk")


class PromptQuerySet(OwnedQuerySet):
    def matching(self, query: str) -> Self:
        """Those in which each term of `query` occurs (prompts.search)."""
        for term in search.terms(query):
            # Not LIKE, which takes a second for a hostile term in each 200,000 characters.
            self = self.filter(GreaterThan(StrIndex("search_text", Value(term)), 0))
        return self


_PromptManager = models.Manager.from_queryset(PromptQuerySet)


class PromptManager(_PromptManager):
    def get_queryset(self) -> PromptQuerySet:
        """Without the search text, as long as all the rest and never shown."""
        return PromptQuerySet(self.model, using=self._db).defer("search_text")


class Prompt(models.Model):
    KIND = "prompt"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="prompts",
        db_index=False,  # the index on (owner, id) serves
    )
    title = models.CharField(
        max_length=TITLE_MAX_LENGTH, validators=[MinLengthValidator(TITLE_MIN_LENGTH)]
    )
    content = models.TextField(validators=[MaxLengthValidator(TEXT_MAX_LENGTH)])
    model = models.CharField(max_length=MODEL_MAX_LENGTH)
    tags = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)
    search_text = models.TextField(editable=False)

    objects = PromptManager()

    class Meta:
        indexes = [models.Index(fields=["owner", "id"], name="prompt_owner_id")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    GreaterThanOrEqual(Length("title"), TITLE_MIN_LENGTH),
                    LessThanOrEqual(Length("title"), TITLE_MAX_LENGTH),
                ),
                name="prompt_title_has_3_to_100_characters",
            ),
            models.CheckConstraint(
                condition=~models.Q(content=""), name="prompt_content_is_not_empty"
            ),
            models.CheckConstraint(condition=~models.Q(model=""), name="prompt_model_is_not_empty"),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Sets what the server sets. To change a saved prompt, call `edit`."""
        if self._state.adding:
            self.created_at = self.updated_at = timezone.now()
        self.search_text = search.document(self.title, self.content, self.tags)
        super().save(*args, **kwargs)

    @property
    def wire_id(self) -> str:
        return ids.encode(self.KIND, self.pk)

    def clean(self) -> None:
        try:
            self.tags = tags.clean(self.tags)
        except ValueError as error:
            raise ValidationError({"tags": str(error)}) from error

    @transaction.atomic
    def edit(self, **changes: Any) -> bool:
        """Writes what differs, on the row as it is now; False where nothing does.

        Locks the row, so that of two edits at once both survive. Raises DoesNotExist where it has
        been deleted meanwhile.
        """
        self.refresh_from_db(from_queryset=Prompt.objects.select_for_update())
        changed = {name: value for name, value in changes.items() if getattr(self, name) != value}
        if not changed:
            return False
        for name, value in changed.items():
            setattr(self, name, value)
        # Clocks are set back now and then; an edit is always later than the one before it.
        self.updated_at = max(timezone.now(), self.updated_at + timedelta(microseconds=1))
        self.save(update_fields=[*changed, "updated_at", "search_text"])
        return True

    @transaction.atomic
    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Locks the row first: a log saved at this moment is deleted too, or refused."""
        list(Prompt.objects.select_for_update().filter(pk=self.pk).values_list("pk"))
        return super().delete(*args, **kwargs)


class Log(models.Model):
    """One output that a prompt produced."""

    KIND = "log"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="logs",
        editable=False,  # the prompt's; here so that a person's logs are one index away
        db_index=False,
    )
    prompt = models.ForeignKey(
        Prompt, on_delete=models.CASCADE, related_name="logs", db_index=False
    )
    output = models.TextField(validators=[MaxLengthValidator(TEXT_MAX_LENGTH)])
    model_used = models.CharField(max_length=MODEL_MAX_LENGTH)
    notes = models.TextField(
        null=True, blank=True, validators=[MaxLengthValidator(TEXT_MAX_LENGTH)]
    )
    score = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(10)]
    )
    created_at = models.DateTimeField(editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "id"], name="log_owner_id"),
            models.Index(fields=["prompt", "id"], name="log_prompt_id"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(score__gte=0, score__lte=10), name="log_score_is_0_to_10"
            ),
            models.CheckConstraint(condition=~models.Q(output=""), name="log_output_is_not_empty"),
        ]

    def __str__(self) -> str:
        return self.wire_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self.owner_id = self.prompt.owner_id
            self.created_at = timezone.now()
        super().save(*args, **kwargs)

    @property
    def wire_id(self) -> str:
        return ids.encode(self.KIND, self.pk)
