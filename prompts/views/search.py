"""The search, and completion of tags and models as one types."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, dropwhile, islice, takewhile
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import ApiView
from accounts.permissions import HasScope
from promptcrafter.snapshots import snapshot
from prompts import cursors, filters, paging
from prompts.cursors import Cursor, MalformedCursor
from prompts.models import Label, Prompt, Tag, Version, searching
from prompts.models.searching import Hit
from prompts.models.values import IN_ORDER, with_values
from prompts.parameters import (
    PAGE,
    QUERY_MAX_LENGTH,
    TERMS_MAX,
    CompletionParameters,
    SearchParameters,
    names,
)
from prompts.search import Term, fold, matches, terms
from prompts.serializers.prompts import (
    FoundPromptSerializer,
    ModelCountSerializer,
    TagCountSerializer,
)
from prompts.views import lists, shown
from prompts.views.base import PROMPTS
from prompts.views.shown import Call


class SearchView(ApiView):
    """Your prompts in which every word of `q` occurs, the best match first.

    A word in the title counts more than in a tag, and there more than in the content; a whole word
    more than the beginning of one, and that more than the inside. Of equals the recently updated
    come first. With `label`, what is released is searched, and the recently released come first.
    """

    serializer_class = FoundPromptSerializer
    permission_classes = (IsAuthenticated, HasScope)
    queryset = Prompt.objects.none()
    scopes = PROMPTS
    limited_methods = ("GET",)
    parameters = names(SearchParameters)
    repeatable = ("tag",)

    @extend_schema(
        operation_id="searchPrompts",
        tags=["prompts"],
        responses=FoundPromptSerializer(many=True),
    )
    def get(self, request: Request) -> HttpResponseBase:
        asked = self.asked(SearchParameters)
        wanted = terms(asked["q"])
        if len(wanted) > TERMS_MAX:
            raise ValidationError({"q": f"Use at most {TERMS_MAX} different words."})
        search = _Search(request, asked, wanted)
        if not lists.is_paged(request, asked):
            return lists.whole(request, search.whole())
        prompts, cursors = search.page()
        return lists.paged(request, prompts, cursors, limit=search.limit)


def whole(request: Call, query: str) -> HttpResponseBase | None:
    """All that match it, or None where it is not a query, or too long a one."""
    wanted = terms(query)
    is_too_long = len(query) > QUERY_MAX_LENGTH or len(wanted) > TERMS_MAX
    if not wanted or is_too_long or "\0" in query:
        return None
    asked = {"content": "full", "highlight": "false"}
    return lists.whole(request, _Search(request, asked, wanted).whole())


class _Search:
    """One that was asked for, with its terms."""

    def __init__(self, request: Call, asked: dict[str, Any], wanted: list[str]) -> None:
        self.request, self.asked, self.wanted = request, asked, wanted
        self.limit = asked.get("limit", PAGE)
        # Made where it is needed, which in a small library it is not.
        self.rows: Any = SimpleLazyObject(lambda: shown.rows(request, asked))

    def whole(self) -> Iterator[list[dict[str, Any]]]:
        return self._shown(_in_order(list(self._hits()), self.rows))

    def page(self) -> tuple[list[dict[str, Any]], Mapping[str, str | None]]:
        """Raises ValidationError for the cursor."""
        cursor, of = self.asked.get("cursor"), lists.identity(self.request, "relevance")
        with snapshot(Prompt):
            hits = self._hits(in_snapshot=True, shown=0 if cursor is not None else self.limit + 1)
            page = _page(hits, limit=self.limit, cursor=cursor, of=of)
            prompts = [*chain.from_iterable(self._shown(_rows_of(page.rows, self.rows)))]
        return prompts, page.cursors

    def _shown(self, found: Iterable[Any]) -> Iterator[list[dict[str, Any]]]:
        prompts = shown.found(self.request, self.asked, found)
        if self.asked["highlight"] == "false":
            return prompts
        return ([_highlighted(each, self.wanted) for each in some] for some in prompts)

    def _hits(self, **how: Any) -> Iterator[Hit]:
        rows, labels = self.rows, shown.labels(self.request, self.asked)
        tags, is_narrowed = self.asked.get("tag", []), filters.narrows(self.asked)
        if labels:
            of_them = Exists(rows.order_by().filter(prompt=OuterRef("prompt")))
            rows = Label.objects.released(*labels, owner=self.request.user)
            rows = rows.filter(of_them) if tags or is_narrowed else rows
        elif not (tags or is_narrowed):
            how["content"] = self.asked["content"]
        looked_for, owner = [Term(text) for text in self.wanted], self.request.user
        return searching.ranked(rows, owner, looked_for, tags=tags, is_narrowed=is_narrowed, **how)


def _highlighted(prompt: dict[str, Any], wanted: list[str]) -> dict[str, Any]:
    """With where the terms occur."""
    texts = {name: prompt.get(name, "") for name in ("title", "tags", "content")}
    return {**prompt, "matches": matches(wanted, **texts)}


def _rows_of(hits: list[Hit], rows: QuerySet[Any]) -> list[Any]:
    """What was found, in that order."""
    known = {hit.pk: hit.row for hit in hits if hit.row is not None}
    unknown = [hit.pk for hit in hits if hit.row is None]
    if unknown:
        key = _key(rows)
        known |= {getattr(row, key): row for row in rows.filter(**{f"{key}__in": unknown})}
    return [known[hit.pk] for hit in hits if hit.pk in known]


def _in_order(hits: list[Hit], rows: QuerySet[Any]) -> Iterable[Any]:
    """The same of any number, as they are read; what is gone since is left out."""
    if all(hit.row is not None for hit in hits):
        return [hit.row for hit in hits]
    found = with_values(rows, _key(rows), [hit.pk for hit in hits])
    return found.order_by(IN_ORDER).iterator(chunk_size=lists.ROWS)


def _key(rows: QuerySet[Any]) -> str:
    """The prompt's."""
    return "prompt_id" if rows.model is Version else "pk"


