"""How a page is answered, where one is asked for."""

from typing import Any
from urllib.parse import quote

from django.http import QueryDict
from django.template import loader
from django.utils.module_loading import import_string
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request

# By name: DRF imports its renderers while it still makes the views that a page is about.
PAGE = "promptcrafter.browsable.page.html"

OF_JSON = ("ETag", "Cache-Control")  # what they say is not true of the page around it


class PageRenderer(BrowsableAPIRenderer):
    """A page of our own. A subclass of DRF's, so that libraries which leave pages out of
    descriptions know it for one."""

    def render(
        self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None
    ) -> Any:
        response, request = renderer_context["response"], renderer_context["request"]
        status = response.status_code
        if status == 400 and (url := _without_empty(request)):
            response.status_code, response.headers["Location"] = 302, url
            return b""
        if status == 204:  # a browser would stay on the page before
            response.status_code = 200
        if status >= 500:  # who asks, and what else there is, may be what failed
            context = {"problem": data, "status": status}
            page = loader.render_to_string("promptcrafter/error.html", context)
        else:
            page = import_string(PAGE)(data, status=status, **renderer_context)
        for name in OF_JSON:
            response.headers.pop(name, None)
        return page.encode(errors="replace")


def _without_empty(request: Request) -> str | None:
    """Where a form's empty fields, which the API refuses, would not have been sent; None if none
    were."""
    sent = request.query_params
    if request.method != "GET" or all(value for _, values in sent.lists() for value in values):
        return None
    kept = QueryDict(mutable=True)
    for name, values in sent.lists():
        kept.setlist(name, [value for value in values if value])
    return f"{quote(request.path)}?{kept.urlencode()}".rstrip("?")
