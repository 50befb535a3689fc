"""The history of a prompt: its text as it was after each change, for good."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models

from promptcrafter.statements import Parameter, Statement
from prompts import diffs
from prompts.models.immutable import ImmutableError
from prompts.models.labels import first_of
from prompts.models.limits import MESSAGE_MAX_LENGTH, MODEL_MAX_LENGTH, TITLE_MAX_LENGTH


class VersionQuerySet(models.QuerySet["Version"]):
    def as_of(self, *labels: str, owner: Any) -> "VersionQuerySet":
        """Of the owner's prompts that carry one of the labels, the version that the first of them
        points at; with its `prompt`, whose key `carried` is, too."""
        return (
            self.filter(
                first_of(*labels, via="prompt__label_rows__"),
                prompt__label_rows__owner=owner,
                prompt__label_rows__version=models.F("number"),
                prompt__deleted_at=None,
            )
            .alias(carried=models.F("prompt__label_rows__prompt"))
            .select_related("prompt")
            .defer(*(f"prompt__{name}" for name in (*diffs.FIELDS, "variables", "search_text")))
        )

    def read(self, prompt: Any, number: int) -> "Version":
        """That prompt's version of a number that it has; one query."""
        version = _READ.first(prompt=prompt.pk, number=number)
        if version is None:
            raise Version.DoesNotExist
        version.prompt = prompt
        return version

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
    variables = models.JSONField(default=list, editable=False)
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


_READ = Statement(
    lambda: Version.objects.filter(
        prompt=Parameter("prompt", models.UUIDField()),
        number=Parameter("number", models.IntegerField()),
    )
)
