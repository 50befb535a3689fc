"""What an operator does to many people at once, after a page that says to whom, and its meaning."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin import helpers
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.admin import owned, rank
from accounts.models import User
from promptcrafter.steps import LeftOut, Step, counted

MOST = 500
LONG = 10_000  # a few seconds for those who delete them


@dataclass(frozen=True)
class Action:
    name: str
    verb: str
    done: str
    means: str
    do: Callable[[HttpRequest, User], Any]
    to_oneself: bool = False
    deletes: bool = False
    is_harmless: bool = False


def _disable(request: HttpRequest, user: User) -> None:
    user.edit(is_active=False, check=rank.check(request))


def _enable(request: HttpRequest, user: User) -> None:
    user.edit(is_active=True, check=rank.check(request))


def _end_sessions(request: HttpRequest, user: User) -> None:
    rank.lock(request, user)
    user.end_sessions(keep=request.session.session_key)


def _revoke_keys(request: HttpRequest, user: User) -> None:
    rank.lock(request, user)
    user.api_keys.all().delete()


def _delete(request: HttpRequest, user: User) -> None:
    user.delete(check=rank.check(request))


DISABLE = Action(
    name="disable",
    verb="Disable",
    done="Disabled",
    means="Their tokens, keys and log-ins stop at once, and their sessions end. "
    "What they own stays as it is.",
    do=_disable,
)
ENABLE = Action(
    name="enable",
    verb="Enable",
    done="Enabled",
    means="They can log in again, and their keys work again.",
    do=_enable,
    is_harmless=True,
)
END_SESSIONS = Action(
    name="end_sessions",
    verb="Revoke all sessions of",
    done="Revoked all sessions of",
    means="They are logged out everywhere at once, and may log in again. Their keys go on. "
    "Of your own, the session of this browser stays.",
    do=_end_sessions,
    to_oneself=True,
)
REVOKE_KEYS = Action(
    name="revoke_keys",
    verb="Revoke all keys of",
    done="Revoked all keys of",
    means="The programs that use these keys stop at once, and need new ones. Sessions go on.",
    do=_revoke_keys,
    to_oneself=True,
)
DELETE = Action(
    name="delete_selected",
    verb="Delete",
    done="Deleted",
    means="Their accounts and all that they own are gone for good. "
    "To keep it, disable them instead.",
    do=_delete,
    deletes=True,
)


def confirmed(
    model_admin: Any, request: HttpRequest, users: QuerySet[User], action: Action
) -> TemplateResponse | None:
    """The page that asks; or, where that was answered, does it."""
    chosen = list(users[: MOST + 1])
    if len(chosen) > MOST:
        model_admin.message_user(
            request, f"Select {MOST} at most; nothing was changed.", messages.ERROR
        )
        return None
    refused = {user: why for user in chosen if (why := _excuse(request, user, action))}
    concerned = [user for user in chosen if user not in refused]
    things = owned.owned_by(concerned) if action.deletes else []
    missing = owned.undeletable(request, things)
    if not request.POST.get("post"):
        return _question(model_admin, request, action, concerned, refused, things, missing)
    if missing:
        raise PermissionDenied
    return _step(model_admin, request, action, concerned)


def _excuse(request: HttpRequest, user: User, action: Action) -> str:
    if user == request.user and not action.to_oneself:
        return "that is you"
    return "only a superuser may" if rank.is_above(request, user) else ""


def _question(
    model_admin: Any,
    request: HttpRequest,
    action: Action,
    concerned: list[User],
    refused: dict[User, str],
    things: list[owned.Owned],
    missing: list[str],
) -> TemplateResponse:
    return TemplateResponse(
        request,
        "admin/accounts/user/confirm.html",
        {
            **model_admin.admin_site.each_context(request),
            "title": f"{action.verb} {users_counted(len(concerned))}?",
            "means": action.means,
            "opts": model_admin.opts,
            "concerned": concerned,
            "refused": refused.items(),
            "owned": [thing for thing in things if thing.number],
            "is_long": sum(thing.number for thing in things) > LONG,
            "missing": missing,
            "hidden": [("action", action.name), ("post", "yes")],
            "checkbox": helpers.ACTION_CHECKBOX_NAME,
            "button": f"{action.verb} {users_counted(len(concerned))}",
            "is_harmless": action.is_harmless,
            "back_url": reverse("admin:accounts_user_changelist"),
        },
    )


def _step(
    model_admin: Any, request: HttpRequest, action: Action, users: list[User]
) -> TemplateResponse | None:
    """What a second allows of it; then the page that goes on, or the list."""
    step = _begun(request, len(users))

    def do(user: User) -> None:
        try:
            _do(model_admin, request, action, user)
        except (User.DoesNotExist, rank.Above) as error:  # since the list was read
            raise LeftOut("changed meanwhile") from error

    step.run(users, do)
    if not step.is_last:
        return _go_on(model_admin, request, action, step, users[step.taken :])
    done = step.total - step.left_out.total()
    level = messages.WARNING if step.left_out else messages.SUCCESS
    model_admin.message_user(request, f"{action.done} {users_counted(done)}.", level)
    return None


def _begun(request: HttpRequest, count: int) -> Step:
    """How far earlier steps have come, as their pages said it."""
    try:
        total = int(request.POST.get("total", count))
        return Step(total, max(0, total - count), counted(request.POST.get("left_out", "{}")))
    except ValueError as error:
        raise BadRequest("This is no step of an action on users.") from error


@transaction.atomic
def _do(model_admin: Any, request: HttpRequest, action: Action, user: User) -> None:
    """With its line in the admin's log, however the others end."""
    if action.deletes:
        model_admin.log_deletions(request, [user])
    else:
        model_admin.log_change(request, user, f"{action.done} {user}.")
    action.do(request, user)


def _go_on(
    model_admin: Any, request: HttpRequest, action: Action, step: Step, users: list[User]
) -> TemplateResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"{action.verb} {users_counted(step.total)}",
        "opts": model_admin.opts,
        "step": step,
        "list_url": reverse("admin:accounts_user_changelist"),
        "left": [
            *(("action", action.name), ("post", "yes"), ("total", step.total)),
            ("left_out", json.dumps(step.left_out)),
            *((helpers.ACTION_CHECKBOX_NAME, user.pk) for user in users),
        ],
    }
    return TemplateResponse(request, "admin/progress.html", context)


def users_counted(count: int) -> str:
    return "1 user" if count == 1 else f"{count:,} users"
