"""The JSON Web Tokens that people carry: an access token for an hour, and a refresh token that is
exchanged, once, for the next pair.

Both are signed with a key of their own and name their session (`sid`), which is looked up whenever
one is used: what ends a session ends its tokens.
"""

import logging
import time
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from accounts.models import Session, User

logger = logging.getLogger(__name__)

MAX_LENGTH = 4_096


class InvalidToken(Exception):
    """Not a token of ours, or not any more."""

    def __init__(self) -> None:
        super().__init__("The token is malformed, expired or revoked; log in again for a new one.")


class SpentToken(InvalidToken):
    """A refresh token that was used before; its session is ended."""

    def __init__(self) -> None:
        Exception.__init__(
            self,
            "This refresh token was used before, so its session was ended; log in again, and keep "
            "the newest pair.",
        )


class Pair(NamedTuple):
    token: str
    refresh: str
    expires_in: int  # seconds, of `token`


def issue(user: User, *, device: str = "") -> Pair:
    """Opens a session on that device. Raises WrongCredentials where the account is gone."""
    refresh_id = uuid4().hex
    return _sign(Session.objects.open(user, refresh_id=refresh_id, device=device), refresh_id)


def session_of(token: str, **reading: Any) -> Session:
    """The session of an access token, with its `user` and what Session.objects.find is told to read
    with it. One query; raises InvalidToken."""
    return _session(_good_claims(token), **reading)


def named_by(token: str) -> tuple[UUID, UUID]:
    """The session and the user that an access token names, be they there or not; raises
    InvalidToken."""
    claims = _good_claims(token)
    try:
        user = UUID(claims["sub"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidToken from error
    if str(user) != claims["sub"]:  # as `_session` compares it
        raise InvalidToken
    return _session_key(claims), user


def session_to_renew(refresh: str) -> Session:
    """The session of a refresh token, be it spent; raises InvalidToken."""
    return _session(_claims(RefreshToken, refresh))


def renew(session: Session, refresh: str) -> Pair:
    """Spends the refresh token for the next pair; raises SpentToken, and ends the session, where it
    is spent already."""
    new_id = uuid4().hex
    if not session.spend(_claims(RefreshToken, refresh)["jti"], new_id=new_id):
        logger.warning("a refresh token was used twice; %s was ended", session.wire_id)
        raise SpentToken
    return _sign(session, new_id)


def end(refresh: str) -> None:
    """Ends the session of a refresh token, spent or not; raises InvalidToken for what is none."""
    Session.objects.filter(pk=_session_key(_claims(RefreshToken, refresh))).delete()


def _sign(session: Session, refresh_id: str) -> Pair:
    access, refresh = AccessToken.for_user(session.user), RefreshToken.for_user(session.user)
    access["sid"] = refresh["sid"] = str(session.pk)
    refresh["jti"] = refresh_id
    refresh["exp"] = int(session.end_of_next_token().timestamp())
    access["exp"] = min(access["exp"], refresh["exp"])
    return Pair(str(access), str(refresh), access["exp"] - int(timezone.now().timestamp()))


def _good_claims(token: str) -> dict[str, Any]:
    claims = _known_claims(token)
    if claims["exp"] <= time.time():
        raise InvalidToken
    return claims


@lru_cache(maxsize=1_024)
def _known_claims(token: str) -> dict[str, Any]:
    """What is signed stays signed: of a token that comes again only its end is looked at. That
    saves 0.1 ms of the 0.8 that reading a prompt takes."""
    return _claims(AccessToken, token)


def _claims(kind: type[Token], token: str) -> dict[str, Any]:
    if len(token) > MAX_LENGTH or not token.isascii():
        raise InvalidToken
    try:
        return kind(token).payload  # type: ignore[arg-type]  # its annotation is wrong
    except (TokenError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidToken from error


def _session_key(claims: dict[str, Any]) -> UUID:
    try:
        return UUID(claims["sid"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidToken from error


def _session(claims: dict[str, Any], **reading: Any) -> Session:
    session = Session.objects.find(_session_key(claims), **reading)
    if session is None or str(session.user_id) != claims.get("sub"):
        raise InvalidToken
    return session
