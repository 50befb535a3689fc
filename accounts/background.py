"""What nobody waits for: mails are sent, what has run out is deleted, and the like.

One thread in each process of the server does it all: when it is woken, once a minute, and at once
where a chore has more to do.
"""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from threading import Event, Thread
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import Error, connection, connections
from django.utils import timezone

from accounts.models import PasswordReset, User
from accounts.models.resets import reset_token
from accounts.sessions import SessionStore

logger = logging.getLogger(__name__)

SUBJECT = "Choose a new password"
TEXT = """\
Somebody, probably you, asked for a new password for your account at {site}.

Choose one here, within an hour:

  {site}/password-reset?token={token}

If it was not you, do nothing: your password stays as it is.
"""
ROUND_SECONDS = 60
PATIENCE_SECONDS = 60.0  # with a statement: nobody waits, and there may be much to delete

_awake = Event()

# What has `objects.expired()`.
Expiring = Iterable[Any]
Chore = Callable[[], bool | None]  # whether there is more of it, to be done at once


def start(expiring: Expiring, chores: Iterable[Chore] = ()) -> None:
    """In each process that serves requests, once. `chores` are done after the mails."""
    in_turn = [partial(tidy, expiring), send_mails, *chores]
    Thread(target=_run, args=[in_turn], name="background", daemon=True).start()


def wake() -> None:
    _awake.set()


def send_mails() -> None:
    """Those that are due, each once. What can't be sent now is due again later."""
    begun = timezone.now()  # or a mail server that hangs would keep this from ever ending
    while (asked := PasswordReset.objects.take(due_by=begun)) is not None:
        user = User.objects.filter(email=asked.email, is_active=True).first()
        if user is None or not user.has_usable_password() or _is_sent(user, asked.site):
            asked.delete()


def tidy(expiring: Expiring) -> None:
    for kept in expiring:
        kept.objects.expired().delete()
    SessionStore.clear_expired()


def _is_sent(user: User, site: str) -> bool:
    text = TEXT.format(site=site, token=reset_token(user))
    try:
        send_mail(SUBJECT, text, settings.DEFAULT_FROM_EMAIL, [user.email])
    except Exception as error:  # whatever it is, the mails behind it go on
        server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
        logger.error("no mail could be sent through %s: %s", server, type(error).__name__)
        return False
    return True


def _run(chores: Iterable[Chore]) -> None:
    # Of this thread alone; SQLite knows of none.
    connection.patience = PATIENCE_SECONDS  # type: ignore[attr-defined]
    while True:
        if not _round(chores):
            _awake.wait(timeout=ROUND_SECONDS)
            _awake.clear()


def _round(chores: Iterable[Chore]) -> bool:
    """Each chore once; whether one of them has more to do."""
    have_more = [_attempt(getattr(chore, "__name__", "tidy"), chore) for chore in chores]
    connections.close_all()
    return any(have_more)


def _attempt(name: str, chore: Chore) -> bool:
    try:
        return bool(chore())
    except Error as error:  # the database is away; a minute later it may be back
        logger.error("%s: %s", name, type(error).__name__)
    except Exception:
        logger.exception("%s failed", name)
    return False
