"""Who calls, with what, and whether they may."""

from functools import cache
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.http import HttpRequest
from django.urls import ResolverMatch, resolve

from accounts import tokens
from accounts.models import ApiKey, Scope, Session, User
from accounts.throttles import Throttled, allowance
from promptcrafter.statements import Statement

Caller = Session | ApiKey

CONDITIONS = {
    "HTTP_IF_MATCH",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_UNMODIFIED_SINCE",
}

_SESSION: Statement[Session] = Statement(lambda: Session.objects.sought_alone())


def find(token: str, scope: Scope) -> Caller | None:
    """Whose token that is, if they may do what the scope names; one query.

    None for a key that is limited to labels, or was not used in this minute, which it notes.
    Raises InvalidToken.
    """
    is_key = token.startswith("pc_")
    caller = ApiKey.objects.find(token) if is_key else tokens.session_of(token, by=_SESSION)
    return caller if caller and may(caller, scope) else None


def known(session: UUID, user: UUID) -> Session:
    """One that was found in another way, of which no more than the keys is known."""
    caller = Session.from_db(DEFAULT_DB_ALIAS, ["id", "user_id"], [session, user])
    caller.user = User.from_db(DEFAULT_DB_ALIAS, ["id"], [user])
    return caller


def may(caller: Caller, scope: Scope) -> bool:
    if not isinstance(caller, ApiKey):
        return True
    return scope in caller.scopes and not caller.labels and not caller.is_to_note()


def accept(request: HttpRequest, caller: Caller, *, like: str) -> None:
    """Counts a request of theirs, and tells what comes after whose it is, and by what route: that
    of a path `like` its own. Raises Throttled, as the view will then."""
    try:
        allowance.take(caller.user_id)
    except Throttled as error:
        request.refusal = error  # type: ignore[attr-defined]
        raise
    request.user, request.resolver_match = caller.user, _route(like)
    request.auth, request.is_counted = caller, True  # type: ignore[attr-defined]


@cache
def _route(path: str) -> ResolverMatch:
    return resolve(path)
