from django.contrib import admin
from django.forms import ModelForm
from django.utils.text import Truncator

from promptcrafter.admin import ListAdmin
from prompts import costs
from prompts.admin.fields import KeptField, KeptLine
from prompts.admin.filters import ModelUsedFilter, OwnerFilter
from prompts.models import Log


class LogForm(ModelForm):
    class Meta:
        model = Log
        fields = ["prompt", "output", "model_used", "notes", "score"]
        field_classes = {"output": KeptField, "model_used": KeptLine, "notes": KeptField}


@admin.register(Log)
class LogAdmin(ListAdmin):
    form = LogForm
    list_display = ["said", "prompt", "version", "model_used", "score", "cost_usd", "created"]
    list_filter = [ModelUsedFilter, OwnerFilter, "created_at"]
    list_select_related = ["prompt"]
    allowed_lookups = ["prompt__id__exact", "created_at__gte", "created_at__lt"]
    ordering = ["-pk"]
    search_fields = ["model_used", "notes"]
    autocomplete_fields = ["prompt"]
    readonly_fields = [
        *("known_as", "owner", "version", "label", "variables", "latency_ms"),
        *("input_tokens", "output_tokens", "cost_usd", "external_id", "created_at"),
    ]
    fields = ["prompt", "output", "model_used", "notes", "score", *readonly_fields]

    class Media:
        css = {"all": ["prompts/admin.css"]}

    @admin.display(description="output")
    def said(self, log):
        return Truncator(log.output).chars(80)

    @admin.display(description="created", ordering="pk")  # they sort alike, and this by an index
    def created(self, log):
        return f"{log.created_at:%Y-%m-%d %H:%M}"

    @admin.display(description="id")
    def known_as(self, log):
        return log.wire_id

    @admin.display(description="cost in USD")
    def cost_usd(self, log):
        return None if log.cost is None else costs.write(log.cost)

    def get_queryset(self, request):
        return super().get_queryset(request).defer("prompt__content", "prompt__search_text")

    def get_readonly_fields(self, request, obj=None):
        return [*self.readonly_fields, "prompt"] if obj else self.readonly_fields

    def save_model(self, request, obj, form, change):
        obj.save(update_fields=form.changed_data if change else None)
