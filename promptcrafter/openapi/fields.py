"""The schema of each kind of serializer field: exactly what the field takes."""

from typing import Any

from drf_spectacular.extensions import (
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)

from promptcrafter import ids
from promptcrafter.fields import NumberField, TextField, WholeNumberField
from promptcrafter.labels import LABEL_MAX_LENGTH
from prompts import costs
from prompts.serializers.logs import LogSerializer

# What str.strip() takes off, in any dialect of regular expressions: U+001C to U+001F and U+0085 are
# in Python's `\s`, and not in ECMAScript's.
_SPACE = r"\s\u001c-\u001f\u0085"
ANY_TEXT = r"^[^\u0000]*$"
NOT_BLANK = rf"^[{_SPACE}]*[^{_SPACE}\u0000][^\u0000]*$"
TAG = rf"^[{_SPACE}]*[^{_SPACE}\u0000](?:[^\u0000]{{0,48}}[^{_SPACE}\u0000])?[{_SPACE}]*$"

LABEL = {
    "type": "string",
    "maxLength": LABEL_MAX_LENGTH,
    "pattern": r"^(?!(?:latest|v?[0-9]+)$)[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$",
    "example": "production",
}
NUMBER = {"type": "integer", "minimum": 1, "maximum": 999_999_999}


class TextExtension(OpenApiSerializerFieldExtension):
    target_class = TextField
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        if direction == "response":
            return {"type": "string"}
        return {"type": "string", "pattern": ANY_TEXT if self.target.allow_blank else NOT_BLANK}


class NumberExtension(OpenApiSerializerFieldExtension):
    target_class = NumberField

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        return {"type": "number", "minimum": self.target.minimum, "maximum": self.target.maximum}


class WholeNumberExtension(OpenApiSerializerFieldExtension):
    target_class = WholeNumberField

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        number = {"type": "integer", "minimum": self.target.minimum, "maximum": self.target.MAXIMUM}
        if direction == "request" and self.target.or_word:
            return {"anyOf": [number, {"const": self.target.or_word}]}
        return number


class IdExtension(OpenApiSerializerFieldExtension):
    target_class = "promptcrafter.fields.IdField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        return {"type": "string", "pattern": ids.pattern(self.target.kind)}


class ScopeExtension(OpenApiSerializerFieldExtension):
    target_class = "accounts.serializers.ScopeField"
    priority = 1  # before the field that it is a kind of

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        return {"type": "string", "enum": self.target.SCOPES}


class LabelExtension(OpenApiSerializerFieldExtension):
    target_class = "accounts.serializers.LabelField"
    priority = 1  # before the field that it is a kind of

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        return dict(LABEL)


class ParameterLabelExtension(LabelExtension):
    target_class = "prompts.parameters.LabelField"


class FlagExtension(OpenApiSerializerFieldExtension):
    target_class = "promptcrafter.fields.FlagField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        return {"type": "boolean"}


class ValuesExtension(OpenApiSerializerFieldExtension):
    target_class = "prompts.serializers.rendering.ValuesField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        return {"type": "object", "maxProperties": self.target.MOST, "additionalProperties": {}}


class JsonObjectExtension(OpenApiSerializerFieldExtension):
    target_class = "promptcrafter.fields.JsonObjectField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": {}}


class AnyLogsExtension(OpenApiSerializerFieldExtension):
    target_class = "prompts.serializers.logs.AnyLogsField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Any:
        log = auto_schema.resolve_serializer(LogSerializer(), "request").ref
        return {"type": "array", "items": log, "minItems": 1, "maxItems": self.target.MOST}


class CostExtension(OpenApiSerializerFieldExtension):
    target_class = "prompts.serializers.logs.CostField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        text = {"type": "string", "pattern": costs.PATTERN, "example": "0.0125"}
        if direction == "response":  # or a sum of many
            return {**text, "pattern": r"^[0-9]+(?:\.[0-9]{1,12})?$"}
        return {"anyOf": [text, {"type": "number", "minimum": 0, "maximum": costs.MAXIMUM}]}


class NothingElseExtension(OpenApiSerializerExtension):
    target_class = "accounts.serializers.NothingElse"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**schema, "additionalProperties": False} if direction == "request" else schema


class TagsExtension(OpenApiSerializerFieldExtension):
    target_class = "prompts.serializers.prompts.TagsField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        tag = {"type": "string"}
        if direction == "request":
            tag["pattern"] = TAG
        return {"type": "array", "items": tag, "maxItems": 50}
