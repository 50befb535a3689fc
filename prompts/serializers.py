import re
from typing import TypedDict

from orjson import Fragment
from rest_framework import serializers

from promptcrafter import ids
from promptcrafter.fields import (
    FlagField,
    IdField,
    JsonObjectField,
    NumberField,
    TextField,
    WholeNumberField,
    as_sent,
)
from prompts import costs, diffs, rendering, tags
from prompts.evidence import Verdict
from prompts.models import (
    EXTERNAL_ID_MAX_LENGTH,
    MESSAGE_MAX_LENGTH,
    MODEL_MAX_LENGTH,
    TEXT_MAX_LENGTH,
    TITLE_MAX_LENGTH,
    TITLE_MIN_LENGTH,
    Label,
    LabelMove,
    Log,
    Prompt,
    Version,
)
from prompts.models.labels import among
from prompts.parameters import LabelField
from prompts.statistics import BINS, percentile


class TagsField(serializers.ListField):
    default_error_messages = {"null": "Send a list of strings; [] for none."}

    def to_internal_value(self, data):
        try:
            return tags.clean(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


class MessageField(TextField):
    """What a change was for."""

    def __init__(self, **kwargs):
        super().__init__(max_length=MESSAGE_MAX_LENGTH, required=False, allow_blank=True, **kwargs)


class VariableSerializer(serializers.Serializer):
    """What stands in a text to be filled in."""

    OPTIONAL = ("default",)

    name = serializers.CharField()
    default = serializers.CharField(required=False)


class PromptSerializer(serializers.ModelSerializer):
    """Declares and validates. Rows are written out by hand: a list is mostly this function."""

    _id = IdField(Prompt.KIND, source="pk", read_only=True)
    ownerId = IdField("user", source="owner_id", read_only=True)
    title = TextField(min_length=TITLE_MIN_LENGTH, max_length=TITLE_MAX_LENGTH)
    content = TextField(max_length=TEXT_MAX_LENGTH)
    model = TextField(max_length=MODEL_MAX_LENGTH)
    tags = TagsField(required=False)
    message = MessageField(write_only=True)
    variables = VariableSerializer(many=True, read_only=True)
    version = serializers.IntegerField(read_only=True)
    labels = serializers.DictField(child=serializers.IntegerField(min_value=1), read_only=True)
    createdAt = serializers.DateTimeField(source="created_at", read_only=True)
    updatedAt = serializers.DateTimeField(source="updated_at", read_only=True)

    class Meta:
        model = Prompt
        fields = [
            "_id",
            "ownerId",
            "title",
            "content",
            "model",
            "tags",
            "message",
            "variables",
            "version",
            "labels",
            "createdAt",
            "updatedAt",
        ]

    def to_representation(self, shown):
        """A prompt as it is or, of one of its versions, as it was."""
        is_past = isinstance(shown, Version)
        prompt = shown.prompt if is_past else shown
        return {
            "_id": prompt.wire_id,
            "ownerId": ids.encode("user", prompt.owner_id),
            "title": shown.title,
            **self._content(shown),
            "model": shown.model,
            "tags": shown.tags,
            "variables": shown.variables,
            "version": shown.number if is_past else prompt.version,
            "labels": among(self.context.get("labels"), prompt.labels),
            "createdAt": prompt.created_at,
            "updatedAt": shown.created_at if is_past else prompt.updated_at,
        }

    def _content(self, shown):
        """Or, in a list, as much of it as was asked for."""
        how = self.context.get("content", "full")
        if how == "full":
            return {"content": shown.content}
        return {"preview": shown.preview} if how == "preview" else {}

    def create(self, validated_data):
        saving = {name: validated_data.pop(name, "") for name in ("author", "message")}
        prompt = Prompt(**validated_data)
        prompt.save(**saving)
        return prompt

    def update(self, prompt, validated_data):
        prompt.edit(**validated_data)
        return prompt


class EditSerializer(PromptSerializer):
    baseVersion = WholeNumberField(
        minimum=1, source="base_version", required=False, write_only=True
    )

    class Meta(PromptSerializer.Meta):
        fields = [*PromptSerializer.Meta.fields, "baseVersion"]


class EditedPromptSerializer(PromptSerializer):
    OPTIONAL = ("warnings",)

    warnings = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="What the edit may have broken."
    )

    class Meta(PromptSerializer.Meta):
        fields = [*PromptSerializer.Meta.fields, "warnings"]


