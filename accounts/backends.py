"""The one place where an e-mail and a password are tried, for the API, the pages and the admin."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import check_password, is_password_usable
from django.db.models import QuerySet

from accounts import hashers, refusals, throttles
from accounts.models import SignupsClosed, User, normalise_email
from accounts.throttles import LoginAttempt

# Tried where there is no password, so that it takes the same time.
NOBODYS = hashers.of_nobody()


class GuardedBackend(ModelBackend):
    def authenticate(
        self,
        request: Any,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """The active user whose e-mail and password these are, or None.

        The same statements and one hash, whoever it is and whatever is wrong. Raises Throttled, or
        Busy.
        """
        email = normalise_email(username or kwargs.get("email") or "")
        return _try(request, email, password or "", User.objects.filter(email=email))


def sign_up(request: Any, save: Callable[[], User]) -> User:
    """The new user that `save` makes, which hashes; each try is counted. Raises SignupsClosed,
    Throttled, Busy, and what `save` does."""
    if not settings.SIGNUPS_OPEN:
        raise SignupsClosed
    throttles.look_at_sign_ups(request)
    with hashers.slot():  # first: who is told to come back has not tried yet
        throttles.count_sign_up(request)
        return save()


def prove_password(request: Any, user: User, password: str) -> str | None:
    """The hash that it proved to be right for, or None; a guess is counted as one at log-in is.

    What is done on the strength of it should hold that hash against the locked row. Raises
    Throttled, Busy.
    """
    proven = _try(request, user.email, password, User.objects.filter(pk=user.pk))
    return proven.password if proven else None


def _try(request: Any, email: str, password: str, among: QuerySet[User]) -> User | None:
    attempt = LoginAttempt(request, email)
    attempt.look()  # before it takes a place from those who may try
    with hashers.slot():
        attempt.begin()
        user = among.first()
        if not is_password_of(user, password) or user is None or not user.is_active:
            refusals.note("wrong password")
            return None
        attempt.succeed()
    return user


def is_password_of(user: User | None, password: str) -> bool:
    if user is None or not is_password_usable(user.password):
        check_password(password, NOBODYS)  # for the time that it takes
        return False
    return user.check_password(password)
