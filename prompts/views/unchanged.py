"""304 before anything else is done: most of what a client costs that asks again and again.

Where the tag that it has is still right, one statement reads who calls and what the tag is made of,
and no view is entered. All else (a prompt that changed, a refusal, an unusual call) is left to the
view, which looks for itself.
"""

from typing import Any
from uuid import UUID

from django.db.models import F, FilteredRelation, Q, QuerySet, UUIDField
from django.http import HttpRequest, HttpResponse

from accounts import tokens
from accounts.authentication import bearer_token
from accounts.models import ApiKey, Scope, Session
from accounts.throttles import Throttled, allowance
from promptcrafter import ids
from promptcrafter.conditions import is_known
from promptcrafter.statements import Parameter, Statement
from prompts.models import Prompt


def etag(number: int, revision: int) -> str:
    """Strong: which version's text, and the count of all that shows beside it."""
    return f'"{number}-{revision}"'


def unchanged(request: HttpRequest, wire_id: str) -> HttpResponse | None:
    """The answer to a GET of a prompt that did not change, or None. One query at most."""
    known, token = request.META.get("HTTP_IF_NONE_MATCH"), bearer_token(request)
    if known is None or token is None or not _is_plain(request):
        return None
    try:
        caller = _caller(token, prompt=ids.decode(Prompt.KIND, wire_id))
        tag = _tag(caller, request.GET.get("label"))
        if tag is None or not is_known(tag, known):
            return None
        allowance.take(caller.user_id)
    except (tokens.InvalidToken, ids.MalformedId, Throttled):
        return None
    request.user = caller.user  # whom the log names
    return HttpResponse(status=304, headers={"ETag": tag})


def _is_plain(request: HttpRequest) -> bool:
    """What programs send. A page has other tags, and what is wrong with the query the view says."""
    sent = [(name, len(values)) for name, values in request.GET.lists()]
    is_page = "html" in request.META.get("HTTP_ACCEPT", "")
    return request.method == "GET" and not is_page and sent in ([], [("label", 1)])


def _caller(token: str, *, prompt: UUID) -> Any:
    """The session or key, with what it `shows` of the prompt: nothing, where that is not its."""
    if token.startswith("pc_"):
        return ApiKey.objects.find(token, by=_KEY, prompt=prompt)
    return tokens.session_of(token, by=_SESSION, prompt=prompt)


def _tag(caller: Any, label: str | None) -> str | None:
    """Of what the caller would be shown; None where that is nothing, or less than to others."""
    if caller is None or caller.newest is None or not _reads_all(caller):
        return None
    number = caller.newest if label is None else caller.shown_labels.get(label)
    return None if number is None else etag(number, caller.revision)


def _reads_all(caller: Session | ApiKey) -> bool:
    if not isinstance(caller, ApiKey):
        return True
    return Scope.PROMPTS_READ in caller.scopes and not caller.labels


def _with_prompt(callers: QuerySet[Any]) -> QuerySet[Any]:
    key = Parameter("prompt", UUIDField())
    theirs = Q(user__prompts__pk=key, user__prompts__deleted_at=None)
    return callers.annotate(
        own=FilteredRelation("user__prompts", condition=theirs),
        newest=F("own__version"),
        revision=F("own__revision"),
        shown_labels=F("own__labels"),
    )


_SESSION = Statement(lambda: _with_prompt(Session.objects.sought()))
_KEY = Statement(lambda: _with_prompt(ApiKey.objects.sought()))
