"""Prompts out of and into files: CSV for spreadsheets, JSON for programs (prompts.tables)."""

import base64
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import BadRequest, ObjectDoesNotExist
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import redirect
from rest_framework.serializers import ValidationError

from accounts.models import User
from accounts.models.users import normalise_email
from promptcrafter import ids, steps
from promptcrafter.steps import LeftOut, Step
from promptcrafter.texts import is_storable
from prompts import diffs, references, tables
from prompts.admin.pages import AdminPage
from prompts.models import Prompt
from prompts.models.prompts import VersionConflict
from prompts.serializers.prompts import EditSerializer, PromptSerializer

TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
WRITERS = {"csv": tables.to_csv, "json": tables.to_json}
READERS = {"csv": tables.from_csv, "json": tables.from_json}
MAX_BYTES = 1_500_000  # what is left of a body's 2.6 MB, as the page sends the file back in Base64
ROWS_SHOWN = 50


def may_export(request):
    return request.user.has_perm("prompts.export_prompt")


def may_import(request):
    needed = ("import_prompt", "add_prompt", "change_prompt")
    return request.user.has_perms([f"prompts.{name}" for name in needed])


class ExportPage(AdminPage):
    """What the list shows, all of it, sent as it is read."""

    def is_allowed(self, request):
        return super().is_allowed(request) and may_export(request)

    def get(self, request, form):
        if form not in WRITERS:
            raise Http404
        try:
            shown = self.model_admin.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters as error:
            raise BadRequest("The list has no such filter.") from error
        rows = shown.select_related("owner").defer(None).defer("search_text", "variables")
        written = WRITERS[form](map(_row, rows.iterator(chunk_size=500)))
        headers = {"Content-Disposition": f'attachment; filename="prompts.{form}"'}
        return StreamingHttpResponse(written, content_type=TYPES[form], headers=headers)


def _row(prompt):
    return {
        "id": prompt.wire_id,
        "owner": prompt.owner.email,
        "title": prompt.title,
        "content": prompt.content,
        "model": prompt.model,
        "tags": prompt.tags,
        "version": prompt.version,
        "labels": prompt.labels,
        "createdAt": f"{prompt.created_at:%FT%TZ}",
        "updatedAt": f"{prompt.updated_at:%FT%TZ}",
    }


class ImportPage(AdminPage):
    """A file is looked at first: what it would change is shown, and nothing written. The page then
    sends it back, and with it the key of its first new prompt: a step that is sent twice finds its
    prompts there."""

    template_name = "admin/prompts/prompt/import.html"
    title = "Import prompts"

    def is_allowed(self, request):
        return may_import(request)

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {"max_bytes": MAX_BYTES}

    def post(self, request):
        try:
            if "file" in request.FILES:
                return self._look(request.FILES["file"])
            return self._write(request.POST)
        except tables.Unreadable as error:
            return self.refused(problem=str(error))

    def _look(self, file):
        form = PurePath(file.name).suffix[1:].lower()
        if form not in READERS:
            raise tables.Unreadable("Send a file whose name ends in .csv or .json.")
        if file.size > MAX_BYTES:
            raise tables.Unreadable(f"Send at most {MAX_BYTES:,} bytes at once.")
        content = file.read()
        rows = _parsed(content, form)
        work = Importing(self.request.user, ids.new_key())
        plans, step = list[Plan](), Step(len(rows), 0)
        step.run(enumerate(rows), lambda each: plans.append(work.plan(*each)))
        counts = Counter(plan.what for plan in plans)
        left = {
            "content": base64.urlsafe_b64encode(content).decode(),
            "form": form,
            "first": work.first.hex,
            "total": len(rows),
        }
        context = {
            "plans": plans[:ROWS_SHOWN],
            "wrong": [plan for plan in plans if plan.problem][:ROWS_SHOWN],
            "plans_left_out": max(0, len(plans) - ROWS_SHOWN),
            "counts": counts,
            "step": step,
            "is_worth_it": len(plans) > counts[WRONG],
            "left": left,
        }
        return self.render_to_response(self.get_context_data(**context))

    def _write(self, sent):
        rows, work, step, left = _read(sent, self.request.user)
        step.run(range(step.before, step.total), lambda number: work.do(number, rows[number]))
        if not step.is_last:
            left |= {"done": step.done, "left_out": json.dumps(step.left_out)}
            self.template_name = "admin/progress.html"
            return self.render_to_response(self.get_context_data(step=step, left=left.items()))
        messages.success(self.request, f"Prompts imported: {step.total - step.left_out.total()}.")
        for why, how_many in step.left_out.most_common(ROWS_SHOWN):
            messages.warning(self.request, f"Left out, {why}: {how_many}.")
        return redirect("admin:prompts_prompt_changelist")


