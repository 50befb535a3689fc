"""The page around an answer."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.http import QueryDict
from django.template import loader
from django.urls import ResolverMatch
from rest_framework.request import Request, override_method
from rest_framework.response import Response

from promptcrafter.browsable import links
from promptcrafter.browsable.answers import Answer
from promptcrafter.browsable.operations import (
    Operation,
    described,
    marked,
    missing,
    operation,
    template_of,
)
from promptcrafter.browsable.renderer import PageRenderer

WRITING = ("POST", "PUT", "PATCH", "DELETE")
HEADERS = ("ETag", "Location", "Retry-After", "Allow", "WWW-Authenticate", "Idempotent-Replayed")

# What is wrong is not how it was asked for: nothing can be done here.
OUT_OF_REACH = {"not_found", "malformed_id", "not_owner", "not_authenticated", "invalid_token"}


def html(
    data: Any, *, status: int, view: Any, request: Request, response: Response, **context: Any
) -> str:
    """By the view's own template, if it has one and is read."""
    page = Page(data, view=view, request=request, response=response, status=status)
    template, shown = "promptcrafter/api.html", page.context()
    if status < 400 and page.is_reading and hasattr(view, "page_template"):
        template = view.page_template
        shown |= view.page_context(page.answer.fields)
    return loader.render_to_string(template, shown, request=request)


class Page:
    """What a page shows."""

    def __init__(
        self, data: Any, *, view: Any, request: Request, response: Response, status: int
    ) -> None:
        self.view, self.request, self.response, self.status = view, request, response, status
        match = request.resolver_match
        assert isinstance(match, ResolverMatch)  # noqa: S101  # for the type checker
        self.template, self.path = template_of(match), request.path
        self.query: QueryDict = request.query_params
        self.answer = Answer(data, template=self.template, path=self.path)
        self.user = _user(view, request)
        self.is_reading = request.method in {"GET", "HEAD"}

    def context(self) -> dict[str, Any]:
        return {
            "user": self.user,
            "signups_open": settings.SIGNUPS_OPEN,
            "heading": self._heading(),
            "crumbs": links.crumbs(self.template, self.path),
            "related": self._related(),
            "reading": self._operation("GET"),
            "operations": self._operations(),
            **self._of_the_request(),
            **self._of_the_answer(),
        }

    def _of_the_request(self) -> dict[str, Any]:
        is_refused = self.status >= 400
        absent = missing(self.template, self.query) if is_refused else []
        return {
            "method": self.request.method,
            "path": self.request.get_full_path(),
            "status": f"{self.status} {HTTPStatus(self.status).phrase}",
            "problem": _readable(self.answer.fields) if is_refused else None,
            "is_stranger": self.status == 401 and not self.user.is_authenticated,
            "is_out_of_reach": self._is_out_of_reach,
            "missing": absent,
            "filters": [name for name in self.query if name not in {"limit", "cursor"}],
            "is_hint": self.status == 400 and self.is_reading and bool(absent),
            "is_only_written": self.status == 405 and self.is_reading,
        }

    def _of_the_answer(self) -> dict[str, Any]:
        told = self.response.headers
        is_fine = self.status < 400
        return {
            "headers": {name: told[name] for name in HEADERS if name in told},
            "paging": links.paging(told.get("Link", "")),
            "answer": self.answer,
            "is_list": self.answer.count is not None,
            "facts": self.answer.facts() if is_fine else [],
            "texts": self.answer.texts() if is_fine else [],
            "tables": self.answer.tables(),
            "json": self.answer.json(),
        }

    @property
    def _is_out_of_reach(self) -> bool:
        return self.status >= 400 and self.answer.fields.get("code") in OUT_OF_REACH

    def _heading(self) -> str:
        """The title of the thing, or what the path calls it: "Version 3", "Stats"."""
        title = self.answer.fields.get("title")
        if isinstance(title, str) and title:
            return title
        *_, above, name = self.template.split("/")
        last = self.path.rpartition("/")[2]
        words = f"{above.removesuffix('s')} {last}" if name.endswith("}") else last
        return words[:1].upper() + words[1:]

    def _operation(self, method: str) -> Operation | None:
        shown = self.answer.data if self.status < 400 else None
        return operation(self.template, method, query=self.query, answer=shown)

    def _operations(self) -> list[Operation]:
        """Those that the caller may do here."""
        if self._is_out_of_reach:
            return []
        allowed = [method for method in WRITING if self._may(method)]
        return [each for method in allowed if (each := self._operation(method))]

    def _may(self, method: str) -> bool:
        if method.lower() not in described(self.template):
            return False
        with override_method(self.view, self.request, method) as request:
            return bool(PageRenderer().show_form_for_method(self.view, method, request, None))

    def _related(self) -> list[links.Link]:
        if self._is_out_of_reach:
            return []
        found = links.related(self.template, self.path, self.answer.data)
        kwargs = self.view.kwargs
        if href := links.in_the_admin(self.request, self.user, self.template, kwargs):
            found.append(links.Link("in the admin", href))
        return found


def _readable(problem: dict[str, Any]) -> dict[str, Any]:
    """An error with what it quotes marked."""
    fields = problem.get("fields", {})
    return {
        "error": marked(str(problem.get("error", ""))),
        "code": problem.get("code"),
        "fields": {name: marked(" ".join(sentences)) for name, sentences in fields.items()},
    }


def _user(view: Any, request: Request) -> Any:
    """Who looks; also where the API does not ask, as at its log-in."""
    return request.user if view.authentication_classes else get_user(request._request)
