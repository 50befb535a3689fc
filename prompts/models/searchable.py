from collections.abc import Iterable
from typing import Any, Self

from django.db import models
from django.db.models import Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from prompts import search


class SearchableQuerySet(models.QuerySet[Any]):
    """Of rows with an owner and the folded text of a prompt, `search_text`, which is older than
    `updated_at` and, if the index has it, in a `slot` of it."""

    def containing(self, terms: Iterable[search.Term]) -> Self:
        """Those in which each of the terms occurs."""
        return self.containing_all(Value(term.text) for term in terms)

    def containing_all(self, terms: Iterable[models.Expression]) -> Self:
        # Not LIKE, which takes a second for a hostile term in each 200,000 characters.
        found_at = (StrIndex("search_text", term) for term in terms)
        return self.filter(*(GreaterThan(position, 0) for position in found_at))

    def without_search_text(self) -> Self:
        """It is as long as all the rest, and never shown."""
        return self.defer("search_text")
