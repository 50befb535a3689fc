"""`GET /prompts`, all that somebody has, where that is not much: two statements."""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.models import Scope
from prompts.views import lists, shown
from prompts.views.direct import callers

_QUERY = re.compile("(content=(?P<content>full|preview|none))?")


def answer(request: HttpRequest, token: str) -> HttpResponse | None:
    query = _QUERY.fullmatch(request.META.get("QUERY_STRING", ""))
    if query is None or "HTTP_IF_NONE_MATCH" in request.META or settings.READ_FROM_REPLICA:
        return None
    caller = callers.find(token, Scope.PROMPTS_READ)
    if caller is None:
        return None
    pieces = shown.few_of(caller.user_id, "-createdAt", query["content"] or "full")
    if not pieces or sum(map(len, pieces)) > lists.AT_ONCE:
        return None
    callers.count(request, caller, like="/prompts")
    return lists.at_once(pieces)
