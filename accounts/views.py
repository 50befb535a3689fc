from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, update_session_auth_hash
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import background, hashers, throttles, tokens
from accounts.api import ApiView
from accounts.backends import sign_up
from accounts.models import ApiKey, PasswordReset, Session, SignupsClosed, User, WrongCredentials
from accounts.pages import site_of
from accounts.permissions import HasScope, IsOwner
from accounts.serializers import (
    ApiKeySerializer,
    LoginSerializer,
    MeSerializer,
    MessageSerializer,
    NewKeySerializer,
    NewPasswordSerializer,
    OwnPasswordSerializer,
    RefreshSerializer,
    ResetSerializer,
    SessionSerializer,
    SignupSerializer,
    TokensSerializer,
    WelcomeSerializer,
    require_password,
)


class OpenView(ApiView):
    """For who has no token, or not any more."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def valid(self, request: Request, **options: Any) -> Any:
        serializer = self.get_serializer(data=request.data, **options)
        serializer.is_valid(raise_exception=True)
        return serializer


class SignupView(OpenView):
    """Make an account. Answers tokens too, so that the next call can follow at once."""

    serializer_class = SignupSerializer

    @extend_schema(
        operation_id="signUp",
        responses={
            201: WelcomeSerializer,
            403: "signups_closed",
            409: "email_taken",
            429: "busy",
        },
    )
    def post(self, request: Request) -> Response:
        if not settings.SIGNUPS_OPEN:
            raise SignupsClosed
        user = sign_up(request, self.valid(request).save)
        body = {"message": f"Welcome, {user.name}.", **_shown(_issue(request, user))}
        return Response(body, status=status.HTTP_201_CREATED)


class LoginView(OpenView):
    """Exchange an e-mail and a password for a token, good for an hour by default, and a refresh
    token, which gives the next one."""

    serializer_class = LoginSerializer

    @extend_schema(
        operation_id="logIn",
        responses={200: TokensSerializer, 401: "wrong_credentials", 429: "busy"},
    )
    def post(self, request: Request) -> Response:
        # Hashes once for an unknown e-mail and for a disabled user too, so time tells nothing.
        user = authenticate(request, **self.valid(request).validated_data)
        if user is None:
            raise WrongCredentials
        return Response(_shown(_issue(request, user)))


class RefreshView(OpenView):
    """Exchange a refresh token for the next pair. It is spent then; who sends it again ends the
    whole session, for one of both stole it."""

    serializer_class = RefreshSerializer

    @extend_schema(
        operation_id="refreshTokens", responses={200: TokensSerializer, 401: "invalid_token"}
    )
    def post(self, request: Request) -> Response:
        refresh = self.valid(request).validated_data["refresh"]
        session = tokens.session_to_renew(refresh)
        request._request.user = session.user  # whom the log names
        throttles.allowance.take(session.user_id)
        return Response(_shown(tokens.renew(session, refresh)))


class LogoutView(OpenView):
    """End the session of a refresh token. Its tokens stop working at once."""

    serializer_class = RefreshSerializer

    @extend_schema(operation_id="logOut", responses={204: None, 401: "invalid_token"})
    def post(self, request: Request) -> Response:
        tokens.end(self.valid(request).validated_data["refresh"])
        return Response(status=204)


class ResetView(OpenView):
    """Ask for a mail with a link that sets a new password. 202 whoever has that e-mail."""

    serializer_class = ResetSerializer

    @extend_schema(operation_id="requestPasswordReset", responses={202: MessageSerializer})
    def post(self, request: Request) -> Response:
        email = self.valid(request).validated_data["email"]
        if throttles.count_reset(request, email):
            PasswordReset.objects.create(email=email, site=site_of(request))
            background.wake()
        message = "If somebody has an account with this e-mail, a mail is on its way."
        return Response({"message": message}, status=202)


class MeView(ApiView):
    """You. PATCH changes your name, and your e-mail with your `currentPassword`; DELETE, with your
    `password`, ends your account and all that it owns, for good."""

    serializer_class = MeSerializer

    def get(self, request: Request) -> Response:
        """Who you are."""
        return Response(self.get_serializer(request.user).data)

    @extend_schema(responses={200: MeSerializer, 409: "email_taken", 429: "busy"})
    def patch(self, request: Request) -> Response:
        """Change your name or e-mail. A new e-mail needs your `currentPassword` too."""
        serializer = self.get_serializer(request.user, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        password = serializer.validated_data.pop("currentPassword", "")
        check = None
        if "email" in serializer.validated_data:
            check = require_password(request, "currentPassword", password)
            throttles.count_sign_up(request)  # it tells, as a sign-up does, which are taken
        serializer.save(check=check)
        return Response(serializer.data)

    @extend_schema(request=OwnPasswordSerializer, responses={204: None, 429: "busy"})
    def delete(self, request: Request) -> Response:
        """End your account. All that it owns goes with it, for good."""
        serializer = OwnPasswordSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        sent = serializer.validated_data["password"]
        _person(request).delete(check=require_password(request, "password", sent))
        return Response(status=204)


class PasswordView(ApiView):
    """Change your password. Every other session ends; your keys stay, unless `revokeKeys`."""

    serializer_class = NewPasswordSerializer

    @extend_schema(operation_id="changePassword", responses={204: None, 429: "busy"})
    def post(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        sent = serializer.validated_data
        check = require_password(request, "currentPassword", sent["currentPassword"])
        user = _person(request)
        with hashers.slot():
            user.change_password(
                sent["newPassword"],
                keep=_session(request),
                revoke_keys=sent["revokeKeys"],
                check=check,
            )
        if _session(request) is None:
            update_session_auth_hash(request._request, user)
        return Response(status=204)


class SessionsView(ApiView):
    """Where you are logged in, the newest first."""

    serializer_class = SessionSerializer
    queryset = Session.objects.none()  # the browsable page of a list asks for one

    @extend_schema(responses=SessionSerializer(many=True))
    def get(self, request: Request) -> Response:
        own = Session.objects.of(_person(request))
        return Response(self.get_serializer(own, many=True).data)


class SessionView(ApiView):
    """One session. DELETE ends it, and its tokens with it, at once."""

    permission_classes = (IsAuthenticated, HasScope, IsOwner)
    serializer_class = SessionSerializer

    def delete(self, request: Request, pk: str) -> Response:
        """End a session. Its tokens end with it, at once."""
        self.find(Session.objects.all(), pk).delete()
        return Response(status=204)


class KeysView(ApiView):
    """Keys for your programs, newest first. POST makes one, and shows it this once."""

    queryset = ApiKey.objects.none()  # the browsable page of a list asks for one
    serializer_class = ApiKeySerializer

    @extend_schema(responses=ApiKeySerializer(many=True))
    def get(self, request: Request) -> Response:
        """Your keys, newest first."""
        own = _person(request).api_keys.order_by("-pk")
        return Response(self.get_serializer(own, many=True).data)

    @extend_schema(responses={201: NewKeySerializer, 409: "too_many_keys"})
    def post(self, request: Request) -> Response:
        """Make a key. This answer alone shows the `key` itself. With `labels` it sees and moves
        those alone."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        key, text = ApiKey.objects.mint(_person(request), **serializer.validated_data)
        body = {**self.get_serializer(key).data, "key": text}
        return Response(body, status=status.HTTP_201_CREATED)


class KeyView(ApiView):
    """One key. DELETE takes it back, at once."""

    permission_classes = (IsAuthenticated, HasScope, IsOwner)
    serializer_class = ApiKeySerializer

    def delete(self, request: Request, pk: str) -> Response:
        """Take a key back. It stops working at once."""
        self.find(ApiKey.objects.all(), pk).delete()
        return Response(status=204)


def _issue(request: Request, user: User) -> tokens.Pair:
    request._request.user = user  # whom the log names
    return tokens.issue(user, device=request.headers.get("User-Agent", ""))


def _shown(pair: tokens.Pair) -> dict[str, Any]:
    return {"token": pair.token, "refresh": pair.refresh, "expiresIn": pair.expires_in}


def _person(request: Request) -> User:
    assert isinstance(request.user, User)  # noqa: S101  # for the type checker
    return request.user


def _session(request: Request) -> Session | None:
    return request.auth if isinstance(request.auth, Session) else None
