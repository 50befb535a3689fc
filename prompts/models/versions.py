"""The history of a prompt: its text as it was after each change, for good."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models

from prompts import diffs
from prompts.models.limits import MESSAGE_MAX_LENGTH, MODEL_MAX_LENGTH, TITLE_MAX_LENGTH


class ImmutableError(TypeError):
    """Somebody tried to rewrite history; a mistake in our code, never in a request."""


class VersionQuerySet(models.QuerySet["Version"]):
    def newest_first(self) -> "VersionQuerySet":
        return self.order_by("-number")

    def update(self, **kwargs: Any) -> NoReturn:
        raise ImmutableError("Versions are never changed.")

    def delete(self) -> NoReturn:
        raise ImmutableError("Versions end with their prompt, never before.")


class Version(models.Model):
    """Addressed by (prompt, number). Ends only with its prompt, by Django's cascade."""

    class Source(models.TextChoices):
        CREATE = "create"
        EDIT = "edit"
        RESTORE = "restore"

    prompt = models.ForeignKey(
        "prompts.Prompt",
        on_delete=models.CASCADE,
        related_name="versions",
        editable=False,
        db_index=False,  # the unique constraint's index serves
    )
    number = models.PositiveIntegerField(editable=False)
    title = models.CharField(max_length=TITLE_MAX_LENGTH, editable=False)
    content = models.TextField(editable=False)
    model = models.CharField(max_length=MODEL_MAX_LENGTH, editable=False)
    tags = models.JSONField(editable=False)
    message = models.CharField(max_length=MESSAGE_MAX_LENGTH, blank=True, editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,  # an operator's account may end before the prompts they mended
        related_name="+",
        editable=False,
    )
    source = models.CharField(max_length=7, choices=Source, editable=False)
    created_at = models.DateTimeField(editable=False)

    objects = VersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prompt", "number"], name="version_number_is_unique"),
            models.CheckConstraint(
                condition=models.Q(number__gte=1), name="version_numbers_start_at_1"
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ImmutableError("Versions are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ImmutableError("Versions end with their prompt, never before.")

    @property
    def owner_id(self) -> Any:
        return self.prompt.owner_id

    @property
    def text(self) -> dict[str, Any]:
        """The fields that a version keeps of its prompt."""
        return {name: getattr(self, name) for name in diffs.FIELDS}
