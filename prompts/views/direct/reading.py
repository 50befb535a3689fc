"""`GET /prompts/{id}`, the read that a service lives on, in one statement. (Two, where a label is
of an older version, or a tag that was sent is no more right.)

One row tells who calls and what the prompt is: 200, or 304 where the caller has it already.
"""

import re
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, FilteredRelation, Q, QuerySet, UUIDField
from django.http import HttpRequest, HttpResponse

from accounts import tokens
from accounts.models import ApiKey, Scope, Session
from promptcrafter import ids
from promptcrafter.conditions import is_known
from promptcrafter.statements import Parameter, Statement
from promptcrafter.wire import to_json
from prompts.models import Prompt
from prompts.serializers.prompts import PromptSerializer
from prompts.views.direct import callers
from prompts.views.editing import etag

_QUERY = re.compile("(label=[a-z0-9._-]+)?")  # what else may be asked is the view's to say

_OTHER_CONDITIONS = callers.CONDITIONS - {"HTTP_IF_NONE_MATCH"}

_represent = PromptSerializer().to_representation


def answer(request: HttpRequest, token: str) -> HttpResponse | None:
    sent = request.META
    is_conditional = _OTHER_CONDITIONS & sent.keys()
    if is_conditional or not _QUERY.fullmatch(sent.get("QUERY_STRING", "")):
        return None
    known, label = sent.get("HTTP_IF_NONE_MATCH") or None, request.GET.get("label")
    key = ids.decode(Prompt.KIND, request.path_info.removeprefix("/prompts/"))
    found = _find(token, key, label, WHOLE if known is None else OF_TAG)
    if found and known and not is_known(found.tag, known):
        known, found = None, _find(token, key, label, WHOLE)
    if found is None:
        return None
    callers.accept(request, found.caller, like="/prompts/prompt_0")
    return _not_modified(found.tag) if known else _whole(found)


class Found(NamedTuple):
    caller: Any  # a session or a key
    prompt: Prompt
    number: int  # of the version that is asked for
    tag: str


def _find(token: str, key: UUID, label: str | None, reading: "Reading") -> Found | None:
    """What the view would show whose token that is; None, where it would show less, or nothing."""
    caller = reading.find(token, key, Scope.PROMPTS_READ)
    if caller is None:
        return None
    prompt = reading.prompt(caller)
    number = prompt.version if label is None else prompt.labels.get(label)
    return Found(caller, prompt, number, etag(number, prompt.revision)) if number else None


def _whole(found: Found) -> HttpResponse:
    """One more query, where the label is of an older version."""
    body = to_json(_represent(found.prompt.shown_at(found.number)))
    headers = {"ETag": found.tag, "Content-Length": str(len(body))}
    return HttpResponse(body, content_type="application/json", headers=headers)


def _not_modified(tag: str) -> HttpResponse:
    response = HttpResponse(status=304, headers={"ETag": tag})
    del response.headers["Content-Type"]
    return response


class Reading:
    """These columns of a prompt, read with its caller."""

    def __init__(self, *names: str) -> None:
        columns = [each.attname for each in Prompt._meta.concrete_fields]
        self._names = [each for each in columns if each in names]  # in the order of `from_db`
        self._values_of = attrgetter(*(f"own_{each}" for each in self._names))
        self._of_session: Statement[Session] = Statement(
            lambda: self._of(Session.objects.sought_alone())
        )
        self._of_key: Statement[ApiKey] = Statement(lambda: self._of(ApiKey.objects.sought()))

    def find(self, token: str, key: UUID, scope: Scope) -> Any:
        """As `callers.find`, with that prompt of theirs; None also where they have none such."""
        caller: Any
        if token.startswith("pc_"):
            caller = ApiKey.objects.find(token, by=self._of_key, prompt=key)
        else:
            caller = tokens.session_of(token, by=self._of_session, prompt=key)
        is_there = caller is not None and caller.own_id is not None
        return caller if is_there and callers.may(caller, scope) else None

    def prompt(self, caller: Any) -> Prompt:
        return Prompt.from_db(DEFAULT_DB_ALIAS, self._names, self._values_of(caller))

    def _of(self, callers: QuerySet[Any]) -> QuerySet[Any]:
        key = Parameter("prompt", UUIDField())
        theirs = Q(user__prompts__pk=key, user__prompts__deleted_at=None)
        own = callers.annotate(own=FilteredRelation("user__prompts", condition=theirs))
        return own.annotate(**{f"own_{name}": F(f"own__{name}") for name in self._names})


OF_TAG = Reading("id", "version", "revision", "labels")
WHOLE = Reading(
    *("id", "version", "revision", "labels"),
    *("owner_id", "title", "content", "model", "tags", "variables", "created_at", "updated_at"),
)
