from typing import Any, ClassVar

from rest_framework import serializers

from promptcrafter import ids
from promptcrafter.fields import IdField, SharedFields, TextField, WholeNumberField
from prompts import tags
from prompts.models import (
    MESSAGE_MAX_LENGTH,
    MODEL_MAX_LENGTH,
    TEXT_MAX_LENGTH,
    TITLE_MAX_LENGTH,
    TITLE_MIN_LENGTH,
    Prompt,
    Version,
)
from prompts.models.labels import among


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


class PromptSerializer(SharedFields, serializers.ModelSerializer):
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
        validators: ClassVar[list[Any]] = []  # else DRF looks for some each time
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
