"""What lists and searches can be asked for; each with the errors that say what is allowed."""

from rest_framework import serializers

from promptcrafter.fields import TextField
from promptcrafter.labels import check_name
from promptcrafter.parameters import CountField, DecimalField, MomentField, WordField
from prompts import paging, references
from prompts.models import EXTERNAL_ID_MAX_LENGTH, MODEL_MAX_LENGTH
from prompts.tags import MAX_COUNT as TAG_MAX_COUNT
from prompts.tags import MAX_LENGTH as TAG_MAX_LENGTH

PAGE_MAX = 500
PAGE = 50  # where a cursor comes without a limit
QUERY_MAX_LENGTH = 1_000
TERMS_MAX = 50
IDS_MAX = 100
CONTENT = ("full", "preview", "none")


class AnyText(serializers.Field):
    def to_internal_value(self, data):
        return data


class TagsField(serializers.ListField):
    """Each once, and no more than a prompt can have."""

    def to_internal_value(self, data):
        tags = list(dict.fromkeys(super().to_internal_value(data[: 20 * TAG_MAX_COUNT])))
        if len(tags) > TAG_MAX_COUNT:
            raise serializers.ValidationError(f"Send at most {TAG_MAX_COUNT} different tags.")
        return tags


class LabelField(TextField):
    """Raises MalformedLabel."""

    def to_internal_value(self, data):
        return check_name(super().to_internal_value(data))


class VersionField(TextField):
    """A version's number; raises MalformedVersion."""

    def to_internal_value(self, data):
        return references.number(super().to_internal_value(data))


def orderings(sorts):
    return [f"{sign}{name}" for name in sorts for sign in ("", "-")]


def names(shape):
    """Of the parameters, as a view names those that it takes."""
    return tuple(shape().fields)


class PageParameters(serializers.Serializer):
    limit = CountField(minimum=1, maximum=PAGE_MAX)
    cursor = TextField(required=False)


class PromptFilters(serializers.Serializer):
    tag = TagsField(child=TextField(max_length=TAG_MAX_LENGTH), required=False)
    model = TextField(max_length=MODEL_MAX_LENGTH, required=False)
    label = LabelField(required=False)  # type: ignore[assignment]  # a parameter's name
    createdAfter = MomentField()
    createdBefore = MomentField()
    updatedAfter = MomentField()
    updatedBefore = MomentField()


class PromptListParameters(PromptFilters, PageParameters):
    ordering = WordField(orderings(paging.PROMPTS), default="-createdAt")
    content = WordField(CONTENT, default="full")


class SearchParameters(PromptFilters, PageParameters):
    q = TextField(max_length=QUERY_MAX_LENGTH)
    highlight = WordField(("true", "false"), default="false")
    content = WordField(CONTENT, default="full")


class LogListParameters(PageParameters):
    promptId = AnyText(required=False)  # what is wrong with it says ids.decode
    version = VersionField(required=False)
    label = LabelField(required=False)  # type: ignore[assignment]  # a parameter's name
    modelUsed = TextField(max_length=MODEL_MAX_LENGTH, required=False)
    externalId = TextField(max_length=EXTERNAL_ID_MAX_LENGTH, required=False)
    minScore = DecimalField(minimum=0, maximum=10)
    maxScore = DecimalField(minimum=0, maximum=10)
    createdAfter = MomentField()
    createdBefore = MomentField()
    ordering = WordField(orderings(paging.LOGS), default="-createdAt")


class SpanParameters(serializers.Serializer):
    since = MomentField()
    until = MomentField()

    def validate(self, asked):
        if "since" in asked and "until" in asked and asked["since"] >= asked["until"]:
            raise serializers.ValidationError({"until": "Send a later time than `since`."})
        return asked


class StatsParameters(SpanParameters):
    groupBy = WordField(("both", "version", "model"), default="both")


class CompareParameters(SpanParameters):
    """`a` and `b` are versions or models; which, says `by`."""

    a = TextField(max_length=MODEL_MAX_LENGTH)
    b = TextField(max_length=MODEL_MAX_LENGTH)
    by = WordField(("version", "model"), default="version")
    model = TextField(max_length=MODEL_MAX_LENGTH, required=False)
    version = TextField(required=False)


class LeaderboardParameters(serializers.Serializer):
    tag = TagsField(child=TextField(max_length=TAG_MAX_LENGTH), required=False)
    minScored = CountField(minimum=2, maximum=1_000_000, default=5)
    limit = CountField(minimum=1, maximum=PAGE_MAX, default=PAGE)


class LogBatchParameters(serializers.Serializer):
    atomic = WordField(("true", "false"), default="false")


class BatchParameters(serializers.Serializer):
    id = serializers.ListField(
        child=AnyText(),
        max_length=IDS_MAX,
        error_messages={
            "required": "Send the ids of prompts, as `?id=…&id=…`.",
            "max_length": f"Send at most {IDS_MAX} ids.",
        },
    )
    label = LabelField(required=False)  # type: ignore[assignment]  # a parameter's name


class CompletionParameters(serializers.Serializer):
    prefix = TextField(max_length=MODEL_MAX_LENGTH, required=False, allow_blank=True)
    limit = CountField(minimum=1, maximum=PAGE_MAX)
