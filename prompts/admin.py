from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.forms import CharField, ModelForm

from prompts.models import Log, Prompt


class KeptField(CharField):
    """Text that a form neither trims nor, by a browser's habit, gives CR LF for line ends."""

    def __init__(self, **kwargs):
        super().__init__(strip=False, **kwargs)

    def has_changed(self, initial, data):
        return _unix(initial or "") != _unix(data or "")

    def clean(self, value):
        return _unix(super().clean(value))


class PromptForm(ModelForm):
    class Meta:
        model = Prompt
        fields = ["owner", "title", "content", "model", "tags"]
        field_classes = dict.fromkeys(["title", "content", "model"], KeptField)


class LogForm(ModelForm):
    class Meta:
        model = Log
        fields = ["prompt", "output", "model_used", "notes", "score"]
        field_classes = dict.fromkeys(["output", "model_used", "notes"], KeptField)


@admin.register(Prompt)
class PromptAdmin(admin.ModelAdmin):
    form = PromptForm
    list_display = ["title", "owner", "model", "created_at", "updated_at"]
    list_filter = ["created_at", "updated_at"]
    list_select_related = ["owner"]
    list_per_page = 50
    ordering = ["-pk"]
    show_facets = ShowFacets.NEVER
    show_full_result_count = False
    search_fields = ["title"]  # shows the box; get_search_results does the work
    search_help_text = "Every word must occur in the title, the content or a tag."
    autocomplete_fields = ["owner"]
    readonly_fields = ["wire_id", "created_at", "updated_at"]
    fields = ["owner", "title", "content", "model", "tags", *readonly_fields]

    def get_readonly_fields(self, request, obj=None):
        return [*self.readonly_fields, "owner"] if obj else self.readonly_fields

    def get_search_results(self, request, queryset, search_term):
        return queryset.matching(search_term), False

    def save_model(self, request, obj, form, change):
        """An edit writes what the operator changed, never the whole row as the form found it."""
        if change:
            obj.edit(**{name: getattr(obj, name) for name in form.changed_data})
        else:
            obj.save()


@admin.register(Log)
class LogAdmin(admin.ModelAdmin):
    form = LogForm
    list_display = ["wire_id", "prompt", "model_used", "score", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["prompt"]
    list_per_page = 50
    ordering = ["-pk"]
    show_facets = ShowFacets.NEVER
    show_full_result_count = False
    search_fields = ["model_used", "notes"]
    autocomplete_fields = ["prompt"]
    readonly_fields = ["wire_id", "owner", "created_at"]
    fields = ["prompt", "output", "model_used", "notes", "score", *readonly_fields]

    def get_readonly_fields(self, request, obj=None):
        return [*self.readonly_fields, "prompt"] if obj else self.readonly_fields

    def save_model(self, request, obj, form, change):
        obj.save(update_fields=form.changed_data if change else None)


def _unix(text):
    return text.replace("\r\n", "\n")
