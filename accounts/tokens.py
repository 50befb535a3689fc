"""The JSON Web Tokens that callers carry: signed with a key of their own, good for an hour.

Beside SimpleJWT's claims, `pwd` is a fingerprint of the password's hash (a keyed HMAC, the one
that Django puts into sessions), so that a new password ends the old tokens.
"""

from typing import Any
from uuid import UUID

from django.utils.crypto import constant_time_compare
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User

MAX_LENGTH = 4_096


class InvalidToken(Exception):
    """Not a token of ours, or not any more."""


def issue(user: User) -> str:
    token = AccessToken.for_user(user)
    token["pwd"] = _fingerprint(user)
    return str(token)


def owner_of(token: str) -> User:
    """The active user whom a token was issued to. One query; raises InvalidToken."""
    claims = _verified(token)
    try:
        key = UUID(claims["sub"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidToken from error
    user = User.objects.filter(pk=key, is_active=True).first()
    if user is None or not constant_time_compare(str(claims.get("pwd")), _fingerprint(user)):
        raise InvalidToken
    return user


def _fingerprint(user: User) -> str:
    return user.get_session_auth_hash()[:16]


def _verified(token: str) -> dict[str, Any]:
    if len(token) > MAX_LENGTH or not token.isascii():
        raise InvalidToken
    try:
        return AccessToken(token).payload  # type: ignore[arg-type]  # its annotation is wrong
    except (TokenError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidToken from error
