"""A person. The e-mail address is the log-in name, unique whatever its case."""

import contextlib
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import idna
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import DatabaseError, IntegrityError, models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from promptcrafter import ids

EMAIL_MAX_LENGTH = 254
PASSWORD_MARK_LENGTH = 16


# What RFC 5322 calls a dot-atom, in ASCII. Not its quoted strings, which may hold line ends, and no
# encoded words (RFC 2047), which name somebody else's mailbox to those who decode them.
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN = re.compile(rf"(?!.*=\?){_ATOM}(?:\.{_ATOM})*@[a-z0-9.-]+")


# Called with the row as it is locked; raises to stop what would be done.
Check = Callable[["User"], None]


class EmailTaken(Exception):
    def __init__(self) -> None:
        super().__init__("An account with this e-mail exists already; log in instead.")


class SignupsClosed(Exception):
    def __init__(self) -> None:
        super().__init__("Nobody can sign up here; ask an operator for an account.")


class WrongCredentials(Exception):
    """Says no more than that: which of the two was wrong is nobody's business."""

    def __init__(self) -> None:
        super().__init__("The e-mail or the password is wrong.")


def normalise_email(email: str) -> str:
    """One spelling for one mailbox: lower case, the domain as DNS has it (IDNA 2008), in ASCII.

    NFKC first: `K` (the Kelvin sign) is a `k` to lower(). What is no address may come back as it
    is, and what is too long for one does: NFKC takes quadratic time, and makes 18 letters of one.
    """
    if len(email) > EMAIL_MAX_LENGTH:
        return email
    plain = unicodedata.normalize("NFKC", email).strip().lower()
    name, at, domain = plain.rpartition("@")
    if not domain.isascii() and len(plain) <= EMAIL_MAX_LENGTH:
        # Python's own codec is of 2003: it takes fußball.de for fussball.de, which is another's.
        with contextlib.suppress(UnicodeError):
            domain = idna.encode(domain, uts46=True).decode("ascii")
    return f"{name}{at}{domain}"


def check_email(email: str) -> None:
    """Raises ValidationError unless it is a mailbox that mail can be sent to."""
    validate_email(email)
    if not _PLAIN.fullmatch(email):
        raise ValidationError("Enter a plain e-mail address, like ada@example.com.")


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=normalise_email(username or ""))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A saved user; raises EmailTaken. Hashes before the insert, so no lock waits for it."""
        user = self.model(email=email, **fields)
        user.set_password(password)
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError as error:
            if self.filter(email=user.email).exists():
                raise EmailTaken from error
            raise
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    KIND = "user"

    id = models.UUIDField(primary_key=True, default=ids.new_key, editable=False)
    email = models.EmailField("e-mail", unique=True, max_length=EMAIL_MAX_LENGTH)
    name = models.CharField(max_length=100)
    is_active = models.BooleanField(
        "active", default=True, help_text="Off: this person's tokens and log-ins stop at once."
    )
    is_staff = models.BooleanField("staff", default=False, help_text="May log in to the admin.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    wrote_at = models.DateTimeField(null=True, editable=False)  # promptcrafter.replicas

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_is_lower_case"
            ),
        ]
        permissions = [("disable_user", "Can disable and enable user")]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        self.email = normalise_email(self.email)
        check_email(self.email)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises DoesNotExist where the row that it is to change is gone."""
        self.email = normalise_email(self.email)
        try:
            super().save(*args, **kwargs)
        except DatabaseError as error:
            if type(error) is DatabaseError:  # of `update_fields`, when there was nothing to update
                raise User.DoesNotExist from error
            raise
        if not self.is_active:  # or they would be good again when the account is
            self.end_sessions()

    @transaction.atomic
    def delete(
        self, *args: Any, check: Check | None = None, **kwargs: Any
    ) -> tuple[int, dict[str, int]]:
        """For good, with everything that it owns.

        Locks the prompts, the trashed too, before the account, in the order of those who write to
        them: the other way round, each could wait for the other. Raises DoesNotExist.
        """
        for kept_in in ("objects", "trash"):
            prompts = self.prompts(manager=kept_in).select_for_update()
            list(prompts.order_by("pk").values_list("pk"))
        self._lock(check, no_key=False)
        return super().delete(*args, **kwargs)

    def edit(self, *, check: Check | None = None, **fields: Any) -> None:
        """Changes the fields that are given, and nothing else; raises EmailTaken, DoesNotExist."""
        for name, value in fields.items():
            setattr(self, name, value)
        try:
            with transaction.atomic():
                self._lock(check)
                self.save(update_fields=list(fields))
        except IntegrityError as error:
            raise EmailTaken from error

    def change_password(
        self,
        password: str | None,
        *,
        keep: Any = None,
        revoke_keys: bool = False,
        check: Check | None = None,
    ) -> None:
        """Ends every session but `keep`; the keys of programs only where that is asked for.

        None: nobody can log in with a password. A browser that is to stay logged in begins a new
        session. `check` is called with the locked row. Hashes before it locks. Raises DoesNotExist.
        """
        self.set_password(password)
        with transaction.atomic():
            self._lock(check)
            self.save(update_fields=["password"])
            kept = self.sessions.filter(pk=keep and keep.pk)
            self.sessions.exclude(pk__in=kept).delete()
            self.browser_sessions.all().delete()
            # Of those that are kept alone: a log-in with the old password may come in between.
            kept.update(password_mark=self.password_mark)
            if revoke_keys:
                self.api_keys.all().delete()

    @transaction.atomic
    def end_sessions(self, *, keep: str | None = None) -> None:
        """All but the browser's of that cookie; their tokens are no good from now on."""
        self.sessions.all().delete()
        self.browser_sessions.exclude(session_key=keep or "").delete()

    def _lock(self, check: Check | None, *, no_key: bool = True) -> None:
        locked = User.objects.select_for_update(no_key=no_key).get(pk=self.pk)
        if check:
            check(locked)

    @property
    def password_mark(self) -> str:
        """Another one for each password, and tells nothing of it: the keyed HMAC that Django puts
        into its sessions."""
        return mark_of(self.password)

    @property
    def wire_id(self) -> str:
        return ids.encode(self.KIND, self.pk)


def mark_of(password: str) -> str:
    """The `password_mark` of a user with that hash."""
    return _mark_of(password, settings.SECRET_KEY)


@lru_cache(maxsize=1_024)
def _mark_of(password: str, secret: str) -> str:
    """Every request asks for its caller's: 20 µs of 700."""
    return User(password=password).get_session_auth_hash()[:PASSWORD_MARK_LENGTH]
