from rest_framework import serializers

from promptcrafter import ids
from promptcrafter.fields import (
    FlagField,
    IdField,
    NumberField,
    TextField,
    WholeNumberField,
    as_sent,
)
from prompts import diffs, rendering, tags
from prompts.models import (
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


class LogSerializer(serializers.ModelSerializer):
    _id = IdField(Log.KIND, source="pk", read_only=True)
    promptId = IdField(Prompt.KIND, source="prompt_id")
    version = serializers.IntegerField(read_only=True)
    output = TextField(max_length=TEXT_MAX_LENGTH)
    modelUsed = TextField(max_length=MODEL_MAX_LENGTH, source="model_used")
    notes = TextField(max_length=TEXT_MAX_LENGTH, required=False, allow_null=True, allow_blank=True)
    score = NumberField(minimum=0, maximum=10, required=False, allow_null=True)
    createdAt = serializers.DateTimeField(source="created_at", read_only=True)

    class Meta:
        model = Log
        fields = [
            "_id",
            "promptId",
            "version",
            "output",
            "modelUsed",
            "notes",
            "score",
            "createdAt",
        ]

    def to_representation(self, log):
        return {
            "_id": log.wire_id,
            "promptId": ids.encode(Prompt.KIND, log.prompt_id),
            "version": log.version,
            "output": log.output,
            "modelUsed": log.model_used,
            "notes": log.notes,
            "score": None if log.score is None else as_sent(log.score),
            "createdAt": log.created_at,
        }


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
