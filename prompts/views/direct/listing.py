"""`GET /prompts`, all that somebody has, newest first, and `GET /search?q=…`, all that matches."""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from accounts.models import Scope
from prompts.views import lists, search, shown
from prompts.views.direct import callers

_CONTENT = re.compile("(content=(?P<content>full|preview|none))?")
_WORDS = re.compile("q=[^&]+")


def every(request: HttpRequest, token: str) -> HttpResponseBase | None:
    query = _CONTENT.fullmatch(request.META.get("QUERY_STRING", ""))
    if query is None or not _is_accepted(request, token, like="/prompts"):
        return None
    asked = {"ordering": "-createdAt", "content": query["content"] or "full"}
    return lists.whole(request, shown.every(request, asked))


def found(request: HttpRequest, token: str) -> HttpResponseBase | None:
    query = request.META.get("QUERY_STRING", "")
    if not _WORDS.fullmatch(query) or not _is_accepted(request, token, like="/search"):
        return None
    return search.whole(request, request.GET["q"])


def _is_accepted(request: HttpRequest, token: str, *, like: str) -> bool:
    if "HTTP_IF_NONE_MATCH" in request.META or settings.READ_FROM_REPLICA:
        return False
    caller = callers.find(token, Scope.PROMPTS_READ)
    if caller is not None:
        callers.accept(request, caller, like=like)
    return caller is not None
