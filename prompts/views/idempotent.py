"""Idempotency-Key: a request that is sent twice is carried out once.

After draft-ietf-httpapi-idempotency-key-header-07 and Stripe's API: the same key and request get
the first answer again, marked `Idempotent-Replayed: true`.
"""

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson
from django.db import transaction
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiKey
from prompts.models import IdempotencyKey
from prompts.models.idempotency import KEY_MAX_LENGTH, fingerprint

Handler = Callable[..., Response]

_KEY = re.compile(rf"[\x20-\x7e]{{1,{KEY_MAX_LENGTH}}}")


def idempotent(handler: Handler) -> Handler:
    """Wraps a view's method. What fails is not kept: the key may be used again."""

    @wraps(handler)
    def wrapper(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            view.prepare(request)
            return handler(view, request, *args, **kwargs)
        if not _KEY.fullmatch(key):
            sentence = f"Use 1 to {KEY_MAX_LENGTH} printable ASCII characters."
            raise ValidationError({"Idempotency-Key": sentence})
        asked = fingerprint(request.method or "", request.get_full_path(), request.data)
        claim = IdempotencyKey.objects.claim(request.user, _own(request, key), asked)
        if claim.status is not None:
            return _replay(claim)
        try:
            view.prepare(request)
            with transaction.atomic():
                response = handler(view, request, *args, **kwargs)
                claim.finish(response.status_code, _kept(response))
        except BaseException:
            claim.release()
            raise
        return response

    wrapper.is_idempotent = True  # type: ignore[attr-defined]  # for the API's description
    return wrapper


def _own(request: Request, key: str) -> str:
    """Each program's keys are its own: it may not see what another one, or the person, was told."""
    if not isinstance(request.auth, ApiKey):
        return key
    return hashlib.sha256(f"{request.auth.wire_id} {key}".encode()).hexdigest()


def _kept(response: Response) -> str:
    answer = {"body": response.data, "etag": response.headers.get("ETag")}
    return orjson.dumps(answer, option=orjson.OPT_UTC_Z).decode()


def _replay(claim: IdempotencyKey) -> Response:
    answer = orjson.loads(claim.body)
    headers = {"Idempotent-Replayed": "true"}
    if answer["etag"]:
        headers["ETag"] = answer["etag"]
    return Response(answer["body"], status=claim.status, headers=headers)
