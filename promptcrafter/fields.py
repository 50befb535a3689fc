"""Serializer fields that take what they say and nothing like it: no coercion, no trimming."""

import json
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from rest_framework import serializers
from rest_framework.fields import empty

from promptcrafter import ids


class SharedFields(serializers.Serializer[Any]):
    """A serializer whose fields are made once and not for each request, which was a tenth of what
    saving a prompt costs.

    For fields that keep nothing of what they validate and ask for no context, as ours do.
    """

    @property
    def fields(self) -> Any:
        return _fields(type(self), self.partial)


@cache
def _fields(kind: type[SharedFields], is_partial: bool) -> Any:
    made: Any = serializers.Serializer.fields  # a cached_property
    return made.func(kind(partial=is_partial))


class TextField(serializers.CharField):
    """A JSON string, kept to the character. NUL and lone surrogates, which a database can't hold,
    are refused by CharField's own validators."""

    default_error_messages = {
        "required": "This is required.",
        "null": "Send a string, not null.",
        "invalid": "Send a string.",
        "blank": "Send at least one character that is not white space.",
        "min_length": "Use at least {min_length} characters.",
        "max_length": "Use at most {max_length} characters.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        if isinstance(data, str) and not self.allow_blank and not data.strip():
            self.fail("blank")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class NumberField(serializers.Field):
    """A JSON number from `minimum` to `maximum`, answered as the number that was sent."""

    default_error_messages = {
        "required": "This is required.",
        "invalid": "Send a number from {minimum} to {maximum}.",
    }

    def __init__(self, *, minimum: float, maximum: float, **kwargs: Any) -> None:
        self.minimum, self.maximum = minimum, maximum
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> float:
        is_number = isinstance(data, int | float) and not isinstance(data, bool)
        if not is_number or not self.minimum <= data <= self.maximum:
            self.fail("invalid", minimum=self.minimum, maximum=self.maximum)
        return float(data)

    def to_representation(self, value: float) -> float | int:
        return as_sent(value)


class FlagField(serializers.Field):
    """JSON's true or false."""

    default_error_messages = {
        "null": "Send true or false, not null.",
        "invalid": "Send true or false.",
    }

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class WholeNumberField(serializers.Field):
    """A JSON number that is whole (3 and 3.0 are one number, RFC 8259 and JSON Schema), from
    `minimum` on or, where there is one, that very word."""

    MAXIMUM = 2_147_483_647  # of the databases' integers

    default_error_messages = {
        "required": "This is required.",
        "null": "Send a whole number, not null.",
        "invalid": "Send a whole number from {minimum} on{or_word}.",
    }

    def __init__(self, *, minimum: int, or_word: str | None = None, **kwargs: Any) -> None:
        self.minimum, self.or_word = minimum, or_word
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int | str:
        if self.or_word is not None and data == self.or_word:
            return self.or_word
        is_whole = type(data) is int or (isinstance(data, float) and data.is_integer())
        if not is_whole or not self.minimum <= data <= self.MAXIMUM:
            word = f', or "{self.or_word}"' if self.or_word else ""
            self.fail("invalid", minimum=self.minimum, or_word=word)
        return int(data)

    def to_representation(self, value: int) -> int:
        return value


class JsonObjectField(serializers.Field):
    """Any JSON object, kept as its text, with keys in order: two are equal when their texts are."""

    default_error_messages = {
        "invalid": "Send an object.",
        "unwritable": "A number or a character in it can't be kept.",
        "max_length": "Use at most {max_length} characters of JSON.",
    }

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        self.max_length = max_length
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, dict):
            self.fail("invalid")
        try:
            json.dumps(data, allow_nan=False)  # to orjson, infinity is null
            text = orjson.dumps(data, option=orjson.OPT_SORT_KEYS).decode()
        except (ValueError, TypeError, RecursionError):
            self.fail("unwritable")
        if len(text) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return text


def as_sent(value: float) -> float | int:
    """9.0 as 9: a column of floats does not remember which numbers were whole."""
    return int(value) if value.is_integer() else value


class IdField(serializers.Field):
    """An id of one kind: `prompt_…` on the wire, a UUID inside."""

    default_error_messages = {
        "required": "This is required.",
        "null": "Send an id, not null.",
        "invalid": "Send a {kind} id: `{kind}_` and 26 lower-case letters and digits.",
    }

    def __init__(self, kind: str, **kwargs: Any) -> None:
        self.kind = kind
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> UUID:
        try:
            return ids.decode(self.kind, data if isinstance(data, str) else "")
        except ids.MalformedId:
            self.fail("invalid", kind=self.kind)
