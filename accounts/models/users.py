"""A person. The e-mail address is the log-in name, unique whatever its case."""

import contextlib
import unicodedata
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from promptcrafter import ids

EMAIL_MAX_LENGTH = 254


class EmailTaken(Exception):
    def __init__(self) -> None:
        super().__init__("An account with this e-mail exists already; log in instead.")


class WrongCredentials(Exception):
    """Says no more than that: which of the two was wrong is nobody's business."""

    def __init__(self) -> None:
        super().__init__("The e-mail or the password is wrong.")


def normalise_email(email: str) -> str:
    """One spelling for one mailbox: lower case, the domain as DNS has it (IDNA), in ASCII.

    NFKC first: `K` (the Kelvin sign) is a `k` to lower(). What is no address may come back as it
    is, and what is too long for one does: NFKC takes quadratic time.
    """
    if len(email) > EMAIL_MAX_LENGTH:
        return email
    name, at, domain = unicodedata.normalize("NFKC", email).strip().lower().rpartition("@")
    with contextlib.suppress(UnicodeError):
        domain = domain.encode("idna").decode("ascii")
    return f"{name}{at}{domain}"


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

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        self.email = normalise_email(self.email)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = normalise_email(self.email)
        super().save(*args, **kwargs)

    @property
    def wire_id(self) -> str:
        return ids.encode(self.KIND, self.pk)
