"""Conditional requests (RFC 9110, section 13): what a client makes depend on an entity tag."""

from django.http import HttpRequest
from django.utils.http import parse_etags
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response


class PreconditionFailed(APIException):
    status_code = 412
    default_code = "precondition_failed"
    default_detail = "It has changed since you read it; read it again, then repeat your change."


def require_match(request: Request | HttpRequest, etag: str | None) -> None:
    """Holds If-Match against the thing's strong tag, None where it does not exist.

    Raises PreconditionFailed. Without the header everything matches.
    """
    header = request.headers.get("If-Match")
    if header is None:
        return
    if etag is None or (header.strip() != "*" and etag not in parse_etags(header)):
        raise PreconditionFailed


def is_fresh(request: Request, etag: str) -> bool:
    """Whether If-None-Match says that the client has this already; weak tags count (13.1.2).

    The tag is that of the JSON; a page says more than what it shows of it.
    """
    header = request.headers.get("If-None-Match")
    if header is None or request.accepted_renderer.format != "json":
        return False
    return is_known(etag, header)


def is_known(etag: str, header: str) -> bool:
    """Whether an If-None-Match lists that tag."""
    known = [each.removeprefix("W/") for each in parse_etags(header)]
    return header.strip() == "*" or etag in known


def not_modified(etag: str, **headers: str) -> Response:
    return Response(status=304, headers={"ETag": etag, **headers})
