"""What is done to many prompts at once: asked again first, then in steps (promptcrafter.steps)."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest, ObjectDoesNotExist
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst

from promptcrafter import steps
from promptcrafter.labels import LABEL_MAX_LENGTH, check_name
from promptcrafter.steps import LeftOut, Step
from prompts import tags
from prompts.admin.labels import may_move
from prompts.admin.pages import AdminPage
from prompts.models import Prompt
from prompts.models.prompts import VersionConflict

MOST = 10_000
TITLES_SHOWN = 20


@dataclass(frozen=True)
class Word:
    """What an action asks for beside the prompts; `clean` raises ValueError."""

    name: str
    max_length: int
    clean: Callable[[str], str]


@dataclass(frozen=True)
class Action:
    """Called by the admin's list, it asks again; `do` does it to one prompt, or raises LeftOut."""

    name: str
    short_description: str
    permission: str
    explanation: str
    done: str  # in the admin's log, and after a number of prompts
    do: Callable[..., None]
    is_for_trash: bool = False
    word: Word | None = None
    do_not_call_in_templates: ClassVar = True

    def __call__(self, model_admin, request, queryset):
        keys = list(queryset.values_list("pk", flat=True)[: MOST + 1])
        if len(keys) <= MOST:
            return ask_again(model_admin, request, self, keys)
        text = f"Select at most {MOST:,} prompts at once; narrow the list by a filter."
        messages.error(request, text)
        return None

    @property
    def __name__(self):
        """By which Django keeps actions."""
        return self.name

    def is_allowed(self, request):
        return request.user.has_perm(f"prompts.{self.permission}")


def ask_again(model_admin, request, action, keys, **more):
    chosen = Prompt.everywhere.filter(pk__in=keys[:TITLES_SHOWN])
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "media": model_admin.media,
        "title": action.short_description,
        "action": action,
        "keys": _written(keys),
        "total": len(keys),
        "titles": chosen.values_list("title", flat=True),
        "titles_left_out": max(0, len(keys) - TITLES_SHOWN),
        **more,
    }
    status = 400 if "problem" in more else 200
    return TemplateResponse(request, "admin/prompts/prompt/ask_again.html", context, status=status)


class BulkPage(AdminPage):
    """One step of an action, and the page that asks for the next."""

    http_method_names = ["post"]
    template_name = "admin/progress.html"

    def dispatch(self, request, *args, name, **kwargs):
        if name not in BY_NAME:
            raise Http404
        self.action = BY_NAME[name]
        return super().dispatch(request, *args, **kwargs)

    def is_allowed(self, request):
        return super().is_allowed(request) and self.action.is_allowed(request)

    def post(self, request):
        keys, step, word = _read(request.POST)
        if self.action.word:
            try:
                word = self.action.word.clean(word)
            except ValueError as error:
                admin, said = self.model_admin, {"problem": str(error), "word": word}
                return ask_again(admin, request, self.action, keys, **said)
        step.run(keys, lambda key: self._do(key, word))
        return self._end(step) if step.is_last else self._go_on(step, keys[step.taken :], word)

    def _do(self, key, word):
        prompt = Prompt.everywhere.without_search_text().filter(pk=key).first()
        if prompt is None or (prompt.deleted_at is not None) != self.action.is_for_trash:
            raise LeftOut("not there any more")
        try:
            self.action.do(prompt, self.request, *([word] if self.action.word else []))
        except ObjectDoesNotExist as error:
            raise LeftOut("not there any more") from error
        except VersionConflict as error:
            raise LeftOut("edited at the same moment") from error
        said = f"{capfirst(self.action.done)}{f': {word}' if word else ''}."
        self.model_admin.log_change(self.request, prompt, said)

    def _go_on(self, step, keys, word):
        left = {
            "keys": _written(keys),
            "word": word,
            "total": step.total,
            "done": step.done,
            "left_out": json.dumps(step.left_out),
        }
        shown = {"step": step, "left": left.items(), "title": self.action.short_description}
        return self.render_to_response(self.get_context_data(**shown))

    def _end(self, step):
        count = step.total - step.left_out.total()
        messages.success(self.request, f"Prompts {self.action.done}: {count}.")
        for why, how_many in step.left_out.items():
            messages.warning(self.request, f"Left out, {why}: {how_many}.")
        trash = "?trash=yes" if self.action.is_for_trash else ""
        return redirect(reverse("admin:prompts_prompt_changelist") + trash)


