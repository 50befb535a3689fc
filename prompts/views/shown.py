"""What a caller sees of prompts in lists: as they are or, of a label or for a key that is limited
to some, as of the version that the label points at."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from django.db.models import QuerySet, Subquery, UUIDField
from django.db.models.lookups import IsNull
from rest_framework.request import Request

from accounts.permissions import OutsideLabels, labels_of
from promptcrafter import ids
from promptcrafter.statements import Columns, Parameter
from prompts import filters, paging
from prompts.models import Prompt, Version, listed
from prompts.paging import Order
from prompts.serializers.prompts import PromptSerializer

Asked = dict[str, Any]

FEW = 100  # that are read at once, not streamed: PostgreSQL's cursors cost a millisecond
ROWS = 50  # that are read at a time, for each may be long


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


def columns(request: Request, asked: Asked) -> Iterable[Any]:
    """The caller's prompts in order, as `of_columns` shows them; without a label, and all."""
    every = _few(asked["ordering"], asked["content"])
    is_filtered = filters.PARAMETERS & asked.keys()
    if not is_filtered and (few := every.rows(owner=request.user.pk)):
        return few
    (found,) = order(request, asked).parts(rows(request, asked))
    return found.values_list(*listed.columns(asked["content"])).iterator(chunk_size=ROWS)


def of_columns(request: Request, asked: Asked) -> Callable[[Any], dict[str, Any]]:
    """How such a row is written, as `PromptSerializer` writes a prompt."""
    owner: Any = request.user
    owner_id = ids.encode("user", owner.pk)
    names = listed.names(asked["content"])

    def show(row: Any) -> dict[str, Any]:
        key, *shown = row
        return dict(zip(names, (ids.encode(Prompt.KIND, key), owner_id, *shown), strict=True))

    return show


@cache
def _few(ordering: str, content: str) -> Columns:
    """All, if they are FEW at most; of more nothing is read, for they are streamed."""

    def found() -> QuerySet[Any]:
        own = Prompt.objects.owned_by(Parameter("owner", UUIDField()))
        # In the order of an index, which alone is read.
        one_more = Subquery(own.order_by("updated_at").values("pk")[FEW : FEW + 1])
        few = listed.with_preview(own.filter(IsNull(one_more, True)))
        (rows,) = paging.of(paging.PROMPTS, ordering).parts(few)
        return rows.values_list(*listed.columns(content))

    return Columns(found, most=FEW)


def _with_content(rows: QuerySet[Any], how: str) -> QuerySet[Any]:
    """What is not shown is not read."""
    if how == "full":
        return rows
    rows = rows.defer("content")
    return listed.with_preview(rows) if how == "preview" else rows
