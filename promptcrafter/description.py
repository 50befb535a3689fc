"""How the API describes itself: `/openapi.json` for programs that make clients and tests, and
`/docs` for people, who can try it out there."""

from functools import cache
from threading import Lock
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.views.generic import TemplateView
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import ApiView
from promptcrafter.headers import FOR_PAGES
from promptcrafter.wire import OrjsonRenderer

_alone = Lock()


@cache
def description() -> dict[str, Any]:
    """Made once in each process, of the code that it runs; it takes half a second.

    By one thread at a time: drf-spectacular fails one of two while it looks for what it extends.
    """
    with _alone:
        return SchemaGenerator(urlconf=settings.ROOT_URLCONF).get_schema(public=True)


class DescriptionView(ApiView):
    """This description, in OpenAPI 3.1."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (OrjsonRenderer,)

    @extend_schema(operation_id="getDescription", responses={200: {"type": "object"}})
    def get(self, request: Request) -> Response:
        return Response(description())


class DocumentationPage(TemplateView):
    """Swagger UI, with the description."""

    template_name = "promptcrafter/docs.html"
    # Its style sheet holds its icons as `data:` URLs.
    headers = {"Content-Security-Policy": f"{FOR_PAGES}; img-src 'self' data:"}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        token = get_token(self.request) if self.request.user.is_authenticated else None
        return super().get_context_data(token=token, **kwargs)

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        return super().render_to_response(context, headers=self.headers, **kwargs)