def _written(keys):
    return ",".join(key.hex for key in keys)


def _read(sent):
    """The keys, and how far an action has come with those before them."""
    try:
        keys = [UUID(hex=key) for key in sent["keys"].split(",")]
        total, done = int(sent.get("total", len(keys))), int(sent.get("done", 0))
        left_out = steps.counted(sent.get("left_out", "{}"))
        if len(keys) > MOST or done < 0 or total != done + len(keys):
            raise ValueError(total)
        return keys, Step(total, done, left_out), sent.get("word", "")
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise BadRequest("This is no step of an action on prompts.") from error


# What is done to one ----------------------------------------------------------------------------


def _require_labels(prompt, request):
    """Who may not move labels may not take away what they point at."""
    if prompt.labels and not may_move(request):
        raise LeftOut("labelled, and you may not move labels")


def move_to_trash(prompt, request):
    prompt.move_to_trash(check=lambda locked: _require_labels(locked, request))


def _take_from_trash(prompt, request):
    if not prompt.take_from_trash():
        raise LeftOut("not there any more")


def _destroy(prompt, request):
    _require_labels(prompt, request)
    if not prompt.destroy():
        raise LeftOut("not there any more")


def _tag(prompt, request, word):
    _set_tags(prompt, request, [*prompt.tags, word], f"Tagged {word}.")


def _untag(prompt, request, word):
    kept = [tag for tag in prompt.tags if tag != word]
    _set_tags(prompt, request, kept, f"No longer tagged {word}.")


def _set_tags(prompt, request, words, message):
    try:
        words = tags.clean(words)
    except ValueError as error:
        raise LeftOut("full of tags already") from error
    check = partial(Prompt.require_base, number=prompt.version)
    prompt.edit(author=request.user, message=message, tags=words, check=check)


def _label(prompt, request, word):
    prompt.set_label(word, to="latest", actor=request.user)


def _clean_tag(word):
    (tag,) = tags.clean([word])
    return tag


TAG = Word("Tag", tags.MAX_LENGTH, _clean_tag)
ACTIONS = [
    Action(
        "move_to_trash",
        "Move to the trash",
        "delete_prompt",
        "They are hidden from everybody, with their outputs, until they are taken from the trash.",
        "moved to the trash",
        move_to_trash,
    ),
    Action(
        "tag",
        "Add a tag",
        "change_prompt",
        "Each that has not got it yet gets a new version, with you as its author.",
        "tagged",
        _tag,
        word=TAG,
    ),
    Action(
        "untag",
        "Take a tag off",
        "change_prompt",
        "Each that has it gets a new version, with you as its author.",
        "freed of a tag",
        _untag,
        word=TAG,
    ),
    Action(
        "label",
        "Point a label at the newest version",
        "change_label",
        "What an application reads by this label changes at once.",
        "labelled",
        _label,
        word=Word("Label", LABEL_MAX_LENGTH, check_name),
    ),
    Action(
        "take_from_trash",
        "Take from the trash",
        "change_prompt",
        "They are there again, with all that hangs on them.",
        "taken from the trash",
        _take_from_trash,
        is_for_trash=True,
    ),
    Action(
        "destroy",
        "Delete for good",
        "destroy_prompt",
        "They are gone, with all their versions, labels and outputs. Nothing brings them back.",
        "deleted for good",
        _destroy,
        is_for_trash=True,
    ),
]
BY_NAME = {action.name: action for action in ACTIONS}
