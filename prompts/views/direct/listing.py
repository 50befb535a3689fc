"""`GET /prompts`, all that somebody has, newest first, and `GET /search?q=…`, all that matches."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import UUIDField
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import tokens
from accounts.models import Scope, Session
from accounts.models.users import mark_of
from accounts.throttles import allowance
from promptcrafter.statements import Columns, Parameter
from prompts.models import Prompt, listed
from prompts.views import lists, search, shown
from prompts.views.direct import callers

ORDER = "-createdAt"

_CONTENT = re.compile("(content=(?P<content>full|preview|none))?")
_WORDS = re.compile("q=[^&]+")


def every(request: HttpRequest, token: str) -> HttpResponseBase | None:
    query = _CONTENT.fullmatch(request.META.get("QUERY_STRING", ""))
    if query is None or not _is_plain(request):
        return None
    content = query["content"] or "full"
    if few := _few_with_session(request, token, content):
        return lists.whole(request, few)
    if not _is_accepted(request, token, like="/prompts"):
        return None
    asked = {"ordering": ORDER, "content": content}
    may_be_few = token.startswith("pc_")  # of others it is known by now that there are none or many
    return lists.whole(request, shown.every(request, asked, may_be_few=may_be_few))


def _few_with_session(
    request: HttpRequest, token: str, content: str
) -> Iterator[list[dict[str, Any]]] | None:
    """All, where they are few, in the statement that tells who calls; else None, whatever it is.

    That saves a list of 100 a twentieth.
    """
    if token.startswith("pc_"):
        return None
    session, owner = tokens.named_by(token)
    if not allowance.is_known_to_be_left(owner):
        return None
    rows = _of_session(content).rows(session=session, owner=owner, now=timezone.now())
    if not rows:
        return None
    mark, password, *_ = rows[0]
    if not constant_time_compare(mark, mark_of(password)):
        return None
    callers.accept(request, callers.known(session, owner), like="/prompts")
    return shown.in_pieces(listed.shown((row[2:] for row in rows), content, owner=owner))


@cache
def _of_session(content: str) -> Columns:
    first = ("owner__sessions__password_mark", "owner__password")

    def found() -> Any:
        own = Prompt.objects.owned_by(Parameter("owner", UUIDField()))
        by_session = own.filter(owner__sessions__in=Session.objects.sought().values("pk"))
        return shown.few(by_session, ORDER, content, first=first)

    return Columns(found, most=shown.FEW)


def found(request: HttpRequest, token: str) -> HttpResponseBase | None:
    query = request.META.get("QUERY_STRING", "")
    if not (_WORDS.fullmatch(query) and _is_plain(request)):
        return None
    if not _is_accepted(request, token, like="/search"):
        return None
    return search.whole(request, request.GET["q"])


def _is_plain(request: HttpRequest) -> bool:
    return not (callers.CONDITIONS & request.META.keys() or settings.READ_FROM_REPLICA)


def _is_accepted(request: HttpRequest, token: str, *, like: str) -> bool:
    caller = callers.find(token, Scope.PROMPTS_READ)
    if caller is not None:
        callers.accept(request, caller, like=like)
    return caller is not None
