"""One output that a prompt produced."""

from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from promptcrafter import ids
from prompts.models.limits import MODEL_MAX_LENGTH, TEXT_MAX_LENGTH
from prompts.models.owned import OwnedQuerySet, require_text


class LogQuerySet(OwnedQuerySet):
    def of_live_prompts(self) -> Self:
        """Without those that are in the trash with their prompt."""
        return self.filter(prompt__deleted_at=None)


class Log(models.Model):
    KIND = "log"

    id = models.UUIDField(primary_key=True, default=ids.new_key, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="logs",
        editable=False,  # the prompt's; here so that a person's logs are one index away
        db_index=False,
    )
    prompt = models.ForeignKey(
        "prompts.Prompt", on_delete=models.CASCADE, related_name="logs", db_index=False
    )
    version = models.PositiveIntegerField(editable=False)  # of the prompt, that produced it
    output = models.TextField(validators=[MaxLengthValidator(TEXT_MAX_LENGTH)])
    model_used = models.CharField(max_length=MODEL_MAX_LENGTH)
    notes = models.TextField(
        null=True, blank=True, validators=[MaxLengthValidator(TEXT_MAX_LENGTH)]
    )
    score = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(10)]
    )
    created_at = models.DateTimeField(editable=False)

    objects = LogQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "id"], name="log_owner_id"),
            models.Index(fields=["prompt", "id"], name="log_prompt_id"),
            models.Index(fields=["owner", "score", "id"], name="log_owner_score"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(score__gte=0, score__lte=10), name="log_score_is_0_to_10"
            ),
            models.CheckConstraint(condition=~models.Q(output=""), name="log_output_is_not_empty"),
            models.CheckConstraint(
                condition=~models.Q(model_used=""), name="log_model_used_is_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return self.wire_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self.owner_id = self.prompt.owner_id
            self.version = self.version or self.prompt.version
            self.created_at = timezone.now()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        require_text(self, "output", "model_used")

    @property
    def wire_id(self) -> str:
        return ids.encode(self.KIND, self.pk)
