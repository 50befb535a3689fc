"""What the admin's lists are narrowed to. A list of all tags, or of all models, would have no end:
these filters are typed."""

from django.contrib import admin
from django.db.models import Exists, OuterRef

from accounts.models.users import normalise_email
from promptcrafter.texts import is_storable
from prompts.models import Label
from prompts.models.expressions import HasTag

TRASH = "trash"


class TypedFilter(admin.SimpleListFilter):
    """One value, exactly as it is written."""

    template = "admin/prompts/typed_filter.html"

    def lookups(self, request, model_admin):
        return [("", "")]  # without any, Django would leave the filter out

    def choices(self, changelist):
        others = changelist.get_query_string(remove=[self.parameter_name, "p"])
        yield {
            "name": self.parameter_name,
            "value": self.value() or "",
            "others": [
                (name, value)
                for name, values in changelist.filter_params.items()
                if name != self.parameter_name
                for value in values
            ],
            "without": others,
        }

    def queryset(self, request, queryset):
        value = self.value()
        if not value:
            return queryset
        if not is_storable(value):
            return queryset.none()
        return self.narrow(queryset, value)

    def narrow(self, queryset, value):
        raise NotImplementedError


class OwnerFilter(TypedFilter):
    title, parameter_name = "owner's whole e-mail", "owner"

    def narrow(self, queryset, value):
        return queryset.filter(owner__email=normalise_email(value))


class ModelFilter(TypedFilter):
    title, parameter_name = "model", "model"

    def narrow(self, queryset, value):
        return queryset.filter(model=value)


class ModelUsedFilter(TypedFilter):
    title, parameter_name = "model used", "model"

    def narrow(self, queryset, value):
        return queryset.filter(model_used=value)


class TagFilter(TypedFilter):
    title, parameter_name = "tag", "tag"

    def narrow(self, queryset, value):
        return queryset.filter(HasTag("tags", value))


class LabelFilter(TypedFilter):
    title, parameter_name = "label", "label"

    def narrow(self, queryset, value):
        return queryset.filter(Exists(Label.objects.filter(prompt=OuterRef("pk"), name=value)))


class TrashFilter(admin.SimpleListFilter):
    """Lists begin outside of the trash."""

    title, parameter_name = "trash", TRASH

    def lookups(self, request, model_admin):
        return [("yes", "In the trash")]

    def choices(self, changelist):
        live, trashed = super().choices(changelist)
        yield live | {"display": "Not in the trash"}
        yield trashed

    def queryset(self, request, queryset):
        return queryset.filter(deleted_at__isnull=self.value() != "yes")
