"""What a caller sees of prompts in lists: as they are or, of a label or for a key that is limited
to some, as of the version that the label points at."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Substr
from rest_framework.request import Request

from accounts.permissions import OutsideLabels, labels_of
from prompts import filters, paging
from prompts.models import Prompt, Version
from prompts.paging import Order
from prompts.serializers.prompts import PromptSerializer

Asked = dict[str, Any]

PREVIEW = 200  # characters


def labels(request: Request, asked: Asked) -> list[str]:
    """Those that prompts are shown as of, the first that is set; none where they are shown as they
    are. Raises OutsideLabels."""
    label, limits = asked.get("label"), labels_of(request)
    if limits and label not in {None, *limits}:
        raise OutsideLabels(limits)
    return [label] if label else limits


def rows(request: Request, asked: Asked) -> QuerySet[Any]:
    """The caller's prompts, or versions of them with their `prompt`, that fit the filters."""
    names = labels(request, asked)
    found: QuerySet[Any]
    if names:
        found = filters.versions(Version.objects.as_of(*names, owner=request.user.pk), asked)
    else:
        own = Prompt.objects.owned_by(request.user)
        found = filters.prompts(own, asked, owner=request.user).without_search_text()
    return _with_content(found, asked.get("content", "full"))


def order(request: Request, asked: Asked) -> Order:
    name = asked["ordering"]
    if labels(request, asked):
        return paging.of(paging.VERSIONS, name, key="prompt_id", by="carried")
    by = {"by": "tagged"} if "tag" in asked else {}
    return paging.of(paging.PROMPTS, name, **by)


def representation(request: Request, asked: Asked) -> Callable[[Any], dict[str, Any]]:
    """How one of the rows is written."""
    limits = labels_of(request)
    context = {"content": asked.get("content", "full"), "labels": limits}
    represent: Callable[[Any], dict[str, Any]] = PromptSerializer(context=context).to_representation
    return represent


def _with_content(rows: QuerySet[Any], how: str) -> QuerySet[Any]:
    """What is not shown is not read."""
    if how == "full":
        return rows
    rows = rows.defer("content")
    return rows.annotate(preview=Substr("content", 1, PREVIEW)) if how == "preview" else rows
