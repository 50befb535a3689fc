"""What an error looks like, for every path there is.

    {"error": "<a sentence that says how to be right>", "code": "<a stable word>",
     "fields": {"title": ["<a sentence>"]}}        # `fields` only when single fields are invalid

A domain exception may have `details`: what else the caller needs to put things right.

Whatever is raised (DRF's exceptions, Django's, the database's, our own plain ones) becomes a
Problem in `describe`, and nowhere else.
"""

import logging
import sqlite3
import sys
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import DataError, Error, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.template import loader
from django.urls import Resolver404
from rest_framework import exceptions
from rest_framework.response import Response

from accounts import refusals
from accounts.hashers import Busy
from accounts.models import EmailTaken, SignupsClosed, TooManyKeys, User, WrongCredentials
from accounts.throttles import Throttled
from accounts.tokens import InvalidToken
from promptcrafter.ids import MalformedId
from promptcrafter.labels import MalformedLabel
from prompts.models.idempotency import KeyInProgress, KeyReused
from prompts.models.labels import LabelConflict
from prompts.models.logs import BatchRefused, ExternalIdTaken
from prompts.models.prompts import LabelNotSet, NoSuchVersion, NothingToRollBack, VersionConflict
from prompts.references import MalformedVersion
from prompts.rendering import MissingVariables, RenderedTooLong

logger = logging.getLogger(__name__)


class LengthRequired(exceptions.APIException):
    status_code = 411
    default_code = "length_required"
    default_detail = "Send the body with a Content-Length header."


class BodyTooLarge(exceptions.APIException):
    status_code = 413
    default_code = "body_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body may have at most {limit} bytes here.")


class DiskFull(Exception):
    """The database has no room for what was sent."""


class Problem(NamedTuple):
    status: int
    code: str
    sentence: str
    details: dict[str, Any] = {}
    headers: dict[str, str] = {}

    @property
    def body(self) -> dict[str, Any]:
        return {"error": self.sentence, "code": self.code, **self.details}


MALFORMED = (400, "bad_request", "The request is malformed.")
UNAVAILABLE = (503, "unavailable", "The database is not available; try again shortly.")

HEADERS = {
    401: {"WWW-Authenticate": "Bearer"},
    503: {"Retry-After": "1"},
    507: {"Retry-After": "30"},  # somebody has to come and make room
}

# The first that fits, from top to bottom; without a sentence here, the exception's own.
KNOWN: dict[type[BaseException], tuple[int, str, str | None]] = {
    MalformedId: (400, "malformed_id", None),
    MalformedVersion: (400, "malformed_version", None),
    MalformedLabel: (400, "malformed_label", None),
    WrongCredentials: (401, "wrong_credentials", None),
    InvalidToken: (401, "invalid_token", None),
    NoSuchVersion: (404, "no_such_version", None),
    LabelNotSet: (404, "label_not_set", None),
    ObjectDoesNotExist: (404, "not_found", "It is not there any more."),
    TooManyKeys: (409, "too_many_keys", None),
    SignupsClosed: (403, "signups_closed", None),
    EmailTaken: (409, "email_taken", None),
    VersionConflict: (409, "version_conflict", None),
    LabelConflict: (409, "label_conflict", None),
    NothingToRollBack: (409, "nothing_to_roll_back", None),
    ExternalIdTaken: (409, "external_id_taken", None),
    BatchRefused: (400, "batch_refused", None),
    MissingVariables: (400, "missing_variables", None),
    RenderedTooLong: (400, "rendered_too_long", None),
    KeyInProgress: (409, "idempotency_key_in_progress", None),
    KeyReused: (422, "idempotency_key_reused", None),
    Throttled: (429, "throttled", None),
    Busy: (429, "busy", None),
    exceptions.NotAuthenticated: (
        401,
        "not_authenticated",
        "Send `Authorization: Bearer <token>`; POST /auth/login gives a token.",
    ),
    exceptions.MethodNotAllowed: (
        405,
        "method_not_allowed",
        "This route does not take that method; `Allow` lists those that it takes.",
    ),
    exceptions.UnsupportedMediaType: (
        415,
        "unsupported_media_type",
        "Send the body as JSON, with `Content-Type: application/json`.",
    ),
    Resolver404: (
        404,
        "no_such_route",
        "There is no such route; the API's paths do not end in a slash.",
    ),
    Http404: (404, "not_found", "There is no such thing."),
    PermissionDenied: (403, "permission_denied", "You may not do this."),
    RequestDataTooBig: (
        413,
        "body_too_large",
        f"The body may have at most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.",
    ),
    DisallowedHost: (
        400,
        "unknown_host",
        "This server does not answer to that Host name; its operator can, by ALLOWED_HOSTS.",
    ),
    SuspiciousOperation: MALFORMED,
    BadRequest: MALFORMED,
    MultiPartParserError: MALFORMED,
    # Of the admin's URLs and forms: `?owner=garbage`, a year of 999999999999.
    ValidationError: MALFORMED,
    OverflowError: MALFORMED,
    DiskFull: (
        507,
        "insufficient_storage",
        "The disk of the database is full: nothing more can be kept until its operator makes room.",
    ),
    OperationalError: UNAVAILABLE,
    InterfaceError: UNAVAILABLE,
    IntegrityError: (
        409,
        "conflict",
        "Something this depends on changed at the same moment; read it again and retry.",
    ),
    DataError: (400, "invalid", "The database can't hold one of the values."),
}