class TrashedPromptSerializer(PromptSerializer):
    deletedAt = serializers.DateTimeField(source="deleted_at", read_only=True)

    class Meta(PromptSerializer.Meta):
        fields = [*PromptSerializer.Meta.fields, "deletedAt"]

    def to_representation(self, prompt):
        return {**super().to_representation(prompt), "deletedAt": prompt.deleted_at}


class VersionSerializer(serializers.ModelSerializer):
    tags = TagsField(read_only=True)
    variables = VariableSerializer(many=True, read_only=True)
    authorId = IdField("user", source="author_id", read_only=True, allow_null=True)
    createdAt = serializers.DateTimeField(source="created_at", read_only=True)

    class Meta:
        model = Version
        fields = [
            "number",
            "title",
            "content",
            "model",
            "tags",
            "variables",
            "message",
            "authorId",
            "createdAt",
            "source",
        ]

    def to_representation(self, version):
        return {
            "number": version.number,
            "title": version.title,
            "content": version.content,
            "model": version.model,
            "tags": version.tags,
            "variables": version.variables,
            "message": version.message,
            "authorId": _user_id(version.author_id),
            "createdAt": version.created_at,
            "source": version.source,
        }


class RestoreSerializer(serializers.Serializer):
    message = MessageField(write_only=True)


class ChangeSerializer(serializers.Serializer):
    field = serializers.ChoiceField(diffs.FIELDS)
    before = serializers.JSONField()
    after = serializers.JSONField()


class VariablesSerializer(serializers.Serializer):
    added = serializers.ListField(child=serializers.CharField())
    removed = serializers.ListField(child=serializers.CharField())


class DiffSerializer(serializers.Serializer):
    """The shape of what `prompts.diffs` finds."""

    to = serializers.IntegerField(min_value=1)
    changes = ChangeSerializer(many=True)
    contentDiff = serializers.CharField()
    variables = VariablesSerializer()

    def get_fields(self):
        return {"from": serializers.IntegerField(min_value=1), **super().get_fields()}


class LabelSerializer(serializers.ModelSerializer):
    """What a label is set to: a version's number, or `latest`, which is resolved at once."""

    version = WholeNumberField(minimum=1, or_word="latest")
    note = MessageField()
    expectedVersion = WholeNumberField(
        minimum=1, source="expected_version", required=False, allow_null=True, write_only=True
    )
    actorId = IdField("user", source="move.actor_id", read_only=True, allow_null=True)
    updatedAt = serializers.DateTimeField(source="move.created_at", read_only=True)

    class Meta:
        model = Label
        fields = ["name", "version", "note", "expectedVersion", "actorId", "updatedAt"]

    def to_representation(self, label):
        return {
            "name": label.name,
            "version": label.version,
            "note": label.move.note,
            "actorId": _user_id(label.move.actor_id),
            "updatedAt": label.move.created_at,
        }


class RollbackSerializer(serializers.Serializer):
    note = MessageField(write_only=True)


class LabelMoveSerializer(serializers.ModelSerializer):
    actorId = IdField("user", source="actor_id", read_only=True, allow_null=True)
    createdAt = serializers.DateTimeField(source="created_at", read_only=True)

    class Meta:
        model = LabelMove
        fields = ["from", "to", "actorId", "note", "createdAt"]
        extra_kwargs = {"from": {"source": "from_version"}, "to": {"source": "to_version"}}

    def to_representation(self, move):
        return {
            "from": move.from_version,
            "to": move.to_version,
            "actorId": _user_id(move.actor_id),
            "note": move.note,
            "createdAt": move.created_at,
        }


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


