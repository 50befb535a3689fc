"""How a person is logged in, and with what their programs are; each can be revoked."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.http import Http404, HttpRequest
from django.urls import reverse

from accounts.admin import owned, rank
from accounts.models import ApiKey, BrowserSession, Session, User
from promptcrafter import ids

SHOWN = 100


class Row(NamedTuple):
    kind: str
    device: str
    created_at: datetime
    expires_at: datetime
    revoke_url: str
    is_current: bool


class Revocation(NamedTuple):
    """What a page asks about, and what the admin's log says of it."""

    name: str
    permission: str
    rows: Any
    means: str


def shown(request: HttpRequest, user: User) -> dict[str, Any]:
    """For the person's page. Six statements at most."""
    return {
        "keys": _keys(user) if may(request, "view", "apikey") else None,
        "sessions": list(_sessions(request, user)) if may(request, "view", "session") else None,
        "owned": [
            {"name": each.name, "number": each.number, "url": owned.link(request, each, user)}
            for each in owned.owned_by([user])
        ],
        "may_revoke_keys": may_revoke(request, user, "apikey"),
        "may_revoke_sessions": may_revoke(request, user, "session"),
        "revoke_keys_url": revoke_url(user, "keys"),
        "revoke_sessions_url": revoke_url(user, "sessions"),
    }


def may(request: HttpRequest, verb: str, model: str) -> bool:
    return request.user.has_perm(f"accounts.{verb}_{model}")


def may_revoke(request: HttpRequest, user: User, model: str) -> bool:
    return may(request, "delete", model) and not rank.is_above(request, user)


def revoke_url(user: User, what: str) -> str:
    return reverse("admin:accounts_user_revoke", args=[user.pk, what])


def revoked(request: HttpRequest, user: User, what: str) -> Revocation:
    """What an address names: `keys`, `sessions`, or one of them by its id. Raises Http404."""
    if what == "keys":
        means = "The programs that use them stop at once, and need new ones."
        return Revocation("all keys", "apikey", [user.api_keys.all()], means)
    browsers = user.browser_sessions.exclude(session_key=request.session.session_key)
    if what == "sessions":
        means = "Their tokens stop working at once, and whoever used them must log in again."
        if user == request.user:
            means += " The session of this browser stays."
        return Revocation("all sessions", "session", [user.sessions.all(), browsers], means)
    return _one(user, what, browsers)


def _one(user: User, wire_id: str, browsers: Any) -> Revocation:
    kind = wire_id.partition("_")[0]
    rows: Any
    try:
        if kind == ApiKey.KIND:
            rows = user.api_keys.filter(pk=ids.decode(kind, wire_id))
            means = "The programs that use it stop at once, and need a new one."
            return Revocation(f"the key “{_first(rows).name}”", "apikey", [rows], means)
        if kind == Session.KIND:
            rows = user.sessions.filter(pk=ids.decode(kind, wire_id))
        else:
            rows = browsers.filter(mark=ids.decode(BrowserSession.KIND, wire_id))
    except ids.MalformedId as error:
        raise Http404 from error
    name = f"the session of {_first(rows).created_at:%Y-%m-%d %H:%M}"
    means = "Its tokens stop working at once, and whoever used it must log in again."
    return Revocation(name, "session", [rows], means)


def _first(rows: Any) -> Any:
    row = rows.first()
    if row is None:
        raise Http404
    return row


def _keys(user: User) -> list[dict[str, Any]]:
    return [
        {"key": key, "revoke_url": revoke_url(user, key.wire_id)}
        for key in user.api_keys.defer("digest").order_by("-pk")[:SHOWN]
    ]


def _sessions(request: HttpRequest, user: User) -> Iterator[Row]:
    """Of programs first: there are a hundred at most."""
    current = request.session.session_key
    for each in Session.objects.of(user):
        url = revoke_url(user, each.wire_id)
        yield Row("API", each.device, each.created_at, each.expires_at, url, False)
    for browser in BrowserSession.objects.of(user)[:SHOWN]:
        url = revoke_url(user, browser.wire_id)
        is_current = browser.session_key == current
        yield Row("browser", "", browser.created_at, browser.expire_date, url, is_current)
