"""What a caller sees of prompts in lists: as they are or, of a label or for a key that is limited
to some, as of the version that the label points at."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import groupby, islice
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet, Subquery, UUIDField
from django.db.models.lookups import IsNull
from rest_framework.request import Request

from accounts.permissions import OutsideLabels, labels_of
from promptcrafter.statements import Columns, Parameter
from promptcrafter.wire import to_json
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


def written(request: Request, asked: Asked) -> Iterator[bytes]:
    """The caller's prompts in order, each as JSON; without a label, and all."""
    owner, content = cast(UUID, request.user.pk), asked["content"]
    is_filtered = filters.PARAMETERS & asked.keys()
    if not is_filtered and (few := few_of(owner, asked["ordering"], content)):
        yield from few
        return
    (found,) = order(request, asked).parts(rows(request, asked))
    read = listed.as_text(found, content).iterator(chunk_size=ROWS)
    while some := list(islice(read, ROWS)):
        yield from listed.written(some, content, owner=owner)


def written_found(request: Request, asked: Asked, found: Iterable[Any]) -> Iterator[bytes]:
    """The caller's prompts that a search found, as rows of `listed` or, some, as instances."""
    represent, owner = representation(request, asked), cast(UUID, request.user.pk)
    for is_text, some in groupby(found, key=lambda row: isinstance(row, tuple)):
        if is_text:
            yield from listed.written(some, asked["content"], owner=owner)
        else:
            yield from (to_json(represent(row)) for row in some)


def few_of(owner: Any, ordering: str, content: str) -> list[bytes] | None:
    """All of somebody's prompts, if they are FEW at most; of more nothing is read, for they are
    streamed. One query."""
    found = _few(ordering, content).rows(owner=owner)
    return found and listed.written(found, content, owner=owner)


@cache
def _few(ordering: str, content: str) -> Columns:
    def found() -> QuerySet[Any]:
        own = Prompt.objects.owned_by(Parameter("owner", UUIDField()))
        # In the order of an index, which alone is read.
        one_more = Subquery(own.order_by("updated_at").values("pk")[FEW : FEW + 1])
        (rows,) = paging.of(paging.PROMPTS, ordering).parts(own.filter(IsNull(one_more, True)))
        return listed.as_text(rows, content)

    return Columns(found, most=FEW)


def _with_content(rows: QuerySet[Any], how: str) -> QuerySet[Any]:
    """What is not shown is not read."""
    if how == "full":
        return rows
    rows = rows.defer("content")
    return listed.with_preview(rows) if how == "preview" else rows
