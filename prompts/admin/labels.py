"""The labels of a prompt, moved under the rules of the API."""

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.forms import ChoiceField, Form, IntegerField
from django.shortcuts import redirect

from promptcrafter.labels import LABEL_MAX_LENGTH, MalformedLabel
from prompts import references
from prompts.admin.fields import KeptLine
from prompts.admin.pages import PromptPage
from prompts.models import MESSAGE_MAX_LENGTH
from prompts.models.labels import LabelConflict
from prompts.models.prompts import LabelNotSet, NoSuchVersion, NothingToRollBack

MOVES_SHOWN = 100
REFUSALS = (
    LabelConflict,
    LabelNotSet,
    MalformedLabel,
    NoSuchVersion,
    NothingToRollBack,
    references.MalformedVersion,
)


def may_move(request):
    return request.user.has_perm("prompts.change_label")


def may_see(request):
    return request.user.has_perm("prompts.view_label")


def rows(prompt):
    labels = prompt.label_rows.without_search_text().select_related("move", "move__actor")
    return labels.order_by("name")


class MoveForm(Form):
    verb = ChoiceField(choices=[(verb, verb) for verb in ("set", "remove", "roll back")])
    name = KeptLine(max_length=LABEL_MAX_LENGTH)
    to = KeptLine(required=False, max_length=LABEL_MAX_LENGTH)
    note = KeptLine(required=False, max_length=MESSAGE_MAX_LENGTH)
    was = IntegerField(required=False)  # where it pointed when the page was made; empty: nowhere


class LabelsPage(PromptPage):
    template_name = "admin/prompts/prompt/labels.html"
    title = "Labels"

    def is_allowed(self, request):
        return super().is_allowed(request) and may_see(request)

    def get_context_data(self, **kwargs):
        moves = self.prompt.label_moves.select_related("actor").order_by("-pk")
        return {
            **super().get_context_data(**kwargs),
            "labels": rows(self.prompt),
            "moves": moves[:MOVES_SHOWN],
            "may_move": may_move(self.request) and not self.prompt.deleted_at,
        }

    def post(self, request):
        if not may_move(request) or self.prompt.deleted_at:
            raise PermissionDenied
        form = MoveForm(request.POST)
        if not form.is_valid():
            first = next(iter(form.errors.items()))
            return self.refused(problem=f"{first[0]}: {first[1][0]}")
        try:
            said = self._move(**form.cleaned_data)
        except REFUSALS as error:
            return self.refused(problem=str(error))
        except ObjectDoesNotExist:
            return self.refused(problem="The prompt was moved to the trash meanwhile.")
        self.model_admin.log_change(request, self.prompt, said)
        messages.success(request, said)
        return redirect("admin:prompts_prompt_labels", pk=self.prompt.pk)

    def _move(self, verb, name, to, note, was):
        """What was done, in words."""

        def check(label):
            current = label.version if label else None
            if current != was:
                raise LabelConflict(current)

        if verb == "remove":
            self.prompt.remove_label(name, actor=self.request.user, check=check)
            return f"Took the label {name} off."
        move = {"actor": self.request.user, "note": note, "check": check}
        if verb == "set":
            label = self.prompt.set_label(name, to=references.parse(to or "latest"), **move)
            return f"The label {name} points at version {label.version}."
        label = self.prompt.roll_back_label(name, **move)
        return f"Rolled the label {name} back to version {label.version}."