def describe(error: BaseException | None) -> Problem:
    """The Problem that an exception stands for; a 500 for one that nobody foresaw.

    For an answer, and for each but once: who is refused is counted here.
    """
    if isinstance(error, exceptions.ValidationError):
        return _invalid(error.detail)
    if _is_of_a_full_disk(error):
        error = DiskFull()
    for kind, (status, code, sentence) in KNOWN.items():
        if isinstance(error, kind):
            return _problem(status, code, sentence or str(error), error)
    if isinstance(error, exceptions.APIException):
        code = getattr(error.detail, "code", error.default_code)
        return _problem(error.status_code, code, str(error.detail), error)
    return _problem(500, "server_error", "Something went wrong on our side; it has been logged.")


def _is_of_a_full_disk(error: BaseException | None) -> bool:
    """By the code that the driver gave it: SQLite's own, or PostgreSQL's `disk_full`."""
    cause = getattr(error, "__cause__", None)
    of_sqlite = getattr(cause, "sqlite_errorcode", None)
    return of_sqlite == sqlite3.SQLITE_FULL or getattr(cause, "sqlstate", None) == "53100"


def respond(error: BaseException | None) -> HttpResponse:
    """For what is raised outside the API's views."""
    problem = describe(error)
    _tell(problem, error)
    return HttpResponse(
        orjson.dumps(problem.body),
        status=problem.status,
        content_type="application/json",
        headers=problem.headers,
    )


def _tell(problem: Problem, error: BaseException | None) -> None:
    """It may be a mistake of ours; what is a 500 tells Django."""
    if isinstance(error, Error | OverflowError) and problem.status != 500:
        logger.error("answered %s: %s", problem.status, problem.code, exc_info=error)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook. None lets DRF raise it again: Django then logs it and calls `server_error`."""
    if isinstance(error, IntegrityError | ObjectDoesNotExist) and _is_gone(context.get("request")):
        error = InvalidToken()
    problem = describe(error)
    if problem.status == 500:
        return None
    _tell(problem, error)
    return Response(problem.body, status=problem.status, headers=problem.headers)


def any_error(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler400, 403, 404 and (without an exception to hand) 500."""
    error = exception or sys.exc_info()[1]
    response = respond(error)
    return as_page(response) if _is_looking(request) else response


def as_page(response: HttpResponse) -> HttpResponse:
    """The same for a reader; the page asks nobody anything, for that may be what failed."""
    context = {"problem": orjson.loads(response.content), "status": response.status_code}
    response.content = loader.render_to_string("promptcrafter/error.html", context)
    response.headers["Content-Type"] = "text/html; charset=utf-8"
    return response


def _is_looking(request: HttpRequest) -> bool:
    """Whether a browser goes there: it has HTML first, and sends nothing."""
    first = request.headers.get("Accept", "").partition(",")[0].strip().lower()
    return request.method in {"GET", "HEAD"} and first == "text/html"


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return respond(exceptions.PermissionDenied(reason or None, code="csrf_failed"))


def _is_gone(request: Any) -> bool:
    """Whether the caller's account was deleted while this request ran."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return False
    return not User.objects.filter(pk=user.pk).exists()


def _problem(status: int, code: str, sentence: str, error: BaseException | None = None) -> Problem:
    """With the header that RFC 9110 wants: 401 names its scheme, 429 and 503 say when to come
    back, and so does 507 here."""
    headers = HEADERS.get(status, {})
    if refusal := getattr(error, "refusal", None):
        refusals.note(refusal)
    if retry_after := getattr(error, "retry_after", None):
        headers = {"Retry-After": str(retry_after)}
    return Problem(status, code, sentence, getattr(error, "details", {}), headers)


def _invalid(detail: Any) -> Problem:
    by_field = detail if isinstance(detail, dict) else {"non_field_errors": detail}
    fields = {_sendable(name): _sentences(inner) for name, inner in by_field.items()}
    first = next(iter(fields))
    more = f" ({len(fields) - 1} more in `fields`.)" if len(fields) > 1 else ""
    return Problem(400, "invalid", f"{first}: {fields[first][0]}{more}", {"fields": fields})


def _sentences(detail: Any) -> list[str]:
    """The leaves of what DRF nests in lists and dictionaries."""
    if isinstance(detail, dict):
        return [sentence for inner in detail.values() for sentence in _sentences(inner)]
    if isinstance(detail, list):
        return [sentence for inner in detail for sentence in _sentences(inner)]
    return [_sendable(str(detail))]


def _sendable(text: str) -> str:
    """A name that the client made up may have a lone surrogate, which UTF-8 has not."""
    return text.encode(errors="replace").decode()
