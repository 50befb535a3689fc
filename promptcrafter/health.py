"""Two probes: does the process answer, and does the database?"""

from django.db import DatabaseError, OperationalError, connection
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import (
    api_view,
    authentication_classes,
    permission_classes,
    renderer_classes,
)
from rest_framework.request import Request
from rest_framework.response import Response

from promptcrafter.wire import OrjsonRenderer

OK = {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"type": "string", "const": "ok"}},
}


@extend_schema(operation_id="isAlive", responses={200: OK})
@api_view(["GET", "HEAD"])
@authentication_classes([])
@permission_classes([])
@renderer_classes([OrjsonRenderer])
def healthz(request: Request) -> Response:
    """200 while the process answers at all."""
    return Response({"status": "ok"})


@extend_schema(operation_id="isReady", responses={200: OK})
@api_view(["GET", "HEAD"])
@authentication_classes([])
@permission_classes([])
@renderer_classes([OrjsonRenderer])
def readyz(request: Request) -> Response:
    """200 while the database answers; 503 otherwise.

    Reads a table, for SQLite answers `SELECT 1` without a look at its file.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM django_migrations LIMIT 1")
    except DatabaseError as error:
        raise OperationalError from error
    return Response({"status": "ok"})
