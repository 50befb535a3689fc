"""One output that a prompt produced, and what is known of how."""

import hashlib
from collections.abc import Collection, Iterable
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import IntegrityError, models, transaction
from django.db.models import Avg, Count, F, Max, Min, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from promptcrafter import ids, writes
from promptcrafter.labels import LABEL_MAX_LENGTH
from prompts.evidence import COST_HALF, Day, Pair, Tally
from prompts.models.expressions import Joined
from prompts.models.limits import EXTERNAL_ID_MAX_LENGTH, MODEL_MAX_LENGTH, TEXT_MAX_LENGTH
from prompts.models.owned import OwnedQuerySet, require_text

COST = {"cost_high": Sum(F("cost") / COST_HALF), "cost_low": Sum(F("cost") % COST_HALF)}


class ExternalIdTaken(Exception):
    """Names the log that has it."""

    def __init__(self, first: "Log") -> None:
        super().__init__(
            "You have a log with this `externalId` already; one that is not found is in the trash, "
            "with its prompt."
        )
        self.details = {"logId": first.wire_id}


class BatchRefused(Exception):
    """Of logs that are to be kept together, some can't be; tells which, and why."""

    def __init__(self, items: list[dict[str, Any]], *, of: int) -> None:
        super().__init__(f"Nothing was kept: of {of} logs {len(items)} can't be; see `items`.")
        self.details = {"items": items}


class LogQuerySet(OwnedQuerySet):
    def of_live_prompts(self) -> Self:
        """Without those that are in the trash with their prompt."""
        return self.filter(prompt__deleted_at=None)

    def with_external_ids(self, owner: Any, external_ids: Collection[str]) -> dict[str, "Log"]:
        found = self.owned_by(owner).filter(external_id__in=external_ids)
        return {log.external_id: log for log in found.only("external_id")}

    def tallies(self) -> list[Tally]:
        """One statement, and an index has all that it reads (`log_evidence`)."""
        groups = self.order_by().values_list("version", "model_used")
        rows = groups.annotate(
            outputs=Count("*"),
            sum_of_input=Sum("input_tokens"),
            sum_of_output=Sum("output_tokens"),
            **COST,
            first_at=Min("created_at"),
            last_at=Max("created_at"),
            scores=Joined("score"),
            latencies=Joined("latency_ms"),
        )
        return [Tally(*row) for row in rows]

    def days(self) -> list[Day]:
        """Of each day, in UTC, that has outputs, in order; one statement."""
        of_day = self.order_by().annotate(day=TruncDate("created_at")).values("day")
        counted = of_day.annotate(outputs=Count("*"), mean=Avg("score"), **COST)
        columns = ("day", "outputs", "mean", *COST)
        return [Day(*row) for row in counted.order_by("day").values_list(*columns)]

    def pairs(self, a: Q, b: Q) -> list[Pair]:
        """One for each set of variables with scores on both sides; one statement."""
        scored = self.order_by().filter(a | b, score__isnull=False, inputs__isnull=False)
        sides = scored.values("inputs").annotate(
            of_a=Avg("score", filter=a),
            of_b=Avg("score", filter=b),
            a_count=Count("score", filter=a),
            b_count=Count("score", filter=b),
        )
        both = sides.filter(a_count__gt=0, b_count__gt=0)
        return [Pair(*row) for row in both.values_list("of_a", "of_b", "a_count", "b_count")]

    def keep(self, logs: Iterable["Log"]) -> None:
        """Saves many new logs; an external id that is taken raises IntegrityError."""
        # Two that keep the same external ids wait for each other in turn, never in a circle.
        logs = sorted(logs, key=lambda log: log.external_id or "")
        for log in logs:
            log.complete()
        with transaction.atomic():
            self.bulk_create(logs)


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
    label = models.CharField(
        max_length=LABEL_MAX_LENGTH, null=True, editable=False, help_text="That led to the version."
    )
    variables = models.TextField(
        null=True, editable=False, help_text="A JSON object, as it is answered."
    )
    inputs = models.BigIntegerField(
        null=True, editable=False, help_text="A hash of the variables, if there are any."
    )
    latency_ms = models.PositiveIntegerField(null=True, editable=False)
    input_tokens = models.PositiveIntegerField(null=True, editable=False)
    output_tokens = models.PositiveIntegerField(null=True, editable=False)
    cost = models.BigIntegerField(null=True, editable=False, help_text="In units of prompts.costs.")
    external_id = models.CharField(max_length=EXTERNAL_ID_MAX_LENGTH, null=True, editable=False)

    objects = LogQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "id"], name="log_owner_id"),
            models.Index(fields=["prompt", "id"], name="log_prompt_id"),
            models.Index(fields=["owner", "score", "id"], name="log_owner_score"),
            models.Index(  # all that is counted; latencies in order are sorted at once
                fields=[
                    *("prompt", "version", "model_used", "latency_ms", "created_at"),
                    *("score", "input_tokens", "output_tokens", "cost", "inputs"),
                ],
                name="log_evidence",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(score__gte=0, score__lte=10), name="log_score_is_0_to_10"
            ),
            models.CheckConstraint(condition=~models.Q(output=""), name="log_output_is_not_empty"),
            models.CheckConstraint(
                condition=~models.Q(model_used=""), name="log_model_used_is_not_empty"
            ),
            models.CheckConstraint(
                condition=models.Q(cost__gte=0), name="log_cost_is_not_negative"
            ),
            models.UniqueConstraint(
                fields=["owner", "external_id"],
                condition=models.Q(external_id__isnull=False),
                name="log_external_id_is_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.wire_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            writes.require_no_options(args, kwargs)
            self.complete()
            writes.insert(writes.New(Log, self.__dict__))
            writes.saved(self)
        else:
            super().save(*args, **kwargs)

    def complete(self) -> None:
        """Sets what follows from the rest, and the time."""
        self.owner_id = self.prompt.owner_id
        self.version = self.version or self.prompt.version
        if self.variables not in {None, "{}"}:
            self.inputs = _hash(str(self.variables))
        self.created_at = timezone.now()

    def keep(self) -> None:
        """Saves a new log; raises ExternalIdTaken."""
        if self.external_id is None:  # and nothing to catch, which would take a savepoint
            self.save()
            return
        try:
            with transaction.atomic():
                self.save()
        except IntegrityError:
            known = Log.objects.with_external_ids(self.owner_id, [str(self.external_id)])
            if not known:
                raise
            (first,) = known.values()
            raise ExternalIdTaken(first) from None

    def rate(self, **changes: Any) -> bool:
        """Sets `notes` and `score`, whichever are sent; False where the log is gone."""
        for name, value in changes.items():
            setattr(self, name, value)
        rows = Log.objects.filter(pk=self.pk)
        return bool(rows.update(**changes) if changes else rows.exists())

    def clean(self) -> None:
        require_text(self, "output", "model_used")

    @property
    def wire_id(self) -> str:
        return ids.encode(self.KIND, self.pk)


def _hash(text: str) -> int:
    """Of 64 bits, which is enough for the logs of one prompt."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
