"""Mails to write to those who forgot their password.

A request only leaves a row here, whoever it is for, so that it takes the same time for an e-mail
that nobody has. Whoever writes the mail (accounts.background) takes the row, and what could not be
sent is tried again, by this process or another, until the link would be too old.
"""

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import models
from django.utils import timezone

from accounts.models.users import EMAIL_MAX_LENGTH, User
from promptcrafter import ids

RETRY_AFTER = timedelta(minutes=1)


class WrongLink(Exception):
    """The link of a mail is not good, or not any more."""

    def __init__(self) -> None:
        super().__init__("This link was used already, or is too old; ask for another one.")


class PasswordResetQuerySet(models.QuerySet["PasswordReset"]):
    def expired(self) -> Self:
        return self.filter(asked_at__lte=_an_hour_ago())

    def still_wanted(self) -> Self:
        return self.filter(asked_at__gt=_an_hour_ago())

    def take(self, *, due_by: datetime) -> "PasswordReset | None":
        """One whose mail was due by then, for the caller to write and delete; None when there is
        none.

        Of several that take at once, one gets it; the others may have it later, if it is there.
        """
        due = self.still_wanted().filter(due_at__lte=due_by).order_by("due_at")
        while (first := due.first()) is not None:
            again_at = timezone.now() + RETRY_AFTER
            if self.filter(pk=first.pk, due_at=first.due_at).update(due_at=again_at):
                return first
        return None


class PasswordReset(models.Model):
    email = models.EmailField(max_length=EMAIL_MAX_LENGTH)
    site = models.TextField(help_text="The address that the link begins with.")
    asked_at = models.DateTimeField(default=timezone.now, db_index=True)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = PasswordResetQuerySet.as_manager()

    def __str__(self) -> str:
        return self.email


def _an_hour_ago() -> datetime:
    return timezone.now() - timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)


def reset_token(user: User) -> str:
    """Good once, for an hour, and for the password that the user has now."""
    return f"{ids.encode(User.KIND, user.pk)}.{default_token_generator.make_token(user)}"


def user_of_reset_token(token: str) -> User:
    """Raises WrongLink."""
    wire_id, _, mark = token.partition(".")
    try:
        key = ids.decode(User.KIND, wire_id)
    except ids.MalformedId as error:
        raise WrongLink from error
    user = User.objects.filter(pk=key, is_active=True).first()
    if user is None:
        raise WrongLink
    _check(user, mark)
    return user


def reset_password(token: str, password: str, *, revoke_keys: bool) -> None:
    """Sets it, and ends every session; of two that use one token, one is late. Raises WrongLink."""
    user = user_of_reset_token(token)
    mark = token.partition(".")[2]
    user.change_password(
        password, revoke_keys=revoke_keys, check=lambda locked: _check(locked, mark)
    )


def _check(user: User, mark: str) -> None:
    if not default_token_generator.check_token(user, mark):
        raise WrongLink
