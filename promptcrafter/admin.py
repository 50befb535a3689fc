"""What the admin's lists have in common; and groups, which Django would let staff give themselves
all by."""

from collections.abc import Collection
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ShowFacets
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from promptcrafter.paginators import CappedChangeList, CappedPaginator


class ListAdmin(admin.ModelAdmin):
    """Lists that are as fast when they are long, and are asked for nothing but their filters."""

    paginator = CappedPaginator
    change_list_template = "admin/change_list_capped.html"
    list_per_page = 50
    list_max_show_all = 0
    show_facets = ShowFacets.NEVER
    show_full_result_count = False
    allowed_lookups: Collection[str] = ()  # beside the parameters of filters of ours

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Django lets pass whatever compares any key that a row leads to: so a session's key could
        be asked for letter by letter, and a regular expression take a minute."""
        own = [getattr(each, "parameter_name", None) for each in self.list_filter]
        return lookup in {*own, *self.allowed_lookups}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[CappedChangeList]:
        return CappedChangeList

    def response_action(self, request: HttpRequest, queryset: Any, *args: Any) -> Any:
        try:
            return super().response_action(request, queryset, *args)
        except (ValidationError, ValueError):  # what was selected could be nothing's key
            self.message_user(request, "Select some of the list.", messages.ERROR)
            return None


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(ListAdmin, DjangoGroupAdmin):
    """What a group may do, its members may: superusers alone decide on it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request)
