"""Being logged in with a browser: Django's sessions, which also tell whose they are.

Django's own table does not, so that nobody could list them for a person, or end them.
"""

from typing import Any, ClassVar

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

from accounts.models.users import PASSWORD_MARK_LENGTH, User
from promptcrafter import ids


class BrowserSessionQuerySet(models.QuerySet["BrowserSession"]):
    def of(self, user: User) -> "BrowserSessionQuerySet":
        """Where somebody is logged in, the newest first."""
        good = self.filter(expire_date__gt=timezone.now(), password_mark=user.password_mark)
        return good.filter(user=user).order_by("-mark").defer("session_data")


class BrowserSession(AbstractBaseSession):
    """`session_key` is what the cookie holds: a secret, that no page shows."""

    KIND = "browser"

    mark = models.UUIDField(unique=True, default=ids.new_key, help_text="Names it on pages.")
    user = models.ForeignKey(
        User,
        null=True,  # before the log-in
        on_delete=models.CASCADE,
        related_name="browser_sessions",
        # An account that ends at this moment would make Django try one key after the other.
        db_constraint=False,
    )
    password_mark = models.CharField(max_length=PASSWORD_MARK_LENGTH)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar = BrowserSessionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ()  # those of sessions hold for these too
        verbose_name = "browser session"

    def __str__(self) -> str:
        return self.wire_id

    @property
    def wire_id(self) -> str:
        return ids.encode(self.KIND, self.mark)

    def save(self, *args: Any, force_update: bool = False, **kwargs: Any) -> None:
        """Whatever is written later, when it began stays."""
        if force_update:
            kwargs["update_fields"] = ["session_data", "expire_date", "user", "password_mark"]
        super().save(*args, force_update=force_update, **kwargs)
