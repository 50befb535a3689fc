from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.core.exceptions import ValidationError
from django.forms import CharField, HiddenInput, IntegerField, JSONField, ModelForm
from django.forms.fields import InvalidJSONInput
from django.utils.html import format_html_join

from prompts import costs, diffs
from prompts.models import Log, Prompt

VERSIONS_SHOWN = 50


class KeptField(CharField):
    """Text that a form neither trims nor, by a browser's habit, gives CR LF for line ends."""

    def __init__(self, **kwargs):
        super().__init__(strip=False, **kwargs)

    def has_changed(self, initial, data):
        return _unix(initial or "") != _unix(data or "")

    def clean(self, value):
        return _unix(super().clean(value))


class KeptLine(KeptField):
    """An input of one line, from which a browser drops line ends."""

    def has_changed(self, initial, data):
        return "".join(_unix(initial or "").split("\n")) != (data or "")


class TagsField(JSONField):
    """JSON that may be too deep or hold too long a number for Python's decoder, or a lone surrogate
    that no page can show: a mistake in the form like any other."""

    def to_python(self, value):
        try:
            return super().to_python(value)
        except (ValueError, RecursionError) as error:
            raise ValidationError("Enter a list of words, as JSON.") from error

    def bound_data(self, data, initial):
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)

    def prepare_value(self, value):
        return super().prepare_value(value).encode(errors="replace").decode()


class PromptForm(ModelForm):
    """Knows which version it was opened on, so as not to put back what was edited meanwhile."""

    base_version = IntegerField(widget=HiddenInput, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["base_version"] = self.instance.version

    def clean(self):
        newest = self.instance.version
        if self.instance.pk and self.cleaned_data.get("base_version") not in {None, newest}:
            raise ValidationError(
                f"Somebody saved version {newest} meanwhile. Open the prompt again and edit that."
            )
        return super().clean()

    class Meta:
        model = Prompt
        fields = ["owner", "title", "content", "model", "tags"]
        field_classes = {
            "title": KeptLine,
            "content": KeptField,
            "model": KeptLine,
            "tags": TagsField,
        }


class LogForm(ModelForm):
    class Meta:
        model = Log
        fields = ["prompt", "output", "model_used", "notes", "score"]
        field_classes = {"output": KeptField, "model_used": KeptLine, "notes": KeptField}


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
    readonly_fields = ["wire_id", "version", "labels", "history", "created_at", "updated_at"]
    fields = ["owner", "title", "content", "model", "tags", "base_version", *readonly_fields]

    def get_readonly_fields(self, request, obj=None):
        return [*self.readonly_fields, "owner"] if obj else self.readonly_fields

    @admin.display(description="newest versions")
    def history(self, prompt):
        versions = prompt.versions.newest_first().select_related("author").defer("content")
        rows = (
            (each.number, each.source, each.author or "", f"{each.created_at:%F %T}", each.message)
            for each in versions[:VERSIONS_SHOWN]
        )
        return format_html_join("", "<div>v{} · {} · {} · {} · {}</div>", rows)

    def get_queryset(self, request):
        return super().get_queryset(request).defer("search_text")

    def get_search_results(self, request, queryset, search_term):
        return queryset.matching(search_term), False

    def save_model(self, request, obj, form, change):
        """An edit writes what the operator changed, never the whole row as the form found it."""
        if change:
            edited = set(form.changed_data) & set(diffs.FIELDS)
            changes = {name: getattr(obj, name) for name in edited}
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
    readonly_fields = [
        *("wire_id", "owner", "version", "label", "variables", "latency_ms"),
        *("input_tokens", "output_tokens", "cost_usd", "external_id", "created_at"),
    ]
    fields = ["prompt", "output", "model_used", "notes", "score", *readonly_fields]

    @admin.display(description="cost in USD")
    def cost_usd(self, log):
        return None if log.cost is None else costs.write(log.cost)

    def get_queryset(self, request):
        return super().get_queryset(request).defer("prompt__content", "prompt__search_text")

    def get_readonly_fields(self, request, obj=None):
        return [*self.readonly_fields, "prompt"] if obj else self.readonly_fields

    def save_model(self, request, obj, form, change):
        obj.save(update_fields=form.changed_data if change else None)


def _unix(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")
