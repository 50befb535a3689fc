"""What a caller sees of prompts in lists: as they are or, of a label or for a key that is limited
to some, as of the version that the label points at."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import groupby, islice
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet, Subquery, UUIDField
from django.db.models.lookups import IsNull
from django.http import HttpRequest
from rest_framework.request import Request

from accounts.permissions import OutsideLabels, labels_of
from promptcrafter.statements import Columns, Parameter
from prompts import filters, paging
from prompts.models import Prompt, Version, listed
from prompts.paging import Order
from prompts.serializers.prompts import PromptSerializer

Asked = dict[str, Any]
Call = Request | HttpRequest  # once its caller is known, whose `user` and `auth` it has

FEW = 100  # that are read at once, not streamed: PostgreSQL's cursors cost a millisecond
_OWNER = Parameter("owner", UUIDField())
AT_ONCE = 262_144  # characters; what is longer is never made JSON as a whole
ROWS = 50  # that are read at a time, for each may be long


def labels(request: Call, asked: Asked) -> list[str]:
    """Those that prompts are shown as of, the first that is set; none where they are shown as they
    are. Raises OutsideLabels."""
    label, limits = asked.get("label"), labels_of(request)
    if limits and label not in {None, *limits}:
        raise OutsideLabels(limits)
    return [label] if label else limits


def rows(request: Call, asked: Asked) -> QuerySet[Any]:
    """The caller's prompts, or versions of them with their `prompt`, that fit the filters."""
    names = labels(request, asked)
    found: QuerySet[Any]
    if names:
        found = filters.versions(Version.objects.as_of(*names, owner=request.user.pk), asked)
    else:
        own = Prompt.objects.owned_by(request.user)
        found = filters.prompts(own, asked, owner=request.user).without_search_text()
    return _with_content(found, asked.get("content", "full"))


def order(request: Call, asked: Asked) -> Order:
    name = asked["ordering"]
    if labels(request, asked):
        return paging.of(paging.VERSIONS, name, key="prompt_id", by="carried")
    by = {"by": "tagged"} if "tag" in asked else {}
    return paging.of(paging.PROMPTS, name, **by)


def representation(request: Call, asked: Asked) -> Callable[[Any], dict[str, Any]]:
    """How one of the rows is written."""
    limits = labels_of(request)
    context = {"content": asked.get("content", "full"), "labels": limits}
    represent: Callable[[Any], dict[str, Any]] = PromptSerializer(context=context).to_representation
    return represent


def every(
    request: Call, asked: Asked, *, may_be_few: bool = True
) -> Iterator[list[dict[str, Any]]]:
    """All of the caller's prompts in order, some at a time; without a label."""
    owner, content = cast(UUID, request.user.pk), asked["content"]
    may_be_few = may_be_few and not filters.PARAMETERS & asked.keys()
    if may_be_few and (found := _few(asked["ordering"], content).rows(owner=owner)):
        yield from in_pieces(listed.shown(found, content, owner=owner))
        return
    (every,) = order(request, asked).parts(rows(request, asked))
    read = listed.as_text(every, content).iterator(chunk_size=ROWS)
    while some := list(islice(read, ROWS)):
        yield from in_pieces(listed.shown(some, content, owner=owner))


def found(request: Call, asked: Asked, rows: Iterable[Any]) -> Iterator[list[dict[str, Any]]]:
    """The caller's prompts that a search found, as rows of `listed` or, some, as instances."""
    represent, owner = representation(request, asked), cast(UUID, request.user.pk)
    for is_text, some in groupby(rows, key=lambda row: isinstance(row, tuple)):
        if is_text:
            yield from in_pieces(listed.shown(some, asked["content"], owner=owner))
        else:
            yield from ([represent(row)] for row in some)


def in_pieces(prompts: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """All at once, which costs less, or one by one where their texts are long."""
    if sum(len(each.get("content", "")) for each in prompts) <= AT_ONCE:
        yield prompts
    else:
        yield from ([each] for each in prompts)


def few(own: QuerySet[Any], ordering: str, content: str, *, first: tuple[str, ...] = ()) -> Any:
    """All of the prompts of a Parameter `owner`, some columns `first`, if they are FEW at most; of
    more nothing is read, for they are streamed."""
    live = Prompt.objects.owned_by(_OWNER)
    # In the order of an index, which alone is read.
    one_more = Subquery(live.order_by("updated_at").values("pk")[FEW : FEW + 1])
    (rows,) = paging.of(paging.PROMPTS, ordering).parts(own.filter(IsNull(one_more, True)))
    return listed.as_text(rows, content, first=first)


@cache
def _few(ordering: str, content: str) -> Columns:
    return Columns(lambda: few(Prompt.objects.owned_by(_OWNER), ordering, content), most=FEW)


def _with_content(rows: QuerySet[Any], how: str) -> QuerySet[Any]:
    """What is not shown is not read."""
    if how == "full":
        return rows
    rows = rows.defer("content")
    return listed.with_preview(rows) if how == "preview" else rows
