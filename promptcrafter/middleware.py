"""The guard: refuses what must not be read, and keeps answers out of shared caches."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers
from rest_framework.exceptions import MethodNotAllowed

from promptcrafter.conditions import PreconditionFailed
from promptcrafter.errors import BodyTooLarge, LengthRequired, respond

EMPTY = {405: MethodNotAllowed(""), 412: PreconditionFailed()}

VARY = ("Accept", "Authorization", "Cookie")

# Where anybody may send a body, and it is read before anybody knows whose it is.
OPEN_PATHS = ("/auth/", "/api-auth/", "/admin/login/", "/password-reset")

Handler = Callable[[HttpRequest], HttpResponseBase]


def guard(get_response: Handler) -> Handler:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = with_body(refuse(request) or get_response(request))
        response.headers.setdefault("Cache-Control", _caching(request, response))
        if "public" not in response.headers["Cache-Control"]:
            _vary(response)
        return response

    return middleware


def _vary(response: HttpResponseBase) -> None:
    if "Vary" in response.headers:
        patch_vary_headers(response, VARY)
    else:
        response.headers["Vary"] = ", ".join(VARY)


def _caching(request: HttpRequest, response: HttpResponseBase) -> str:
    """Tokens and keys are kept nowhere (RFC 6749, 5.1), nor pages, which "back" would show again
    after a log-out; what else is said is asked for anew each time."""
    is_page = response.headers.get("Content-Type", "").startswith("text/html")
    is_secret = is_page or request.path.startswith("/auth/")
    return "no-store" if is_secret else "private, no-cache"


def with_body(response: HttpResponseBase) -> HttpResponseBase:
    """Django answers some errors with a status alone."""
    error = EMPTY.get(response.status_code)
    if error is None or response.getvalue():
        return response
    shaped = respond(error)
    if "Allow" in response.headers:
        shaped.headers["Allow"] = response.headers["Allow"]
    return shaped


def body_limit(path: str) -> int:
    """In bytes. JSON of 2.6 MB may take a second and 200 MB to read, which is too much for nobody
    in particular."""
    if path.startswith(OPEN_PATHS):
        return int(settings.MAX_AUTH_BODY_BYTES)
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def refuse(request: HttpRequest) -> HttpResponseBase | None:
    """The answer to a body that is too long, or whose length can't be known; None if all is well.

    Django takes a chunked body for an empty one, and would answer a PATCH with 200 and lose it; the
    servers that let us read one come through promptcrafter.wsgi.
    """
    if "HTTP_TRANSFER_ENCODING" in request.META:
        return respond(LengthRequired())
    length = request.META.get("CONTENT_LENGTH") or ""
    is_number = length.isascii() and length.isdigit()
    if is_number and (len(length) > 18 or int(length) > body_limit(request.path)):
        response = respond(BodyTooLarge(body_limit(request.path)))
        response.headers["Connection"] = "close"  # for the body is not read
        return response
    return None
