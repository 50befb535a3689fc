import re
from typing import Any, ClassVar, TypedDict

from orjson import Fragment
from rest_framework import serializers

from accounts.serializers import NothingElse
from promptcrafter import ids
from promptcrafter.fields import (
    IdField,
    JsonObjectField,
    NumberField,
    SharedFields,
    TextField,
    WholeNumberField,
    as_sent,
)
from prompts import costs
from prompts.models import EXTERNAL_ID_MAX_LENGTH, MODEL_MAX_LENGTH, TEXT_MAX_LENGTH, Log, Prompt
from prompts.parameters import LabelField


class CostField(serializers.Field):
    """Dollars, as a number or, to the last digit, its text; answered as text."""

    default_error_messages = {
        "invalid": f"Send dollars, like 0.0125 or its text: from 0 to {costs.MAXIMUM}, with at "
        f"most {costs.DECIMALS} decimals.",
    }

    def to_internal_value(self, data):
        is_text = isinstance(data, str) and re.fullmatch(costs.PATTERN, data)
        is_number = isinstance(data, int | float) and not isinstance(data, bool)
        try:
            if is_text or is_number:
                return costs.read(data)
        except ValueError:
            pass
        return self.fail("invalid")

    def to_representation(self, value):
        return costs.write(value)


class Optional(TypedDict):
    required: bool
    allow_null: bool


OPTIONAL: Optional = {"required": False, "allow_null": True}


class RatingSerializer(SharedFields, serializers.ModelSerializer):
    """What of a log may change."""

    notes = TextField(max_length=TEXT_MAX_LENGTH, allow_blank=True, **OPTIONAL)
    score = NumberField(minimum=0, maximum=10, **OPTIONAL)

    class Meta:
        model = Log
        fields = ["notes", "score"]
        validators: ClassVar[list[Any]] = []  # else DRF looks for some each time


class LogSerializer(RatingSerializer):
    """`version` is by default the one that `label` points at or, without one, the newest."""

    _id = IdField(Log.KIND, source="pk", read_only=True)
    promptId = IdField(Prompt.KIND, source="prompt_id")
    version = WholeNumberField(minimum=1, **OPTIONAL)
    label = LabelField(**OPTIONAL)  # type: ignore[assignment]
    output = TextField(max_length=TEXT_MAX_LENGTH)
    modelUsed = TextField(max_length=MODEL_MAX_LENGTH, source="model_used")
    variables = JsonObjectField(max_length=TEXT_MAX_LENGTH, **OPTIONAL)
    latencyMs = WholeNumberField(minimum=0, source="latency_ms", **OPTIONAL)
    inputTokens = WholeNumberField(minimum=0, source="input_tokens", **OPTIONAL)
    outputTokens = WholeNumberField(minimum=0, source="output_tokens", **OPTIONAL)
    costUsd = CostField(source="cost", **OPTIONAL)
    externalId = TextField(max_length=EXTERNAL_ID_MAX_LENGTH, source="external_id", **OPTIONAL)
    createdAt = serializers.DateTimeField(source="created_at", read_only=True)

    class Meta(RatingSerializer.Meta):
        fields = [
            "_id",
            "promptId",
            "version",
            "label",
            "output",
            "modelUsed",
            "variables",
            "notes",
            "score",
            "latencyMs",
            "inputTokens",
            "outputTokens",
            "costUsd",
            "externalId",
            "createdAt",
        ]

    def to_representation(self, log):
        return {
            "_id": log.wire_id,
            "promptId": ids.encode(Prompt.KIND, log.prompt_id),
            "version": log.version,
            "label": log.label,
            "output": log.output,
            "modelUsed": log.model_used,
            "variables": None if log.variables is None else Fragment(log.variables),
            "notes": log.notes,
            "score": None if log.score is None else as_sent(log.score),
            "latencyMs": log.latency_ms,
            "inputTokens": log.input_tokens,
            "outputTokens": log.output_tokens,
            "costUsd": None if log.cost is None else costs.write(log.cost),
            "externalId": log.external_id,
            "createdAt": log.created_at,
        }


class AnyLogsField(serializers.Field):
    """Up to 500 of what should be logs; each is held against LogSerializer on its own.

    No ListField, which looks at each of a million before it counts them.
    """

    MOST = 500

    default_error_messages = {
        "required": "Send `logs`, a list.",
        "null": "Send a list of logs.",
        "invalid": "Send a list of logs.",
        "empty": "Send at least one log.",
        "max_length": f"Send at most {MOST} logs.",
    }

    def to_internal_value(self, data):
        if not isinstance(data, list):
            self.fail("invalid")
        if not data:
            self.fail("empty")
        if len(data) > self.MOST:
            self.fail("max_length")
        return data


class LogBatchSerializer(NothingElse):
    logs = AnyLogsField()


class KeptLogSerializer(serializers.Serializer):
    """A log, or the error that a call for it alone would have been answered."""

    OPTIONAL = ("log", "error", "code", "fields", "logId", "labels")

    status = serializers.IntegerField()
    log = LogSerializer(required=False)
    error = serializers.CharField(required=False)
    code = serializers.CharField(required=False)
    logId = IdField(Log.KIND, required=False)
    labels = serializers.JSONField(required=False)

    def get_fields(self):
        sentences = serializers.ListField(child=serializers.CharField())
        fields = serializers.DictField(child=sentences, required=False)
        return {**super().get_fields(), "fields": fields}
