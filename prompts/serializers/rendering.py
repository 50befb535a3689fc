from rest_framework import serializers

from promptcrafter.fields import FlagField, SharedFields, TextField, WholeNumberField
from prompts import rendering
from prompts.models import TEXT_MAX_LENGTH
from prompts.parameters import LabelField
from prompts.serializers.prompts import VariableSerializer


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


class RenderSerializer(SharedFields):
    variables = ValuesField(required=False)
    version = WholeNumberField(minimum=1, or_word="latest", required=False)
    label = LabelField(required=False)  # type: ignore[assignment]
    strict = FlagField(required=False)


class DraftSerializer(SharedFields):
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
