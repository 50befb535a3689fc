"""Pages of long lists, at a price that does not grow with the list."""

from functools import cached_property
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Page, Paginator
from django.http import HttpRequest

CAP = 1_000


class CappedPaginator(Paginator):
    """The first CAP rows, and whether there are more; how many more would take reading them all.

    Takes a queryset that has an order. One statement reads the keys, whatever is asked first; each
    page is one more.
    """

    object_list: Any

    @cached_property
    def keys(self) -> list[Any]:
        return list(self.object_list.values_list("pk", flat=True)[: CAP + 1])

    @cached_property
    def count(self) -> int:
        return min(len(self.keys), CAP)

    @property
    def is_capped(self) -> bool:
        return len(self.keys) > CAP

    def page(self, number: int | str) -> Page:
        """What was deleted since the keys were read is missing, and nothing moves up for it."""
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        end = self.count if number == self.num_pages else start + self.per_page
        rows = self.object_list.filter(pk__in=self.keys[start:end])
        return Page(rows, number, self)


class CappedChangeList(ChangeList):
    """The admin's list of a CappedPaginator's rows."""

    paginator: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.multi_page:  # or Django would search for them once more
            self.result_list = self.paginator.page(1).object_list
        if not self.query and not self.has_active_filters:  # there is no "all" to go back to
            self.full_result_count = self.result_count
