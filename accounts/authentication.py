"""`Authorization: Bearer <token or key>` (RFC 6750) for DRF."""

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import tokens
from accounts.models import ApiKey, Session, User


class BearerAuthentication(BaseAuthentication):
    """One query, whichever it is. `request.auth` is then the Session, or the ApiKey."""

    def authenticate(self, request: Request) -> tuple[User, Session | ApiKey] | None:
        """None where no bearer token is sent, so that a browser's log-in may speak."""
        token = bearer_token(request)
        if token is None:
            return None
        found = _key(token) if token.startswith("pc_") else _session(token)
        return found.user, found

    def authenticate_header(self, request: HttpRequest) -> str:
        return "Bearer"


def bearer_token(request: Request | HttpRequest) -> str | None:
    scheme, _, sent = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    return sent.strip() if scheme.lower() == "bearer" else None


def _session(token: str) -> Session:
    try:
        return tokens.session_of(token)
    except tokens.InvalidToken as error:
        raise AuthenticationFailed(str(error), code="invalid_token") from error


def _key(token: str) -> ApiKey:
    key = ApiKey.objects.find(token)
    if key is None:
        raise AuthenticationFailed(
            "This key is mistyped, expired or revoked; its owner makes another with "
            "POST /auth/keys.",
            code="invalid_token",
        )
    key.note_use()
    return key