def _page(hits: Iterator[Hit], *, limit: int, cursor: str | None, of: str) -> paging.Page:
    """Hits are found anew up to the page: its cost grows with how deep it is."""
    if cursor is None:
        found = list(islice(hits, limit + 1))
        return _links(found[:limit], of, is_before=False, is_after=len(found) > limit)
    at, is_back = _read(cursor, of)
    if is_back:
        before = deque(takewhile(lambda hit: hit > at, hits), maxlen=limit + 1)
        return _links([*before][-limit:], of, is_before=len(before) > limit, is_after=True)
    found = list(islice(dropwhile(lambda hit: hit >= at, hits), limit + 1))
    return _links(found[:limit], of, is_before=True, is_after=len(found) > limit)


def _links(hits: list[Hit], of: str, *, is_before: bool, is_after: bool) -> paging.Page:
    cursors: dict[str, str | None] = {"first": None}
    if hits and is_before:
        cursors["prev"] = _write(hits[0], of, is_back=True)
    if hits and is_after:
        cursors["next"] = _write(hits[-1], of, is_back=False)
    return paging.Page(hits, cursors)


def _write(hit: Hit, of: str, *, is_back: bool) -> str:
    return Cursor(of, is_back, [hit.score, hit.updated_at.isoformat()], hit.pk).encode()


def _read(text: str, of: str) -> tuple[Hit, bool]:
    try:
        cursor = cursors.decode(text, of=of)
        score, updated_at = cursor.values
        return Hit(int(score), paging.moment(updated_at), cursor.key), cursor.is_back
    except (ValueError, TypeError, OverflowError) as error:
        raise ValidationError({"cursor": str(MalformedCursor())}) from error


# Completion -------------------------------------------------------------------------------------


class CountView(ApiView):
    """Values with how many prompts have them, the most used first."""

    permission_classes = (IsAuthenticated, HasScope)
    queryset = Prompt.objects.none()  # the browsable pages of lists ask for one
    scopes = PROMPTS
    limited_methods = ("GET",)
    parameters = names(CompletionParameters)

    def answer(self, name: str, counts: Mapping[str, int]) -> Response:
        asked = self.asked(CompletionParameters)
        prefix = fold(asked.get("prefix", ""))
        found = [item for item in counts.items() if fold(item[0]).startswith(prefix)]
        found.sort(key=lambda item: (-item[1], item[0]))
        return Response([{name: each, "count": n} for each, n in found[: asked.get("limit")]])

    def released(self) -> QuerySet[Version] | None:
        """What a key that is limited to labels sees of prompts; None for who sees all."""
        labels = shown.labels(self.request, {})
        owner = self.request.user.pk
        return Version.objects.as_of(*labels, owner=owner) if labels else None


class TagListView(CountView):
    """Your tags, the most used first. With `prefix`, those that begin so, case aside."""

    serializer_class = TagCountSerializer

    @extend_schema(tags=["prompts"], responses=TagCountSerializer(many=True))
    def get(self, request: Request) -> Response:
        released = self.released()
        if released is not None:
            lists_of_tags = released.values_list("tags", flat=True)
            return self.answer("tag", Counter(chain.from_iterable(lists_of_tags)))
        own = Tag.objects.filter(owner=request.user.pk).values_list("name")
        return self.answer("tag", dict(own.annotate(Count("prompt")).order_by()))  # in the index


class ModelListView(CountView):
    """The models of your prompts, the most used first. With `prefix`, those that begin so."""

    serializer_class = ModelCountSerializer

    @extend_schema(tags=["prompts"], responses=ModelCountSerializer(many=True))
    def get(self, request: Request) -> Response:
        released = self.released()
        own = Prompt.objects.owned_by(request.user) if released is None else released
        counts = own.order_by().values_list("model").annotate(Count("pk"))
        return self.answer("model", dict(counts))
