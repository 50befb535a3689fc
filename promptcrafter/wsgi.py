"""The WSGI application: Django, with bodies of unstated length made readable for it."""

import os
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "promptcrafter.settings")

WSGIApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]


def with_content_length(application: WSGIApplication, *, limit: int) -> WSGIApplication:
    """Gives a chunked body its Content-Length, reading at most one byte over `limit`.

    Only where the server promises that the body ends by itself (`wsgi.input_terminated`, as granian
    and gunicorn do); elsewhere the guard answers 411.
    """

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if "HTTP_TRANSFER_ENCODING" in environ and environ.get("wsgi.input_terminated"):
            del environ["HTTP_TRANSFER_ENCODING"]
            body = environ["wsgi.input"].read(limit + 1)
            environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
        return application(environ, start_response)

    return wrapped


application = with_content_length(
    get_wsgi_application(), limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE
)
