"""A prompt: its current text, and the verbs that change it.

A verb locks the prompt's row, so that of two at once the second sees what the first did, and
appends to the history in the same transaction. Only an edit, which is by far the most frequent,
looks first and then writes if nobody was faster: if `revision`, which all that changes what an edit
replaces counts up, is the one that it has read. If not, it locks like the others.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MinLengthValidator
from django.db import models, transaction
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual
from django.utils import timezone

from promptcrafter import ids, writes
from promptcrafter.labels import check_name
from promptcrafter.statements import Parameter, Statement
from prompts import diffs, rendering, search, tags
from prompts.models.expressions import ByCodePoint
from prompts.models.labels import Label, LabelMove
from prompts.models.limits import (
    MODEL_MAX_LENGTH,
    TEXT_MAX_LENGTH,
    TITLE_MAX_LENGTH,
    TITLE_MIN_LENGTH,
)
from prompts.models.managers import LIVE, AllPrompts, LivePrompts, TrashedPrompts
from prompts.models.owned import require_text
from prompts.models.tags import Tag
from prompts.models.versions import Version

LABELS_TOLD = 50  # by an error, which may be one of five hundred


class NoSuchVersion(Exception):
    def __init__(self, number: int, newest: int) -> None:
        super().__init__(f"There is no version {number}; the newest is {newest}.")


class LabelNotSet(Exception):
    """Tells the labels that are, for the likeliest mistake is a misspelt one."""

    def __init__(self, name: str, labels: dict[str, int]) -> None:
        super().__init__(f"The label `{name}` is not set on this prompt.")
        self.details = {"labels": dict(islice(labels.items(), LABELS_TOLD))}


class NothingToRollBack(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(f"The label `{name}` pointed nowhere before its last move.")


class VersionConflict(Exception):
    """An edit was made from a version that is not the newest any more; tells what changed since."""

    def __init__(self, base: Version, prompt: "Prompt") -> None:
        super().__init__(
            f"You edited version {base.number}, but the newest is {prompt.version}; "
            "carry your change over to that one."
        )
        changed = diffs.changes(base.text, prompt.text)
        self.details = {"currentVersion": prompt.version, "changes": changed}


class Prompt(models.Model):
    KIND = "prompt"

    id = models.UUIDField(primary_key=True, default=ids.new_key, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="prompts",
        db_index=False,  # the index on (owner, id) serves
    )
    title = models.CharField(
        max_length=TITLE_MAX_LENGTH, validators=[MinLengthValidator(TITLE_MIN_LENGTH)]
    )
    content = models.TextField(validators=[MaxLengthValidator(TEXT_MAX_LENGTH)])
    model = models.CharField(max_length=MODEL_MAX_LENGTH)
    tags = models.JSONField(default=list, blank=True)
    variables = models.JSONField(
        default=list, editable=False, help_text="Of the content (prompts.rendering)."
    )
    version = models.PositiveIntegerField(
        default=1, editable=False, help_text="The newest version's number; it only ever grows."
    )
    revision = models.PositiveIntegerField(
        default=1, editable=False, help_text="Counts edits and moves of labels alike."
    )
    labels = models.JSONField(
        default=dict, editable=False, help_text="Name → number; a copy of the label rows."
    )
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    slot = models.PositiveIntegerField(
        null=True, editable=False, help_text="Where the search index has this text, if it has it."
    )
    search_text = models.TextField(editable=False)

    objects = LivePrompts()
    trash = TrashedPrompts()
    everywhere = AllPrompts()

    class Meta:
        permissions = [  # of the admin, beside Django's own
            ("destroy_prompt", "Can delete prompts for good"),
            ("export_prompt", "Can export prompts"),
            ("import_prompt", "Can import prompts"),
        ]
        indexes = [
            models.Index(fields=["owner", "id"], name="prompt_owner_id"),
            models.Index(fields=["owner", "slot"], name="prompt_owner_slot"),
            models.Index(
                fields=["owner", "updated_at", "id"], condition=LIVE, name="prompt_owner_updated"
            ),
            models.Index(
                models.F("owner"),
                ByCodePoint("title"),
                models.F("id"),
                condition=LIVE,
                name="prompt_owner_title",
            ),
            models.Index(
                fields=["owner", "model", "id"], condition=LIVE, name="prompt_owner_model"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    GreaterThanOrEqual(Length("title"), TITLE_MIN_LENGTH),
                    LessThanOrEqual(Length("title"), TITLE_MAX_LENGTH),
                ),
                name="prompt_title_has_3_to_100_characters",
            ),
            models.CheckConstraint(
                condition=~models.Q(content=""), name="prompt_content_is_not_empty"
            ),
            models.CheckConstraint(condition=~models.Q(model=""), name="prompt_model_is_not_empty"),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, author: Any = None, message: str = "", **kwargs: Any) -> None:
        """Saves a new prompt with its version 1; a saved one is changed by the verbs below."""
        if not self._state.adding:
            if kwargs.get("update_fields") is None:
                raise TypeError("Call edit(): a whole row would overwrite what others changed.")
            super().save(*args, **kwargs)
            return
        writes.require_no_options(args, kwargs)
        self.created_at = self.updated_at = timezone.now()
        self.variables = rendering.described(self.content)
        self.search_text = search.document(self.title, self.content, self.tags)
        version = self._new_version(author or self.owner, Version.Source.CREATE, message)
        writes.insert(writes.New(Prompt, self.__dict__), version, *self._new_tags(self.tags))
        writes.saved(self)

    @property
    def wire_id(self) -> str:
        return ids.encode(self.KIND, self.pk)

    @property
    def text(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in diffs.FIELDS}

    def clean(self) -> None:
        require_text(self, "title", "content", "model")
        try:
            self.tags = tags.clean(self.tags)
        except ValueError as error:
            raise ValidationError({"tags": str(error)}) from error

    # Reading ------------------------------------------------------------------------------------

    def at(self, ref: int | str) -> Version:
        """The version of that number or label, or the `latest`; one query.

        Raises NoSuchVersion and LabelNotSet.
        """
        return Version.objects.read(self, self.number_of(ref))

    def shown_at(self, number: int) -> "Prompt | Version":
        """What is shown of that version: the newest is the prompt's own text, without a query."""
        return self if number == self.version else Version.objects.read(self, number)

    def number_of(self, ref: int | str) -> int:
        """What a reference points at, without a query: all numbers from 1 to the newest exist.

        Raises NoSuchVersion and LabelNotSet.
        """
        if isinstance(ref, int):
            if not 1 <= ref <= self.version:
                raise NoSuchVersion(ref, self.version)
            return ref
        if ref == "latest":
            return self.version
        if ref not in self.labels:
            raise LabelNotSet(ref, self.labels)
        return self.labels[ref]

    def require_base(self, number: int) -> None:
        """Raises VersionConflict unless that version is the newest."""
        if number != self.version:
            raise VersionConflict(self.at(number), self)

    def users_of(self, names: Collection[str]) -> dict[str, list[str]]:
        """Each of the variables, and the labels that point at a version that has it, written as
        `production (v3)`; one query."""
        rows = self.versions.filter(number__in=self.labels.values())
        known = {
            number: {each["name"] for each in variables}
            for number, variables in rows.values_list("number", "variables")
        }
        return {
            name: [f"{label} (v{at})" for label, at in self.labels.items() if name in known[at]]
            for name in names
        }

    def warnings(self, before: Collection[str]) -> list[str]:
        """What an edit took away of the variables that were there `before`, and who uses it."""
        kept = {each["name"] for each in self.variables}
        removed = [name for name in before if name not in kept]
        warnings = []
        for name, users in (self.users_of(removed) if removed else {}).items():
            verb = "uses" if len(users) == 1 else "use"
            which = f", which {' and '.join(users)} {verb}" if users else ""
            warnings.append(f"removed variable `{name}`{which}")
        return warnings

    # Changing -----------------------------------------------------------------------------------

    def edit(
        self,
        *,
        author: Any,
        message: str = "",
        source: Version.Source = Version.Source.EDIT,
        check: Callable[["Prompt"], None] | None = None,
        is_read: bool = False,
        **changes: Any,
    ) -> bool:
        """Writes what differs and appends a version; False, and nothing written, where nothing
        does.

        `check` is called with the prompt that is to be replaced, and may raise to refuse; and once
        more, with the one that is, where another one was faster. It `is_read` where the caller has
        this moment read it, as `Prompt.objects.read` does, and not changed it. Raises DoesNotExist
        where the prompt was deleted meanwhile.
        """
        replace = partial(self._replace, changes, author=author, source=source, message=message)
        try:
            if not is_read:
                self._take(Prompt.objects.read(self.pk))
            return replace(check)
        except writes.Overtaken:
            with transaction.atomic():
                self._lock()
                return replace(check)

    def restore(
        self,
        number: int,
        *,
        author: Any,
        message: str = "",
        check: Callable[["Prompt"], None] | None = None,
    ) -> bool:
        """Makes the text of that version the newest one again; False where it is already."""
        return self.edit(
            author=author,
            message=message or f"Restored version {number}.",
            source=Version.Source.RESTORE,
            check=check,
            **self.at(number).text,
        )

    @transaction.atomic
    def set_label(
        self,
        name: str,
        *,
        to: int | str,
        actor: Any,
        note: str = "",
        check: Callable[[Label | None], None] | None = None,
    ) -> Label:
        """Points a label at a version, a number or `latest`; to where it points already is no move.

        `check` is called with the label as locked, and may raise to refuse. Raises MalformedLabel,
        NoSuchVersion and DoesNotExist.
        """
        label = self._lock_label(check_name(name), check)
        number = self.number_of(to)
        if label and label.version == number:
            return label
        before = label.version if label else None
        move = self._record_move(name, before, number, actor=actor, note=note)
        moved_at = max(move.created_at, _just_after(label.updated_at)) if label else move.created_at
        label = label or Label(prompt=self, owner_id=self.owner_id, name=name)
        label.version, label.move, label.updated_at = number, move, moved_at
        version = self.at(number)
        label.slot = None  # the index has the old text
        label.search_text = search.document(version.title, version.content, version.tags)
        label.save()
        self._show_labels({**self.labels, name: number})
        return label

    @transaction.atomic
    def remove_label(
        self, name: str, *, actor: Any, check: Callable[[Label | None], None] | None = None
    ) -> None:
        """Takes a label off; its history stays. Raises LabelNotSet, and as `set_label` does."""
        label = self._lock_label(check_name(name), check)
        if label is None:
            raise LabelNotSet(name, self.labels)
        self._record_move(name, label.version, None, actor=actor)
        label.delete()
        self._show_labels({each: at for each, at in self.labels.items() if each != name})

    @transaction.atomic
    def roll_back_label(
        self,
        name: str,
        *,
        actor: Any,
        note: str = "",
        check: Callable[[Label | None], None] | None = None,
    ) -> Label:
        """Points a label where it pointed before its last move, as a new move; twice is there and
        back again. Raises LabelNotSet where it never was, and NothingToRollBack."""
        self._lock()
        last = self.label_moves.filter(name=name).order_by("-pk").first()
        if last is None:
            raise LabelNotSet(name, self.labels)
        if last.from_version is None:
            raise NothingToRollBack(name)
        return self.set_label(name, to=last.from_version, actor=actor, note=note, check=check)

    @transaction.atomic
    def move_to_trash(self, *, check: Callable[["Prompt"], None] | None = None) -> None:
        """Hides the prompt and all that hangs on it; raises DoesNotExist where it is gone."""
        self._lock(check)
        self.deleted_at = timezone.now()
        self.save(update_fields=["deleted_at"])
        self.tag_rows.all().delete()

    @transaction.atomic
    def take_from_trash(self) -> bool:
        """Brings back the prompt and all that hangs on it; False where it is not there any more.

        Counts as a revision: an edit that waits for the row must not take it for the one that it
        has read, whose tags were other rows.
        """
        trashed = Prompt.trash.select_for_update(no_key=True).filter(pk=self.pk)
        row = trashed.only("revision", "tags").first()
        if row is None:
            return False
        self.tags, self.revision, self.deleted_at = row.tags, row.revision + 1, None
        self.save(update_fields=["revision", "deleted_at"])
        writes.insert(*self._new_tags(self.tags))
        return True

    @transaction.atomic
    def destroy(self) -> bool:
        """Ends it for good, with all that hangs on it; False where it is not in the trash any more.

        Locks the row first: a log saved at this moment is deleted too, or refused.
        """
        if not list(Prompt.trash.select_for_update().filter(pk=self.pk).values_list("pk")):
            return False
        self.delete()
        return True

    def _lock(self, check: Callable[["Prompt"], None] | None = None) -> None:
        """Reads the row anew, whatever of it was read before; raises DoesNotExist."""
        self._take(_LOCK.first(key=self.pk))
        if check:
            check(self)

    def _take(self, row: "Prompt | None") -> None:
        if row is None:
            raise Prompt.DoesNotExist
        self.__dict__ |= {name: row.__dict__[name] for name in _WITHOUT_SEARCH_TEXT}

    def _replace(
        self,
        changes: dict[str, Any],
        check: Callable[["Prompt"], None] | None,
        *,
        author: Any,
        source: Version.Source,
        message: str,
    ) -> bool:
        """What was read, if that is what there is still; raises writes.Overtaken."""
        if check:
            check(self)
        changed = {name: value for name, value in changes.items() if getattr(self, name) != value}
        if not changed:
            return False
        known = {"id": self.pk, "revision": self.revision, "deleted_at": None}
        tags_before = self.tags
        self.__dict__ |= changed
        self.variables = rendering.described(self.content)
        self.version += 1
        self.revision += 1
        self.updated_at = _later_than(self.updated_at)
        self.search_text = search.document(self.title, self.content, self.tags)
        self.slot = None  # the index has the old text
        written = ["variables", "version", "revision", "updated_at", "search_text", "slot"]
        added = [name for name in self.tags if name not in tags_before]
        removed = [name for name in tags_before if name not in self.tags]
        writes.swap(
            self,
            [*changed, *written],
            known=known,
            gone=[writes.Gone(Tag, {"prompt_id": self.pk, "name": removed})] if removed else (),
            new=[self._new_version(author, source, message), *self._new_tags(added)],
        )
        return True

    def _new_version(self, author: Any, source: Version.Source, message: str) -> writes.New:
        values = {
            "prompt_id": self.pk,
            "number": self.version,
            "message": message,
            "author_id": author.pk,
            "source": source,
            "created_at": self.updated_at,
            "variables": self.variables,
            **self.text,
        }
        return writes.New(Version, values)

    def _new_tags(self, names: Collection[str]) -> list[writes.New]:
        rows = ({"owner_id": self.owner_id, "name": name, "prompt_id": self.pk} for name in names)
        return [writes.New(Tag, row) for row in rows]

    def _lock_label(self, name: str, check: Callable[[Label | None], None] | None) -> Label | None:
        self._lock()
        shown = self.label_rows.without_search_text().select_related("move")
        label = shown.filter(name=name).first()
        if check:
            check(label)
        return label

    def _record_move(
        self, name: str, before: int | None, after: int | None, *, actor: Any, note: str = ""
    ) -> LabelMove:
        return LabelMove.objects.create(
            prompt=self,
            name=name,
            from_version=before,
            to_version=after,
            actor=actor,
            note=note,
            created_at=timezone.now(),
        )

    def _show_labels(self, labels: dict[str, int]) -> None:
        self.labels = dict(sorted(labels.items()))
        self.revision += 1
        self.save(update_fields=["labels", "revision"])


def _later_than(moment: datetime) -> datetime:
    """Now; clocks are set back now and then, but an edit is always later than the one before."""
    return max(timezone.now(), _just_after(moment))


def _just_after(moment: datetime) -> datetime:
    return moment + timedelta(microseconds=1)


_LOCK = Statement(
    lambda: (
        Prompt.objects.without_search_text()
        .select_for_update(no_key=True)
        .filter(pk=Parameter("key", models.UUIDField()))
    )
)
_WITHOUT_SEARCH_TEXT = [
    each.attname for each in Prompt._meta.concrete_fields if each.name != "search_text"
]
