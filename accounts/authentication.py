"""`Authorization: Bearer <token>` (RFC 6750) for DRF."""

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import tokens
from accounts.models import User


class BearerAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, str] | None:
        """The user of the token; None where no bearer token is sent, so a session may speak."""
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            return tokens.owner_of(token.strip()), token
        except tokens.InvalidToken as error:
            raise AuthenticationFailed(
                "The token is malformed, expired or revoked; log in again for a new one.",
                code="invalid_token",
            ) from error

    def authenticate_header(self, request: HttpRequest) -> str:
        return "Bearer"
