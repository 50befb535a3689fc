from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.forms import CharField, JSONField, ModelForm

from prompts.models import Log, Prompt, Version


class KeptField(CharField):
    """Text that a form neither trims nor, by a browser's habit, gives CR LF for line ends."""

    def __init__(self, **kwargs):
        super().__init__(strip=False, **kwargs)

    def has_changed(self, initial, data):
        return _unix(initial or "") != _unix(data or "")

    def clean(self, value):
        return _unix(super().clean(value))


class TagsField(JSONField):
    """Shown again when it is wrong, even where it holds what no page can: a lone surrogate."""

    def prepare_value(self, value):
        return super().prepare_value(value).encode(errors="replace").decode()


class PromptForm(ModelForm):
    class Meta:
        model = Prompt
        fields = ["owner", "title", "content", "model", "tags"]
        field_classes = {
            **dict.fromkeys(["title", "content", "model"], KeptField),
            "tags": TagsField,
        }


class LogForm(ModelForm):
    class Meta:
        model = Log
        fields = ["prompt", "output", "model_used", "notes", "score"]
        field_classes = dict.fromkeys(["output", "model_used", "notes"], KeptField)


class VersionInline(admin.TabularInline):
    model = Version
    fields = ("number", "title", "model", "message", "author", "source", "created_at")
    readonly_fields = fields
    ordering = ["-number"]
    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("author").defer("content")


@admin.register(Prompt)
class PromptAdmin(admin.ModelAdmin):
    form = PromptForm
    list_display = ["title", "owner", "model", "created_at", "updated_at"]
    list_filter = ["created_at", "updated_at"]
    list_per_page = 50
    ordering = ["-pk"]
    show_facets = ShowFacets.NEVER
    show_full_result_count = False
    search_fields = ["title"]  # shows the box; get_search_results does the work
    search_help_text = "Every word must occur in the title, the content or a tag."
    autocomplete_fields = ["owner"]
    inlines = [VersionInline]
    readonly_fields = ["wire_id", "version", "labels", "created_at", "updated_at"]
    fields = ["owner", "title", "content", "model", "tags", *readonly_fields]

    def get_readonly_fields(self, request, obj=None):
        return [*self.readonly_fields, "owner"] if obj else self.readonly_fields

    def get_queryset(self, request):
        return super().get_queryset(request).defer("search_text")

    def get_search_results(self, request, queryset, search_term):
        return queryset.matching(search_term), False

    def save_model(self, request, obj, form, change):
        """An edit writes what the operator changed, never the whole row as the form found it."""
        if change:
            changes = {name: getattr(obj, name) for name in form.changed_data}
            obj.edit(author=request.user, **changes)
        else:
            obj.save(author=request.user)

    def delete_model(self, request, obj):
        obj.move_to_trash()

    def delete_queryset(self, request, queryset):
        for prompt in queryset:
            prompt.move_to_trash()


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

    def get_queryset(self, request):
        return super().get_queryset(request).defer("prompt__content", "prompt__search_text")

    def get_readonly_fields(self, request, obj=None):
        return [*self.readonly_fields, "prompt"] if obj else self.readonly_fields

    def save_model(self, request, obj, form, change):
        obj.save(update_fields=form.changed_data if change else None)


def _unix(text):
    return text.replace("\r\n", "\n")
