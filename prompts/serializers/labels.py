from rest_framework import serializers

from promptcrafter.fields import IdField, WholeNumberField
from prompts.models import Label, LabelMove
from prompts.serializers.prompts import MessageField
from prompts.serializers.versions import user_id


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
            "actorId": user_id(label.move.actor_id),
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
            "actorId": user_id(move.actor_id),
            "note": move.note,
            "createdAt": move.created_at,
        }
