from django.contrib.auth import authenticate
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import tokens
from accounts.models import WrongCredentials
from accounts.serializers import LoginSerializer, SignupSerializer


class SignupView(GenericAPIView):
    """Make an account. Answers a token too, so that the next call can follow at once."""

    authentication_classes = []
    permission_classes = [AllowAny]
    serializer_class = SignupSerializer

    def post(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = serializer.save()
        body = {"message": f"Welcome, {user.name}.", "token": tokens.issue(user)}
        return Response(body, status=status.HTTP_201_CREATED)


class LoginView(GenericAPIView):
    """Exchange an e-mail and a password for a token, good for an hour by default."""

    authentication_classes = []
    permission_classes = [AllowAny]
    serializer_class = LoginSerializer

    def post(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        # Hashes once for an unknown e-mail and for a disabled user too, so time tells nothing.
        user = authenticate(request, **serializer.validated_data)
        if user is None:
            raise WrongCredentials
        return Response({"token": tokens.issue(user)})
