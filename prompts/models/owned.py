from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models


class OwnedQuerySet(models.QuerySet[Any]):
    def owned_by(self, user: Any) -> Self:
        """The one place where rows are limited to the caller."""
        return self.filter(owner=user)

    def newest_first(self) -> Self:
        """By key, which sorts by time of creation and never ties."""
        return self.order_by("-pk")


def require_text(thing: models.Model, *fields: str) -> None:
    """Raises ValidationError for those that hold nothing but white space."""
    blank = [field for field in fields if not (getattr(thing, field) or "").strip()]
    if blank:
        raise ValidationError(
            dict.fromkeys(blank, "Use at least one character that is not white space.")
        )
