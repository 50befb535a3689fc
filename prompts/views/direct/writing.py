"""`POST /prompts`, and `PATCH /prompts/{id}`: two statements each, the second of which writes.

What is refused leaves nothing written, and is refused once more by the view.
"""

from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import DataError, IntegrityError
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException

from accounts.models import Scope
from promptcrafter import ids
from promptcrafter.wire import StrictJSONParser, to_json
from prompts.models import Prompt
from prompts.models.prompts import VersionConflict
from prompts.serializers.prompts import PromptSerializer
from prompts.views.direct import callers
from prompts.views.direct.reading import Reading
from prompts.views.editing import edit, edited, prompt_etag

# By what is raised before anything is written, or by the statement that writes all or nothing.
REFUSED = (APIException, VersionConflict, ObjectDoesNotExist, IntegrityError, DataError)

_COLUMNS = {each.attname for each in Prompt._meta.concrete_fields} - {"search_text"}
_EDITED = Reading(*_COLUMNS)


def create(request: HttpRequest, token: str) -> HttpResponse | None:
    if not _is_plain(request) or (caller := callers.find(token, Scope.PROMPTS_WRITE)) is None:
        return None
    callers.accept(request, caller, like="/prompts")
    try:
        serializer = PromptSerializer(data=_data(request))
        serializer.is_valid(raise_exception=True)
        prompt = serializer.save(owner=caller.user, author=caller.user)
    except REFUSED:
        return None
    return _answer(prompt, serializer.to_representation(prompt), status=201)


def update(request: HttpRequest, token: str) -> HttpResponse | None:
    if not _is_plain(request):
        return None
    key = ids.decode(Prompt.KIND, request.path_info.removeprefix("/prompts/"))
    caller = _EDITED.find(token, key, Scope.PROMPTS_WRITE)
    if caller is None:
        return None
    callers.accept(request, caller, like="/prompts/prompt_0")
    prompt = _EDITED.prompt(caller)
    try:
        before = edit(request, prompt, _data(request), author=caller.user)
    except REFUSED:
        return None
    return _answer(prompt, edited(prompt, before))


def _is_plain(request: HttpRequest) -> bool:
    sent = request.META
    return (
        sent.get("CONTENT_TYPE") == "application/json"
        and sent.get("CONTENT_LENGTH", "").isdecimal()
        and not sent.get("QUERY_STRING")
        and "HTTP_IDEMPOTENCY_KEY" not in sent
        and not settings.READ_FROM_REPLICA
    )


def _data(request: HttpRequest) -> Any:
    """Raises ParseError."""
    return StrictJSONParser().parse(BytesIO(request.body))


def _answer(prompt: Prompt, shown: dict[str, Any], *, status: int = 200) -> HttpResponse:
    body = to_json(shown)
    headers = {"ETag": prompt_etag(prompt), "Content-Length": str(len(body))}
    return HttpResponse(body, status=status, content_type="application/json", headers=headers)
