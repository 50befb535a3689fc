from collections import Counter
from functools import partial
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Avg, Count
from django.forms import HiddenInput, IntegerField, ModelForm, Textarea
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html_join
from django.utils.text import capfirst

from promptcrafter import ids
from promptcrafter.admin import ListAdmin
from promptcrafter.paginators import CappedChangeList
from promptcrafter.steps import LeftOut
from prompts import diffs
from prompts.admin import bulk, history, insights, labels, transfer
from prompts.admin.fields import KeptField, KeptLine, WordsField
from prompts.admin.filters import (
    LabelFilter,
    ModelFilter,
    OwnerFilter,
    TagFilter,
    TrashFilter,
)
from prompts.models import MESSAGE_MAX_LENGTH, Log, Prompt
from prompts.models.managers import LIVE
from prompts.models.prompts import VersionConflict

OUTPUTS_SHOWN = 10


class PromptForm(ModelForm):
    """Knows which version it was opened on, so as not to put back what was edited meanwhile."""

    base_version = IntegerField(widget=HiddenInput, required=False)
    message = KeptLine(
        max_length=MESSAGE_MAX_LENGTH, required=False, help_text="What the change is for."
    )

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
            "tags": WordsField,
        }
        widgets = {
            "content": Textarea(
                attrs={"rows": 18, "class": "text-of-prompt", "spellcheck": "true"}
            ),
            "tags": WordsField.widget,
        }


class PromptList(CappedChangeList):
    """Says of each prompt on the page what came of it, by one statement more."""

    def get_queryset(self, *args, **kwargs):
        return super().get_queryset(*args, **kwargs).defer("content", "variables", "search_text")

    def get_results(self, request):
        super().get_results(request)
        self.result_list = list(self.result_list)
        logs = Log.objects.filter(prompt__in=self.result_list).order_by().values("prompt")
        said = logs.annotate(outputs=Count("pk"), mean_score=Avg("score"))
        found = {each["prompt"]: each for each in said}
        for prompt in self.result_list:
            of_prompt = found.get(prompt.pk, {"outputs": 0, "mean_score": None})
            prompt.outputs, prompt.mean_score = of_prompt["outputs"], of_prompt["mean_score"]


