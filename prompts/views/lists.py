"""How lists are answered: whole, or in pages with links from one to the next (RFC 8288)."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any
from urllib.parse import urlencode
from zlib import crc32

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from promptcrafter.wire import to_json
from prompts import paging
from prompts.cursors import MalformedCursor
from prompts.paging import Order
from prompts.parameters import PAGE
from prompts.views.shown import ROWS, Call

AT_ONCE = 262_144  # bytes; a shorter list is made before it is sent, and so gets an ETag
CHUNK = 65_536

OF_A_PAGE = {"limit", "cursor", "content", "highlight", "ordering"}

Show = Callable[[Any], dict[str, Any]]

logger = logging.getLogger(__name__)


def answer(
    request: Request, rows: QuerySet[Any], order: Order, show: Show, *, asked: Mapping[str, Any]
) -> HttpResponseBase:
    """The page that was asked for or, without a limit, all; a page of HTML is never all."""
    if is_paged(request, asked):
        return _page(request, rows, order, show, asked=asked)
    parts = (part.iterator(chunk_size=ROWS) for part in order.parts(rows))
    return whole(request, ([show(row)] for row in chain.from_iterable(parts)))


def is_paged(request: Request, asked: Mapping[str, Any]) -> bool:
    is_html = request.accepted_renderer.format != "json"
    return is_html or "limit" in asked or "cursor" in asked


def whole(request: Call, shown: Iterator[list[dict[str, Any]]]) -> HttpResponseBase:
    """All of them; those of a long list are sent as they are read, and never all held in memory."""
    pieces = (to_json(some)[1:-1] for some in shown)
    first, size = [], 0
    for piece in pieces:
        first.append(piece)
        size += len(piece)
        if size > AT_ONCE:
            rest = iter(()) if request.method == "HEAD" else chain(first, pieces)
            return StreamingHttpResponse(_told(_array(rest)), content_type="application/json")
    body = b"[" + b",".join(first) + b"]"
    # Processors know this hash: it takes half as long as that of Django's middleware.
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Content-Length": str(len(body))}
    return HttpResponse(body, content_type="application/json", headers=headers)


def paged(
    request: Request, shown: list[Any], cursors: Mapping[str, str | None], *, limit: int
) -> Response:
    return Response(shown, headers={"Link": _links(request, cursors, limit=limit)})


def _page(
    request: Request, rows: QuerySet[Any], order: Order, show: Show, *, asked: Mapping[str, Any]
) -> Response:
    limit = asked.get("limit", PAGE)
    try:
        order = order._replace(of=identity(request, order.name))
        page = paging.page(rows, order, limit=limit, cursor=asked.get("cursor"))
    except MalformedCursor as error:
        raise ValidationError({"cursor": str(error)}) from error
    return paged(request, [show(row) for row in page.rows], page.cursors, limit=limit)


def identity(request: Call, ordering: str) -> str:
    """Which list a cursor is a place in: of that path and those filters, in that order."""
    asked = [each for each in request.GET.lists() if each[0] not in OF_A_PAGE]
    filters = urlencode(sorted(asked), doseq=True)
    return f"{ordering} {crc32(f'{request.path}?{filters}'.encode()):08x}"


def _links(request: Request, cursors: Mapping[str, str | None], *, limit: int) -> str:
    """The request's own URL, each time with another cursor."""
    links = []
    for relation, cursor in cursors.items():
        query = request.query_params.copy()
        query.pop("cursor", None)
        query["limit"] = str(limit)
        if cursor is not None:
            query["cursor"] = cursor
        path = f"{request.path}?{query.urlencode()}"
        links.append(f'<{request.build_absolute_uri(path)}>; rel="{relation}"')
    return ", ".join(links)


def _array(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A JSON array of them, in chunks."""
    chunk = bytearray(b"[")
    for number, piece in enumerate(pieces):
        chunk += b"," + piece if number else piece
        if len(chunk) > CHUNK:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk + b"]")


def _told(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """An error half-way can't be answered any more: what was sent is no JSON, so that nobody takes
    it for the whole. It is logged here."""
    try:
        yield from chunks
    except Exception:
        logger.exception("a list ended half-way")
        raise
