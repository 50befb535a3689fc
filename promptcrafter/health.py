"""Two probes: does the process answer, and does the database?"""

from django.db import connection
from rest_framework.decorators import (
    api_view,
    authentication_classes,
    permission_classes,
    renderer_classes,
)
from rest_framework.request import Request
from rest_framework.response import Response

from promptcrafter.wire import OrjsonRenderer


@api_view(["GET"])
@authentication_classes([])
@permission_classes([])
@renderer_classes([OrjsonRenderer])
def healthz(request: Request) -> Response:
    """200 while the process answers at all."""
    return Response({"status": "ok"})


@api_view(["GET"])
@authentication_classes([])
@permission_classes([])
@renderer_classes([OrjsonRenderer])
def readyz(request: Request) -> Response:
    """200 while the database answers a query; a failure is a 503 like any other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Response({"status": "ok"})