class RatingSerializer(serializers.ModelSerializer):
    """What of a log may change."""

    notes = TextField(max_length=TEXT_MAX_LENGTH, allow_blank=True, **OPTIONAL)
    score = NumberField(minimum=0, maximum=10, **OPTIONAL)

    class Meta:
        model = Log
        fields = ["notes", "score"]


class LogSerializer(RatingSerializer):
    """`version` is by default the one that `label` points at or, without one, the newest."""

    _id = IdField(Log.KIND, source="pk", read_only=True)
    promptId = IdField(Prompt.KIND, source="prompt_id")
    version = WholeNumberField(minimum=1, required=False)
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

    class Meta:
        model = Log
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


class LogBatchSerializer(serializers.Serializer):
    """Each of them is held against LogSerializer on its own."""

    MOST = 500

    logs = serializers.ListField(
        child=serializers.JSONField(),
        allow_empty=False,
        max_length=MOST,
        error_messages={
            "required": "Send `logs`, a list.",
            "not_a_list": "Send a list of logs.",
            "empty": "Send at least one log.",
            "max_length": f"Send at most {MOST} logs.",
        },
    )


class KeptLogSerializer(serializers.Serializer):
    """A log, or the error that a call for it alone would have been answered."""

    OPTIONAL = ("log", "error", "code", "fields", "logId", "labels")

    status = serializers.IntegerField()
    log = LogSerializer(required=False)
    error = serializers.CharField(required=False)
    code = serializers.CharField(required=False)


class IntervalSerializer(serializers.Serializer):
    """Of 95 %."""

    low = serializers.FloatField()
    high = serializers.FloatField()


class PercentilesSerializer(serializers.Serializer):
    p50 = serializers.FloatField(allow_null=True)
    p95 = serializers.FloatField(allow_null=True)


class OutputsSerializer(serializers.Serializer):
    """What some outputs say. `interval` is that of the mean (Student's t), and null where there are
    fewer than five scores."""

    outputs = serializers.IntegerField(min_value=0)
    scored = serializers.IntegerField(min_value=0)
    enoughData = serializers.BooleanField()
    mean = serializers.FloatField(allow_null=True)
    median = serializers.FloatField(allow_null=True)
    stdev = serializers.FloatField(allow_null=True)
    min = serializers.FloatField(allow_null=True)
    max = serializers.FloatField(allow_null=True)
    interval = IntervalSerializer(allow_null=True)
    histogram = serializers.ListField(
        child=serializers.IntegerField(min_value=0),
        min_length=BINS,
        max_length=BINS,
        help_text="How many scores from 0 up to 1, from 1 up to 2, …, and of 10.",
    )
    latencyMs = PercentilesSerializer()
    inputTokens = serializers.IntegerField(allow_null=True)
    outputTokens = serializers.IntegerField(allow_null=True)
    costUsd = CostField(allow_null=True)
    firstUsedAt = serializers.DateTimeField(allow_null=True)
    lastUsedAt = serializers.DateTimeField(allow_null=True)

    def to_representation(self, summary):
        scores, latencies = summary.scores, summary.latencies
        return {
            "outputs": summary.outputs,
            "scored": scores.size,
            "enoughData": summary.has_enough,
            "mean": _rounded(scores.mean) if scores.size else None,
            "median": _rounded(scores.median) if scores.size else None,
            "stdev": _rounded(scores.stdev) if scores.size > 1 else None,
            "min": scores.min if scores.size else None,
            "max": scores.max if scores.size else None,
            "interval": _interval(scores.interval) if summary.has_enough else None,
            "histogram": scores.histogram,
            "latencyMs": {
                "p50": _rounded(percentile(latencies, 0.5)) if latencies else None,
                "p95": _rounded(percentile(latencies, 0.95)) if latencies else None,
            },
            "inputTokens": summary.input_tokens,
            "outputTokens": summary.output_tokens,
            "costUsd": None if summary.cost is None else costs.write(summary.cost),
            "firstUsedAt": summary.first_at,
            "lastUsedAt": summary.last_at,
        }


