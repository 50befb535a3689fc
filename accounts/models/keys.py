"""Keys for programs: each can do little, and can be taken back."""

from datetime import datetime
from secrets import compare_digest
from typing import Any, Self

from django.db import OperationalError, models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import keys
from accounts.models.users import User
from promptcrafter import ids
from promptcrafter.statements import Parameter, Statement

KEYS_MAX_COUNT = 100


class Scope(models.TextChoices):
    """What a key may do. `prompts:write` shows the prompt that it writes to, as its answer."""

    PROMPTS_READ = "prompts:read"
    PROMPTS_WRITE = "prompts:write"
    LABELS_WRITE = "labels:write"
    LOGS_READ = "logs:read"
    LOGS_WRITE = "logs:write"


# What a key that is limited to labels may be allowed: nothing that shows or changes more than they.
LIMITED_SCOPES = (Scope.PROMPTS_READ, Scope.LABELS_WRITE, Scope.LOGS_WRITE)


class TooManyKeys(Exception):
    def __init__(self) -> None:
        super().__init__(f"You have {KEYS_MAX_COUNT} keys already; revoke one first.")


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def sought(self) -> Self:
        """What `find` runs, a Statement of `prefix` and `now`, or one that reads more with it."""
        now = Parameter("now", models.DateTimeField())
        good = self.filter(Q(expires_at=None) | Q(expires_at__gt=now), user__is_active=True)
        prefix = Parameter("prefix", models.CharField())
        return good.filter(prefix=prefix).select_related("user")

    def find(
        self, text: str, *, by: "Statement[ApiKey] | None" = None, **values: Any
    ) -> "ApiKey | None":
        """The key that is good now, with its `user`, or None. One query at most, which reads more
        by another statement of those that are `sought`."""
        if not keys.is_well_formed(text):
            return None
        found = by or _FIND
        key = found.first(prefix=keys.prefix(text), now=timezone.now(), **values)
        return key if key and compare_digest(key.digest, keys.digest(text)) else None

    @transaction.atomic
    def mint(self, user: User, **fields: Any) -> tuple["ApiKey", str]:
        """A new key, and its text, which is not kept. Raises TooManyKeys."""
        if fields.get("labels") and not set(fields["scopes"]) <= set(LIMITED_SCOPES):
            raise ValueError("A key that is limited to labels may have LIMITED_SCOPES alone.")
        list(User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk"))
        if self.filter(user=user).count() >= KEYS_MAX_COUNT:
            raise TooManyKeys
        text = keys.generate()
        marks = {"prefix": keys.prefix(text), "digest": keys.digest(text)}
        return self.create(user=user, created_at=timezone.now(), **marks, **fields), text


class ApiKey(models.Model):
    KIND = "key"

    id = models.UUIDField(primary_key=True, default=ids.new_key, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=keys.PREFIX_LENGTH, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField()
    labels = models.JSONField(
        default=list, help_text="When there are any, it reads prompts as of them alone."
    )
    created_at = models.DateTimeField(editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False, help_text="To the minute.")
    expires_at = models.DateTimeField(null=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.prefix}…"

    @property
    def wire_id(self) -> str:
        return ids.encode(self.KIND, self.pk)

    @property
    def owner_id(self) -> Any:
        return self.user_id

    def note_use(self) -> None:
        """At most one write a minute; a database that is too busy for it is no reason to fail."""
        if self.is_to_note():
            try:
                minute = _minute(timezone.now())
                ApiKey.objects.filter(pk=self.pk).update(last_used_at=minute)
            except OperationalError:
                return

    def is_to_note(self) -> bool:
        """Whether this is its first use in this minute."""
        return self.last_used_at != _minute(timezone.now())


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


_FIND = Statement(lambda: ApiKey.objects.sought())
