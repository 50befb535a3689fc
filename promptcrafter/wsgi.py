"""The WSGI application: Django, behind two filters for what it would stumble over."""

import gc
import os
import re
from collections.abc import Callable, Iterable
from importlib import import_module
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "promptcrafter.settings")

WSGIApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]


_BOUNDARY = re.compile(r";\s*boundary=\"?([0-9A-Za-z'()+_,./:=? -]{1,70})", re.IGNORECASE)


def with_plain_content_type(application: WSGIApplication) -> WSGIApplication:
    """Takes the parameters off the Content-Type, but for the boundary of a form.

    All that we read is UTF-8, and Django fails with no answer at all on `charset=rot13`, on RFC
    2231's `a*=nonsense''b`, and after seconds on 400,000 quoted semicolons.
    """

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        media_type, semicolon, _ = environ.get("CONTENT_TYPE", "").partition(";")
        if semicolon:
            boundary = _BOUNDARY.search(environ["CONTENT_TYPE"])
            parameter = f'; boundary="{boundary[1]}"' if boundary else ""
            environ["CONTENT_TYPE"] = f"{media_type.strip()}{parameter}"
        return application(environ, start_response)

    return wrapped


def with_whole_body(
    application: WSGIApplication, *, limit: Callable[[str], int]
) -> WSGIApplication:
    """Reads the body before anything is decided, at most one byte over the path's `limit`.

    Where an answer goes out before its request was read (a 401, say), granian closes the
    connection, and the client's next call on it fails.

    A chunked body gets its Content-Length, where the server promises that it ends by itself
    (`wsgi.input_terminated`, as granian and gunicorn do). Elsewhere, and where nothing came, the
    guard answers 411: granian gives an empty body for chunks that it can't read, and an edit must
    not be answered 200 and lost.
    """

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        most = limit(environ.get("PATH_INFO", ""))
        if "HTTP_TRANSFER_ENCODING" in environ:
            if environ.get("wsgi.input_terminated"):
                _take_chunked(environ, most)
        elif 0 < (length := _length(environ)) <= most:
            environ["wsgi.input"] = BytesIO(_read(environ, length))
        return application(environ, start_response)

    return wrapped


def _take_chunked(environ: dict[str, Any], limit: int) -> None:
    body = _read(environ, limit + 1)
    environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
    if body:
        del environ["HTTP_TRANSFER_ENCODING"]


def _length(environ: dict[str, Any]) -> int:
    """The Content-Length; 0 where it is none, which the guard sees to."""
    text = environ.get("CONTENT_LENGTH") or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _read(environ: dict[str, Any], size: int) -> bytes:
    """What came of it; a client that went away half-way sent no JSON."""
    try:
        return bytes(environ["wsgi.input"].read(size))
    except OSError:
        return b""


_django = get_wsgi_application()

# Models need Django set up.
from django.db import connection  # noqa: E402

from accounts import background  # noqa: E402
from accounts.models import Counter, PasswordReset, Session  # noqa: E402
from promptcrafter import replicas  # noqa: E402
from promptcrafter.middleware import body_limit  # noqa: E402
from prompts.models import IdempotencyKey, index  # noqa: E402

if settings.METRICS:
    import_module("promptcrafter.metrics").start()
if connection.vendor == "postgresql":  # nobody who calls waits longer; a migration may
    from promptcrafter.postgresql.base import DatabaseWrapper

    DatabaseWrapper.patience = settings.DATABASE_SECONDS
if settings.READ_FROM_REPLICA:
    replicas.watch.start()

if connection.vendor == "sqlite":  # so that `restore` sees that somebody serves
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master LIMIT 1")

background.start([PasswordReset, Session, Counter, IdempotencyKey], chores=[index.index_some])
application = with_whole_body(with_plain_content_type(_django), limit=body_limit)

# What is loaded now stays. The garbage collector would walk through it again and again: a body of
# 20,000 empty arrays took 12 ms to read, and 0.7 ms since.
get_resolver().url_patterns  # noqa: B018
gc.collect()
gc.freeze()