NEW, EDITED, UNCHANGED, WRONG = "new", "edited", "unchanged", "wrong"


@dataclass
class Plan:
    """What would be done with a row; nothing yet."""

    number: int
    row: tables.Row
    what: str = WRONG
    problem: str = ""
    save: Callable[[], Any] | None = None


class Importing:
    """A row with the `id` of a prompt edits it; any other makes a new one, of the `owner`'s or of
    who imports. The rules are those of the API."""

    def __init__(self, actor, first):
        self.actor, self.first = actor, first
        self.owners = {}

    def plan(self, number, row):
        plan = Plan(number + 1, row)
        try:
            plan.what, plan.save = self._decide(number, row)
        except ValidationError as error:
            plan.problem = "; ".join(_sentences(error.detail))
        except ObjectDoesNotExist as error:
            plan.problem = str(error)
        except ids.MalformedId as error:
            plan.problem = f"id: {error}"
        except (VersionConflict, references.MalformedVersion) as error:
            plan.problem = f"version: {error}"
        return plan

    def do(self, number, row):
        plan = self.plan(number, row)
        if plan.problem:
            raise LeftOut(f"row {plan.number}: {plan.problem}")
        try:
            plan.save()
        except ObjectDoesNotExist as error:
            raise LeftOut(f"row {plan.number}: it is not there any more") from error
        except VersionConflict as error:
            raise LeftOut(f"row {plan.number}: {error}") from error
        if plan.what == UNCHANGED:
            raise LeftOut("as it was already")

    def _decide(self, number, row):
        known = row.get("id")
        key = ids.decode("prompt", str(known)) if known else UUID(int=self.first.int + number)
        prompt = Prompt.everywhere.without_search_text().filter(pk=key).first()
        if prompt is None:
            return self._new(key, row)
        if prompt.deleted_at:
            raise Prompt.DoesNotExist("id: this prompt is in the trash.")
        return self._edit(prompt, row)

    def _edit(self, prompt, row):
        serializer = EditSerializer(prompt, data=_body(row), partial=True)
        serializer.is_valid(raise_exception=True)
        sent = serializer.validated_data
        is_edit = any(getattr(prompt, name) != sent[name] for name in diffs.FIELDS if name in sent)
        if not is_edit:
            return UNCHANGED, bool
        base = _base(row, prompt)
        check = partial(Prompt.require_base, number=base)
        return EDITED, partial(serializer.save, author=self.actor, check=check)

    def _new(self, key, row):
        owner = self._owner(row.get("owner"))
        serializer = PromptSerializer(data=_body(row))
        serializer.is_valid(raise_exception=True)
        return NEW, partial(serializer.save, pk=key, owner=owner, author=self.actor)

    def _owner(self, email):
        if not email:
            return self.actor
        if not isinstance(email, str) or not is_storable(email):
            raise User.DoesNotExist("owner: write an e-mail address.")
        if email not in self.owners:
            self.owners[email] = User.objects.filter(email=normalise_email(email)).first()
        if self.owners[email] is None:
            raise User.DoesNotExist("owner: there is no user with this e-mail.")
        return self.owners[email]


def _body(row):
    return {name: value for name, value in row.items() if name not in {"id", "owner", "version"}}


def _base(row, prompt):
    """The version that the row was made from; raises VersionConflict, MalformedVersion."""
    base = references.number(str(row.get("version") or prompt.version))
    if base > prompt.version:
        raise references.MalformedVersion
    prompt.require_base(base)
    return base


def _parsed(content, form):
    try:
        rows = READERS[form](content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise tables.Unreadable("The file is not UTF-8.") from error
    if not rows:
        raise tables.Unreadable("There is no prompt in this file.")
    return rows


def _read(sent, actor):
    """What an earlier page knew."""
    try:
        content = base64.b64decode(sent["content"], altchars=b"-_", validate=True)
        form, first = sent["form"], UUID(hex=sent["first"])
        done, left_out = int(sent.get("done", 0)), steps.counted(sent.get("left_out", "{}"))
        rows = _parsed(content, form)
        if not 0 <= done <= len(rows) or first.version != 7:
            raise ValueError(done)
    except tables.Unreadable:
        raise
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise BadRequest("This is no step of an import.") from error
    left = {"content": sent["content"], "form": form, "first": first.hex, "total": len(rows)}
    return rows, Importing(actor, first), Step(len(rows), done, left_out), left


def _sentences(detail):
    return [f"{name}: {' '.join(map(str, why))}" for name, why in detail.items()]
