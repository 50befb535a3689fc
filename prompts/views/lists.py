"""How lists are answered: whole, or in pages with links from one to the next (RFC 8288)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from promptcrafter.wire import to_json
from prompts import paging
from prompts.cursors import MalformedCursor
from prompts.paging import Order
from prompts.parameters import PAGE

AT_ONCE = 500  # rows; a list of fewer is made before it is sent

Show = Callable[[Any], dict[str, Any]]


def answer(
    request: Request, rows: QuerySet[Any], order: Order, show: Show, *, asked: Mapping[str, Any]
) -> HttpResponseBase:
    """The page that was asked for or, without a limit, all; a page of HTML is never all."""
    is_html = request.accepted_renderer.format != "json"
    if is_html or "limit" in asked or "cursor" in asked:
        return _page(request, rows, order, show, asked=asked)
    return whole(request, order.sorted(rows).iterator(chunk_size=AT_ONCE), show)


def whole(request: Request, rows: Iterable[Any], show: Show) -> HttpResponseBase:
    """All rows, sent as they are read, so that no list is ever held in memory."""
    rows = iter(rows)
    first = list(islice(rows, AT_ONCE))
    if len(first) < AT_ONCE:
        return Response([show(row) for row in first])
    rest = iter(()) if request.method == "HEAD" else chain(first, rows)
    return StreamingHttpResponse(_array(rest, show), content_type="application/json")


def paged(request: Request, page: paging.Page, show: Show) -> Response:
    headers = {"Link": _links(request, page.cursors)}
    return Response([show(row) for row in page.rows], headers=headers)


def _page(
    request: Request, rows: QuerySet[Any], order: Order, show: Show, *, asked: Mapping[str, Any]
) -> Response:
    limit = asked.get("limit", PAGE)
    try:
        page = paging.page(rows, order, limit=limit, cursor=asked.get("cursor"))
    except MalformedCursor as error:
        raise ValidationError({"cursor": str(error)}) from error
    return paged(request, page, show)


def _links(request: Request, cursors: Mapping[str, str | None]) -> str:
    """The request's own URL, each time with another cursor."""
    links = []
    for relation, cursor in cursors.items():
        query = request.query_params.copy()
        query.pop("cursor", None)
        if cursor is not None:
            query["cursor"] = cursor
        path = f"{request.path}?{query.urlencode()}" if query else request.path
        links.append(f'<{request.build_absolute_uri(path)}>; rel="{relation}"')
    return ", ".join(links)


def _array(rows: Iterator[Any], show: Show) -> Iterator[bytes]:
    """A JSON array in pieces."""
    before = b"["
    while some := list(islice(rows, AT_ONCE)):
        yield before + to_json([show(row) for row in some])[1:-1]
        before = b","
    yield b"]"
