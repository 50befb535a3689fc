"""`GET /openapi.json`: how the API describes itself, for programs that make clients and tests."""

from functools import cache
from typing import Any

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import ApiView
from promptcrafter.wire import OrjsonRenderer


@cache
def description() -> dict[str, Any]:
    """Made once in each process, of the code that it runs; it takes half a second."""
    return SchemaGenerator(urlconf=settings.ROOT_URLCONF).get_schema(public=True)


class DescriptionView(ApiView):
    """This description, in OpenAPI 3.1."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (OrjsonRenderer,)

    @extend_schema(operation_id="getDescription", responses={200: {"type": "object"}})
    def get(self, request: Request) -> Response:
        return Response(description())
