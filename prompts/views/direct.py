"""The read that a service lives on, `GET /prompts/{id}` by a program, in one statement and with no
view. (Two, where a label is of an older version, or a tag that was sent is no more right.)

One row tells who calls and what the prompt is. It is answered here where all is well: 200, or 304
where the caller has it already. All else (a refusal, a page, an unusual call) is left to the view,
which looks for itself. That is 0.4 ms for 0.9 in the view, and 2.3 in a view that does as Django's
own do (docs/benchmarks.md).
"""

import re
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, FilteredRelation, Q, QuerySet, UUIDField
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import ResolverMatch, resolve

from accounts import tokens
from accounts.authentication import bearer_token
from accounts.models import ApiKey, Scope, Session
from accounts.throttles import Throttled, allowance
from promptcrafter import ids
from promptcrafter.conditions import is_known
from promptcrafter.statements import Parameter, Statement
from promptcrafter.wire import JSON, to_json
from prompts.models import Prompt
from prompts.serializers.prompts import PromptSerializer

Handler = Callable[[HttpRequest], HttpResponseBase]

PATH = "/prompts/prompt_"
_QUERY = re.compile("(label=[a-z0-9._-]+)?")  # what else may be asked is the view's to say

_represent = PromptSerializer().to_representation


def etag(number: int, revision: int) -> str:
    """Strong: which version's text, and the count of all that shows beside it."""
    return f'"{number}-{revision}"'


def directly(get_response: Handler) -> Handler:
    """Middleware: the answer, where there is one, with nothing more done for it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return answer(request) or get_response(request)

    return middleware


def answer(request: HttpRequest) -> HttpResponse | None:
    token = bearer_token(request)
    if token is None or not _is_plain(request):
        return None
    request.get_host()  # raises DisallowedHost
    known, label = request.META.get("HTTP_IF_NONE_MATCH"), request.GET.get("label")
    try:
        key = ids.decode(Prompt.KIND, request.path_info.removeprefix("/prompts/"))
        found = _find(token, key, label, WHOLE if known is None else OF_TAG)
        if found and known and not is_known(found.tag, known):
            known, found = None, _find(token, key, label, WHOLE)
        if found is None:
            return None
        allowance.take(found.caller.user_id)
    except (tokens.InvalidToken, ids.MalformedId, Throttled):
        return None
    # What the log and the metrics name.
    request.user, request.resolver_match = found.caller.user, _route()
    return _not_modified(found.tag) if known else _whole(found)


class Found(NamedTuple):
    caller: Any  # a session or a key
    prompt: Prompt
    number: int  # of the version that is asked for
    tag: str


def _is_plain(request: HttpRequest) -> bool:
    """What programs send."""
    return bool(
        request.path_info.startswith(PATH)
        and request.method == "GET"
        and "HTTP_IF_MATCH" not in request.META
        and request.META.get("HTTP_ACCEPT", "*/*") in JSON
        and _QUERY.fullmatch(request.META.get("QUERY_STRING", ""))
    )


def _find(token: str, key: UUID, label: str | None, reading: "Reading") -> Found | None:
    """What the view would show whose token that is; None, where it would show less, or nothing."""
    caller: Any
    if token.startswith("pc_"):
        caller = ApiKey.objects.find(token, by=reading.of_key, prompt=key)
    else:
        caller = tokens.session_of(token, by=reading.of_session, prompt=key)
    if caller is None or caller.own_id is None or not _reads_all(caller):
        return None
    prompt = Prompt.from_db(DEFAULT_DB_ALIAS, reading.names, reading.values_of(caller))
    number = prompt.version if label is None else prompt.labels.get(label)
    return Found(caller, prompt, number, etag(number, prompt.revision)) if number else None


def _reads_all(caller: Session | ApiKey) -> bool:
    """Not so a key that is limited to labels; and one that was not used in this minute notes it."""
    if not isinstance(caller, ApiKey):
        return True
    is_allowed = Scope.PROMPTS_READ in caller.scopes and not caller.labels
    return is_allowed and not caller.is_to_note()


@cache
def _route() -> ResolverMatch:
    return resolve(f"{PATH}0")


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
    """These columns of the prompt `prompt`, read with its caller."""

    def __init__(self, *names: str) -> None:
        columns = [each.attname for each in Prompt._meta.concrete_fields]
        self.names = [each for each in columns if each in names]  # in the order of `from_db`
        self.values_of = attrgetter(*(f"own_{each}" for each in self.names))
        self.of_session: Statement[Session] = Statement(lambda: self._of(Session.objects.sought()))
        self.of_key: Statement[ApiKey] = Statement(lambda: self._of(ApiKey.objects.sought()))

    def _of(self, callers: QuerySet[Any]) -> QuerySet[Any]:
        key = Parameter("prompt", UUIDField())
        theirs = Q(user__prompts__pk=key, user__prompts__deleted_at=None)
        own = callers.annotate(own=FilteredRelation("user__prompts", condition=theirs))
        return own.annotate(**{f"own_{name}": F(f"own__{name}") for name in self.names})


OF_TAG = Reading("id", "version", "revision", "labels")
WHOLE = Reading(
    *("id", "version", "revision", "labels"),
    *("owner_id", "title", "content", "model", "tags", "variables", "created_at", "updated_at"),
)