@admin.register(Prompt)
class PromptAdmin(ListAdmin):
    form = PromptForm
    change_list_template = "admin/prompts/prompt/change_list.html"
    change_form_template = "admin/prompts/prompt/change_form.html"
    delete_confirmation_template = "admin/prompts/prompt/delete_confirmation.html"
    list_display = [
        *("title", "owner", "model", "tag_chips", "version", "label_chips"),
        *("outputs", "mean_score", "updated"),
    ]
    list_filter = [TrashFilter, TagFilter, ModelFilter, LabelFilter, OwnerFilter]
    list_select_related = ["owner"]
    ordering = ["-pk"]
    actions = bulk.ACTIONS
    search_fields = ["title"]  # shows the box; get_search_results does the work
    search_help_text = "Every word must occur in the title, the content or a tag. Or an id."
    autocomplete_fields = ["owner"]
    readonly_fields = ["known_as", "version", "created_at", "updated_at"]
    fieldsets = [
        (None, {"fields": ["owner", *diffs.FIELDS, "message", "base_version"]}),
        ("Set by the server", {"fields": [*readonly_fields]}),
    ]

    class Media:
        css = {"all": ["prompts/admin.css"]}

    @admin.display(description="id")
    def known_as(self, prompt):
        return prompt.wire_id

    # The list -----------------------------------------------------------------------------------

    @admin.display(description="tags")
    def tag_chips(self, prompt):
        chips = ((_query(tag=tag), tag) for tag in prompt.tags)
        return format_html_join(" ", '<a class="chip" href="{}">{}</a>', chips)

    @admin.display(description="labels")
    def label_chips(self, prompt):
        chips = ((_query(label=name), name, at) for name, at in prompt.labels.items())
        return format_html_join(" ", '<a class="chip label" href="{}">{} v{}</a>', chips)

    @admin.display(description="outputs")
    def outputs(self, prompt):
        return prompt.outputs

    @admin.display(description="mean score")
    def mean_score(self, prompt):
        return None if prompt.mean_score is None else f"{prompt.mean_score:.2f}"

    @admin.display(description="updated", ordering="updated_at")
    def updated(self, prompt):
        return f"{prompt.updated_at:%Y-%m-%d}"

    def get_list_display(self, request):
        """What came of prompts, to who may see outputs."""
        of_outputs = () if may_see_outputs(request) else ("outputs", "mean_score")
        return [name for name in self.list_display if name not in of_outputs]

    def get_changelist(self, request, **kwargs):
        return PromptList

    def get_queryset(self, request):
        """In the trash or not; lists are narrowed by a filter."""
        rows = Prompt.everywhere.without_search_text().order_by(*self.ordering)
        is_choosing = request.resolver_match.view_name == "admin:autocomplete"
        return rows.filter(LIVE) if is_choosing else rows

    def get_search_results(self, request, queryset, search_term):
        """As the API searches; an id finds its prompt."""
        try:
            return queryset.filter(pk=ids.decode(Prompt.KIND, search_term.strip())), False
        except ids.MalformedId:
            return queryset.matching(search_term), False

    def get_actions(self, request):
        """In the trash those of the trash, elsewhere the others."""
        is_trash = request.GET.get(TrashFilter.parameter_name) == "yes"
        offered = super().get_actions(request)
        return {
            action.name: offered[action.name]
            for action in bulk.ACTIONS
            if action.name in offered
            and action.is_for_trash == is_trash
            and action.is_allowed(request)
        }

    def changelist_view(self, request, extra_context=None):
        extra = {
            "may_import": transfer.may_import(request),
            "may_export": transfer.may_export(request),
            "query": request.GET.urlencode(),
        }
        return super().changelist_view(request, (extra_context or {}) | extra)

    # A prompt -----------------------------------------------------------------------------------

    def get_urls(self):
        at = "<uuid:pk>"
        wrap = self.admin_site.admin_view
        pages = {
            "insights": ("insights/", insights.LibraryInsights),
            "export": ("export.<form>", transfer.ExportPage),
            "import": ("import/", transfer.ImportPage),
            "bulk": ("bulk/<name>/", bulk.BulkPage),
            "diff": (f"{at}/diff/", history.DiffPage),
            "labels": (f"{at}/labels/", labels.LabelsPage),
            "insights_of": (f"{at}/insights/", insights.PromptInsights),
        }
        return [
            path(route, wrap(page.as_view(model_admin=self)), name=f"prompts_prompt_{name}")
            for name, (route, page) in pages.items()
        ] + super().get_urls()

    def get_readonly_fields(self, request, obj=None):
        return [*self.readonly_fields, "owner"] if obj else self.readonly_fields

    def has_change_permission(self, request, obj=None):
        """Nothing edits what is in the trash."""
        is_trashed = obj is not None and obj.deleted_at is not None
        return not is_trashed and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        """Who may not move labels may not take away what they point at."""
        if obj is None:
            return super().has_delete_permission(request, obj)
        is_labelled = bool(obj.labels) and not labels.may_move(request)
        is_trashed = obj.deleted_at is not None
        return not (is_labelled or is_trashed) and super().has_delete_permission(request, obj)

    def render_change_form(self, request, context, *args, **kwargs):
        if prompt := context["original"]:
            context |= self._panels(request, prompt)
        return super().render_change_form(request, context, *args, **kwargs)

    def _panels(self, request, prompt):
        """What stands beneath the form."""
        logs = prompt.logs.newest_first().select_related(None)
        return {
            "history": history.panel(prompt),
            "label_rows": labels.rows(prompt),
            "may_see_labels": labels.may_see(request),
            "may_move_labels": labels.may_move(request) and not prompt.deleted_at,
            "logs": logs[:OUTPUTS_SHOWN],
            "log_count": logs.count(),
            "may_see_logs": may_see_outputs(request),
            "trash_actions": [
                action
                for action in bulk.ACTIONS
                if prompt.deleted_at and action.is_for_trash and action.is_allowed(request)
            ],
        }

    def save_model(self, request, obj, form, change):
        """An edit writes what the operator changed, never the whole row as the form found it."""
        message = form.cleaned_data.get("message", "")
        if change:
            edited = set(form.changed_data) & set(diffs.FIELDS)
            changes = {name: getattr(obj, name) for name in edited}
            before = [each["name"] for each in obj.variables]
            base = form.cleaned_data["base_version"] or obj.version
            check = partial(Prompt.require_base, number=base)
            obj.edit(author=request.user, message=message, check=check, **changes)
            for warning in obj.warnings(before):
                messages.warning(request, f"{capfirst(warning)}.")
        else:
            obj.save(author=request.user, message=message)

    def changeform_view(self, request, object_id=None, *args, **kwargs):
        try:
            return super().changeform_view(request, object_id, *args, **kwargs)
        except VersionConflict:
            text = "Somebody saved another version at this moment; nothing of yours was saved."
            messages.error(request, text)
            return redirect("admin:prompts_prompt_change", object_id)

    def get_deleted_objects(self, objs, request):
        """In numbers: what hangs on a prompt has no end."""
        counts = Counter[str]()
        for prompt in objs:
            counts["versions"] += prompt.version
            counts["outputs"] += prompt.logs.count()
        return [str(prompt) for prompt in objs], dict(counts), set(), []

    def delete_model(self, request, obj):
        try:
            bulk.move_to_trash(obj, request)
        except LeftOut as error:  # somebody has labelled it since the page was asked for
            raise PermissionDenied from error

    def may_destroy_all(self, request):
        """With the account that owns them."""
        needed = ("delete_prompt", "destroy_prompt", "change_label")
        return request.user.has_perms([f"prompts.{name}" for name in needed])

    def response_delete(self, request, obj_display, obj_id):
        self.message_user(request, f"“{obj_display}” is in the trash.")
        return redirect("admin:prompts_prompt_changelist")


def may_see_outputs(request):
    return request.user.has_perm("prompts.view_log")


def _query(**wanted):
    return f"{reverse('admin:prompts_prompt_changelist')}?{urlencode(wanted)}"
