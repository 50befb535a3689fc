"""Being logged in: a family of tokens, of which one refresh token is good at a time (RFC 9700,
4.14).

A token names its session, and a session that is gone ends all its tokens at once.
"""

from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models.users import PASSWORD_MARK_LENGTH, User, WrongCredentials
from promptcrafter import ids
from promptcrafter.statements import Parameter, Statement

DEVICE_MAX_LENGTH = 200
SESSIONS_MAX_COUNT = 100


class SessionQuerySet(models.QuerySet["Session"]):
    def good(self, *, now: Any = None) -> Self:
        """Those that have not run out, of people who may use the service; with their `user`."""
        mine = self.filter(expires_at__gt=now or timezone.now(), user__is_active=True)
        return mine.select_related("user")

    def of(self, user: User) -> "list[Session]":
        """Where somebody is logged in, the newest first."""
        mine = self.good().filter(user=user).order_by("-pk")
        return [session for session in mine if session.is_of_this_password()]

    def expired(self) -> Self:
        return self.filter(expires_at__lte=timezone.now())

    def sought(self) -> Self:
        """What `find` runs, a Statement of `session` and `now`, or one that reads more with it."""
        key = Parameter("session", models.UUIDField())
        return self.good(now=Parameter("now", models.DateTimeField())).filter(pk=key)

    def sought_alone(self) -> Self:
        """The same, with no more of the session and its user than tells that they are good."""
        return self.sought().only("user", "password_mark", "user__password")

    def find(
        self, key: UUID, *, by: "Statement[Session] | None" = None, **values: Any
    ) -> "Session | None":
        """The good session of this key, or None. One query, which reads more by another statement
        of those that are `sought`."""
        session = (by or _FIND).first(session=key, now=timezone.now(), **values)
        return session if session and session.is_of_this_password() else None

    def open(self, user: User, *, refresh_id: str, device: str = "") -> "Session":
        """Ends the oldest where there are many. Raises WrongCredentials where the account was
        deleted at this moment."""
        now = timezone.now()
        session = Session(user=user, refresh_id=refresh_id, created_at=now)
        session.device = "".join(filter(str.isprintable, device))[:DEVICE_MAX_LENGTH]
        session.password_mark = user.password_mark
        session.expires_at = session.end_of_next_token()
        try:
            with transaction.atomic():
                session.save(force_insert=True)
        except IntegrityError as error:
            raise WrongCredentials from error
        too_many = self.filter(user=user).order_by("-pk")[SESSIONS_MAX_COUNT:]
        self.filter(pk__in=list(too_many.values_list("pk", flat=True))).delete()
        return session


class Session(models.Model):
    KIND = "session"

    id = models.UUIDField(primary_key=True, default=ids.new_key, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    refresh_id = models.CharField(max_length=32, help_text="The `jti` of the token that is good.")
    password_mark = models.CharField(
        max_length=PASSWORD_MARK_LENGTH,
        help_text="Of the password that it was opened under; another one ends it.",
    )
    device = models.CharField(max_length=DEVICE_MAX_LENGTH, help_text="As its User-Agent says.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    objects = SessionQuerySet.as_manager()

    def __str__(self) -> str:
        return self.wire_id

    @property
    def wire_id(self) -> str:
        return ids.encode(self.KIND, self.pk)

    @property
    def owner_id(self) -> UUID:
        return self.user_id

    def is_of_this_password(self) -> bool:
        return constant_time_compare(self.password_mark, self.user.password_mark)

    def end_of_next_token(self) -> datetime:
        """Used or not, no session outlives its limit (ASVS 5.0, 7.3)."""
        unused = timezone.now() + timedelta(days=settings.REFRESH_TOKEN_DAYS)
        return min(unused, self.created_at + timedelta(days=settings.SESSION_DAYS))

    def spend(self, refresh_id: str, *, new_id: str) -> bool:
        """Exchanges the refresh token: True for one of those who try at once.

        For the others it is False, and the session ends: a token that is used twice was stolen, and
        nobody can tell from whom.
        """
        end = self.end_of_next_token()
        unspent = Session.objects.filter(pk=self.pk, refresh_id=refresh_id)
        if unspent.update(refresh_id=new_id, expires_at=end):
            return True
        Session.objects.filter(pk=self.pk).delete()
        return False


_FIND = Statement(lambda: Session.objects.sought())
