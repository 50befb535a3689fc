"""Query parameters: text that stands for a number, a time or a choice, and nothing like it."""

import re
from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Any

from rest_framework import serializers


class CountField(serializers.Field):
    """A whole number from `minimum` to `maximum`, in ASCII digits."""

    default_error_messages = {"invalid": "Send a whole number from {minimum} to {maximum}."}

    def __init__(self, *, minimum: int, maximum: int, **kwargs: Any) -> None:
        self.minimum, self.maximum = minimum, maximum
        super().__init__(required=False, **kwargs)

    def to_internal_value(self, data: str) -> int:
        is_number = re.fullmatch("[0-9]{1,9}", data)
        if not is_number or not self.minimum <= int(data) <= self.maximum:
            self.fail("invalid", minimum=self.minimum, maximum=self.maximum)
        return int(data)


class DecimalField(serializers.Field):
    """A number from `minimum` to `maximum`, like 7 or 7.5."""

    default_error_messages = {"invalid": "Send a number from {minimum} to {maximum}, like 7.5."}

    _FORM = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")  # JSON's

    def __init__(self, *, minimum: float, maximum: float, **kwargs: Any) -> None:
        self.minimum, self.maximum = minimum, maximum
        super().__init__(required=False, **kwargs)

    def to_internal_value(self, data: str) -> float:
        if not self._FORM.fullmatch(data) or not self.minimum <= float(data) <= self.maximum:
            self.fail("invalid", minimum=self.minimum, maximum=self.maximum)
        return float(data)


class MomentField(serializers.Field):
    """A moment in ISO 8601 with its offset from UTC, or a date: its first moment in UTC."""

    default_error_messages = {
        "invalid": "Send a date, like 2026-01-31, or a time with its offset from UTC, like "
        "2026-01-31T12:00:00Z; write `+` as %2B."
    }

    _FORM = re.compile(
        r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d))?", re.ASCII
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def to_internal_value(self, data: str) -> datetime:
        if not self._FORM.fullmatch(data):
            self.fail("invalid")
        try:
            if len(data) == len("2026-01-31"):
                day = date.fromisoformat(data)
                return datetime(day.year, day.month, day.day, tzinfo=UTC)
            return datetime.fromisoformat(data).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid")


class WordField(serializers.Field):
    """One of some words."""

    default_error_messages = {"invalid": "Send one of {words}."}

    def __init__(self, words: Collection[str], **kwargs: Any) -> None:
        self.words = list(words)
        super().__init__(required=False, **kwargs)

    def to_internal_value(self, data: str) -> str:
        if data not in self.words:
            self.fail("invalid", words=", ".join(f"`{word}`" for word in self.words))
        return data