class SummarySerializer(OutputsSerializer):
    """With what they have in common; null is what they were not told apart by."""

    def get_fields(self):
        return {
            "version": serializers.IntegerField(min_value=1, allow_null=True),
            "model": serializers.CharField(allow_null=True),
            **super().get_fields(),
        }

    def to_representation(self, row):
        version, model, summary = row
        return {"version": version, "model": model, **super().to_representation(summary)}


class SideSerializer(OutputsSerializer):
    def get_fields(self):
        return {"name": serializers.CharField(), **super().get_fields()}

    def to_representation(self, side):
        return {"name": side.name, **super().to_representation(side.summary)}


class EstimateSerializer(serializers.Serializer):
    value = serializers.FloatField()
    interval = IntervalSerializer()

    def to_representation(self, estimate):
        return {"value": _rounded(estimate.value), "interval": _interval(estimate.interval)}


class SuperioritySerializer(EstimateSerializer):
    """A tie counts half."""

    ties = serializers.FloatField(help_text="How likely both score the same.")

    def to_representation(self, found):
        return {**super().to_representation(found), "ties": _rounded(found.ties)}


class ComparisonSerializer(serializers.Serializer):
    by = serializers.ChoiceField(["version", "model"])
    a = SideSerializer()
    b = SideSerializer()
    verdict = serializers.ChoiceField([str(each) for each in Verdict], help_text="About b.")
    sentence = serializers.CharField()
    method = serializers.ChoiceField(["welch", "paired"], allow_null=True)
    pairs = serializers.IntegerField(
        min_value=0, help_text="Sets of variables with scored outputs on both sides."
    )
    difference = EstimateSerializer(allow_null=True, help_text="Mean of b less mean of a.")
    probability = SuperioritySerializer(
        allow_null=True, help_text="That a random output of b beats one of a."
    )
    warnings = serializers.ListField(child=serializers.CharField())

    def to_representation(self, shown):
        a, b = shown["sides"]
        found = shown["comparison"]
        method = "paired" if found.is_paired else "welch"
        is_known = found.difference is not None
        return {
            "by": shown["by"],
            "a": SideSerializer().to_representation(a),
            "b": SideSerializer().to_representation(b),
            "verdict": found.verdict,
            "sentence": found.sentence,
            "method": method if is_known else None,
            "pairs": found.pairs,
            "difference": EstimateSerializer(found.difference).data if is_known else None,
            "probability": SuperioritySerializer(found.superiority).data if is_known else None,
            "warnings": shown["warnings"],
        }


class RankedPromptSerializer(serializers.Serializer):
    promptId = IdField(Prompt.KIND)
    title = serializers.CharField()
    scored = serializers.IntegerField(min_value=2)
    mean = serializers.FloatField()
    stdev = serializers.FloatField()
    interval = IntervalSerializer()
    lowerBound = serializers.FloatField(help_text="What they are in order of.")

    def to_representation(self, ranked):
        scored = ranked.scored
        return {
            "promptId": ids.encode(Prompt.KIND, scored.prompt),
            "title": self.context["titles"][scored.prompt],
            "scored": scored.size,
            "mean": _rounded(scored.mean),
            "stdev": _rounded(scored.variance**0.5),
            "interval": _interval(ranked.interval),
            "lowerBound": _rounded(ranked.lower_bound),
        }


def _interval(interval):
    return {"low": _rounded(interval.low), "high": _rounded(interval.high)}


def _rounded(value):
    """Statistics to six decimals: more would be noise of their summing up."""
    return round(value, 6)


class ListedPromptSerializer(PromptSerializer):
    """The shape of a prompt in a list: `content`, `preview` or neither, after what was asked."""

    OPTIONAL: tuple[str, ...] = ("content", "preview")

    content = TextField(read_only=True)
    preview = serializers.CharField(read_only=True, required=False)

    class Meta(PromptSerializer.Meta):
        fields = [*PromptSerializer.Meta.fields, "preview"]


