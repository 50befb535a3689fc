"""What a list is narrowed to, of the parameters that were asked for."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from promptcrafter import ids
from prompts.models.expressions import HasTag
from prompts.models.logs import LogQuerySet
from prompts.models.managers import PromptQuerySet

Wanted = dict[str, Any]

# Between the time in a key and `created_at`, which are read one after the other, on any clock.
LEEWAY = timedelta(days=1)

# Parameter → lookup.
PROMPTS = {
    "model": "model",
    "createdAfter": "created_at__gt",
    "createdBefore": "created_at__lt",
    "updatedAfter": "updated_at__gt",
    "updatedBefore": "updated_at__lt",
}
VERSIONS = {
    "model": "model",
    "createdAfter": "prompt__created_at__gt",
    "createdBefore": "prompt__created_at__lt",
    "updatedAfter": "created_at__gt",
    "updatedBefore": "created_at__lt",
}
LOGS = {
    "version": "version",
    "label": "label",
    "modelUsed": "model_used",
    "externalId": "external_id",
    "since": "created_at__gte",
    "until": "created_at__lt",
    "minScore": "score__gte",
    "maxScore": "score__lte",
    "createdAfter": "created_at__gt",
    "createdBefore": "created_at__lt",
}

PARAMETERS = {*PROMPTS, "tag", "label"}


def narrows(wanted: Wanted) -> bool:
    """Whether any of the prompts' filters is asked for, but for `label` and `tag`."""
    return bool({*PROMPTS} & {*wanted})


def narrowed(rows: Any, lookups: dict[str, str], wanted: Wanted, *, key: str = "pk") -> Any:
    """`key` is that of what was created: a range of times is a range of it, give or take."""
    rows = rows.filter(**{to: wanted[name] for name, to in lookups.items() if name in wanted})
    if "createdAfter" in wanted:
        earliest = ids.lowest(wanted["createdAfter"], shift=-LEEWAY)
        rows = rows.filter(**{f"{key}__gte": earliest})
    if "createdBefore" in wanted:
        rows = rows.filter(**{f"{key}__lte": ids.lowest(wanted["createdBefore"], shift=LEEWAY)})
    return rows


def prompts(rows: PromptQuerySet, wanted: Wanted, *, owner: Any) -> PromptQuerySet:
    """Of that owner's."""
    tags = wanted.get("tag", [])
    if tags and "ordering" in wanted:  # a list begins at the index of tags, a search at its own
        rows = rows.tagged(tags[0], owner=owner)
    for name in tags:
        rows = rows.also_tagged(name)
    return narrowed(rows, PROMPTS, wanted)


def versions(rows: QuerySet[Any], wanted: Wanted) -> QuerySet[Any]:
    """Of prompts as of a label: by what they said then."""
    for name in wanted.get("tag", []):
        rows = rows.filter(HasTag("tags", name))
    return narrowed(rows, VERSIONS, wanted, key="carried")


def logs(rows: LogQuerySet, wanted: Wanted) -> Any:
    return narrowed(rows, LOGS, wanted)
