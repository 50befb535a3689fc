from rest_framework import serializers

from promptcrafter import ids
from promptcrafter.fields import IdField, NumberField, TextField, as_sent
from prompts import tags
from prompts.models import (
    MODEL_MAX_LENGTH,
    TEXT_MAX_LENGTH,
    TITLE_MAX_LENGTH,
    TITLE_MIN_LENGTH,
    Log,
    Prompt,
)

QUERY_MAX_LENGTH = 1_000


class TagsField(serializers.ListField):
    default_error_messages = {"null": "Send a list of strings; [] for none."}

    def to_internal_value(self, data):
        try:
            return tags.clean(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


class PromptSerializer(serializers.ModelSerializer):
    """Declares and validates. Rows are written out by hand: a list is mostly this function."""

    _id = IdField(Prompt.KIND, source="pk", read_only=True)
    ownerId = IdField("user", source="owner_id", read_only=True)
    title = TextField(min_length=TITLE_MIN_LENGTH, max_length=TITLE_MAX_LENGTH)
    content = TextField(max_length=TEXT_MAX_LENGTH)
    model = TextField(max_length=MODEL_MAX_LENGTH)
    tags = TagsField(required=False)
    createdAt = serializers.DateTimeField(source="created_at", read_only=True)
    updatedAt = serializers.DateTimeField(source="updated_at", read_only=True)

    class Meta:
        model = Prompt
        fields = ["_id", "ownerId", "title", "content", "model", "tags", "createdAt", "updatedAt"]

    def to_representation(self, prompt):
        return {
            "_id": prompt.wire_id,
            "ownerId": ids.encode("user", prompt.owner_id),
            "title": prompt.title,
            "content": prompt.content,
            "model": prompt.model,
            "tags": prompt.tags,
            "createdAt": prompt.created_at,
            "updatedAt": prompt.updated_at,
        }

    def update(self, prompt, validated_data):
        prompt.edit(**validated_data)
        return prompt


class LogSerializer(serializers.ModelSerializer):
    _id = IdField(Log.KIND, source="pk", read_only=True)
    promptId = IdField(Prompt.KIND, source="prompt_id")
    output = TextField(max_length=TEXT_MAX_LENGTH)
    modelUsed = TextField(max_length=MODEL_MAX_LENGTH, source="model_used")
    notes = TextField(max_length=TEXT_MAX_LENGTH, required=False, allow_null=True, allow_blank=True)
    score = NumberField(minimum=0, maximum=10, required=False, allow_null=True)
    createdAt = serializers.DateTimeField(source="created_at", read_only=True)

    class Meta:
        model = Log
        fields = ["_id", "promptId", "output", "modelUsed", "notes", "score", "createdAt"]

    def to_representation(self, log):
        return {
            "_id": log.wire_id,
            "promptId": ids.encode(Prompt.KIND, log.prompt_id),
            "output": log.output,
            "modelUsed": log.model_used,
            "notes": log.notes,
            "score": None if log.score is None else as_sent(log.score),
            "createdAt": log.created_at,
        }


class SearchSerializer(serializers.Serializer):
    """The parameters of a search."""

    q = TextField(max_length=QUERY_MAX_LENGTH)