class MatchSerializer(serializers.Serializer):
    """The shape of what prompts.search finds: characters of the stored text."""

    OPTIONAL = ("index",)

    field = serializers.ChoiceField(["title", "tags", "content"])
    index = serializers.IntegerField(min_value=0, required=False, help_text="Of the tag.")
    start = serializers.IntegerField(min_value=0)
    end = serializers.IntegerField(min_value=1)


class FoundPromptSerializer(ListedPromptSerializer):
    OPTIONAL = (*ListedPromptSerializer.OPTIONAL, "matches")
    matches = MatchSerializer(many=True, required=False, read_only=True)

    class Meta(ListedPromptSerializer.Meta):
        fields = [*ListedPromptSerializer.Meta.fields, "matches"]


class TagCountSerializer(serializers.Serializer):
    tag = serializers.CharField()
    count = serializers.IntegerField(min_value=1)


class ModelCountSerializer(serializers.Serializer):
    model = serializers.CharField()
    count = serializers.IntegerField(min_value=1)


class BatchItemSerializer(serializers.Serializer):
    """A prompt, or the error that a call for it alone would have been answered."""

    OPTIONAL = ("prompt", "error", "code")

    id = serializers.CharField()
    status = serializers.IntegerField()
    prompt = PromptSerializer(required=False)
    error = serializers.CharField(required=False)
    code = serializers.CharField(required=False)


class ValuesField(serializers.Field):
    """What variables are filled in with: any JSON by their names. What comes of it is text."""

    default_error_messages = {
        "null": "Send an object, or leave it out.",
        "invalid": "Send an object with a value for each variable, by its name.",
        "max_length": "Send at most {most} values.",
        "unwritable": "The value of {name} can't be written as text.",
    }
    MOST = 1_000

    def to_internal_value(self, data):
        if not isinstance(data, dict):
            self.fail("invalid")
        if len(data) > self.MOST:
            self.fail("max_length", most=self.MOST)
        return {name: self._text(name, value) for name, value in data.items()}

    def _text(self, name, value):
        try:
            text = rendering.as_text(value)
            f"{name}{text}".encode()  # no lone surrogates
        except (ValueError, RecursionError):
            self.fail("unwritable", name=ascii(name[: rendering.NAME_MAX_LENGTH]))
        return text


class RenderSerializer(serializers.Serializer):
    variables = ValuesField(required=False)
    version = WholeNumberField(minimum=1, or_word="latest", required=False)
    label = LabelField(required=False)  # type: ignore[assignment]
    strict = FlagField(required=False)


class DraftSerializer(serializers.Serializer):
    content = TextField(max_length=TEXT_MAX_LENGTH)


class RenderDraftSerializer(DraftSerializer):
    variables = ValuesField(required=False)
    strict = FlagField(required=False)


class RenderedDraftSerializer(serializers.Serializer):
    """The shape of what prompts.rendering makes of a text."""

    content = serializers.CharField()
    used = serializers.ListField(child=serializers.CharField(), help_text="Values, by name.")
    unused = serializers.ListField(
        child=serializers.CharField(), help_text="Values that the text has no variable for."
    )
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="Variables that were left as they are."
    )


class RenderedSerializer(RenderedDraftSerializer):
    version = serializers.IntegerField(min_value=1)


class NearMissSerializer(serializers.Serializer):
    """Text that looks like a variable and is none, in characters of the content."""

    text = serializers.CharField()
    start = serializers.IntegerField(min_value=0)
    end = serializers.IntegerField(min_value=1)
    why = serializers.CharField()


class CheckedSerializer(serializers.Serializer):
    variables = VariableSerializer(many=True)
    warnings = NearMissSerializer(many=True)


def _user_id(key):
    return None if key is None else ids.encode("user", key)
