from rest_framework import serializers

from promptcrafter import ids
from promptcrafter.fields import IdField
from prompts import diffs
from prompts.models import Version
from prompts.serializers.prompts import MessageField, TagsField, VariableSerializer


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
            "authorId": user_id(version.author_id),
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


def user_id(key):
    return None if key is None else ids.encode("user", key)
