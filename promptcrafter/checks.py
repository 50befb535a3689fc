"""Settings that can't be right together. An error ends the start, a warning is logged.

Each id has its row in docs/configuration.md. `SILENCED_SYSTEM_CHECKS` silences one, as any of
Django's.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from stat import S_IROTH, S_IXOTH
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.http.request import validate_host

TLS = {"require", "verify-ca", "verify-full"}
LOOPBACK = {"localhost", "127.0.0.1", "::1", "[::1]"}

# What is wrong, if the function says so of the settings as they are.
WRONG: list[tuple[Callable[[], bool], CheckMessage]] = [
    (
        lambda: settings.HTTPS and settings.DEBUG,
        Error(
            "DEBUG=1 shows the inside of errors, and HTTPS=1 is for the open: set DEBUG=0.",
            id="promptcrafter.E001",
        ),
    ),
    (
        lambda: settings.HTTPS and any(map(_is_in_the_clear, settings.CORS_ALLOWED_ORIGINS)),
        Error(
            "CORS_ALLOWED_ORIGINS has an http:// origin, which others can rewrite on its way, "
            "beside HTTPS=1: list it with https://.",
            id="promptcrafter.E002",
        ),
    ),
    (
        lambda: settings.HTTPS and settings.PUBLIC_URL.startswith("http://"),
        Error(
            "PUBLIC_URL is http:// beside HTTPS=1, so links that reset a password would be sent "
            "in the clear: write it with https://.",
            id="promptcrafter.E003",
        ),
    ),
    (
        lambda: settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") and not settings.PUBLIC_URL,
        Error(
            "EMAIL_URL sends mail, so PUBLIC_URL must say what its links begin with: otherwise "
            "whoever asks for a mail chooses host and port of the link to somebody's account.",
            id="promptcrafter.E004",
        ),
    ),
    (
        lambda: (
            settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")
            and settings.DEFAULT_FROM_EMAIL.endswith("@localhost")
        ),
        Warning(
            "EMAIL_URL sends mail from an address of localhost, which few will take: set "
            "EMAIL_FROM.",
            id="promptcrafter.W010",
        ),
    ),
    (
        lambda: settings.DEBUG and settings.HOST not in LOOPBACK,
        Warning(
            "DEBUG=1 shows the inside of errors to all who reach HOST: set DEBUG=0.",
            id="promptcrafter.W001",
        ),
    ),
    (
        lambda: "*" in settings.ALLOWED_HOSTS,
        Warning(
            "ALLOWED_HOSTS has `*`, so whoever calls chooses the host of our links: list names.",
            id="promptcrafter.W002",
        ),
    ),
    (
        lambda: settings.HTTPS and LOOPBACK.issuperset(settings.ALLOWED_HOSTS),
        Warning(
            "HTTPS=1, but ALLOWED_HOSTS has only names of this machine: add the public one.",
            id="promptcrafter.W003",
        ),
    ),
    (
        lambda: settings.HTTPS and settings.TRUSTED_PROXIES == 0,
        Warning(
            "HTTPS=1 takes a proxy, but TRUSTED_PROXIES is 0, so limits count everybody as one "
            "address: set it to the number of proxies.",
            id="promptcrafter.W005",
        ),
    ),
    (
        lambda: any(map(_is_far, _hosts())) and _database()["OPTIONS"].get("sslmode") not in TLS,
        Warning(
            "DATABASE_URL names another machine and insists on no TLS: add ?sslmode=verify-full.",
            id="promptcrafter.W006",
        ),
    ),
    (
        lambda: (
            settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")
            and _is_far(settings.EMAIL_HOST)
            and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL)
        ),
        Warning(
            "EMAIL_URL names another machine without TLS, so reset links can be read on the way: "
            "use smtp+tls:// or smtp+ssl://.",
            id="promptcrafter.W007",
        ),
    ),
    (
        lambda: settings.HASHES_AT_ONCE >= settings.THREADS > 1,
        Warning(
            "HASHES_AT_ONCE is not below THREADS, so log-ins may leave no thread to readers: "
            "set it lower.",
            id="promptcrafter.W008",
        ),
    ),
    (
        lambda: bool(settings.PUBLIC_URL) and not _is_ours(settings.PUBLIC_URL),
        Warning(
            "ALLOWED_HOSTS has not the host of PUBLIC_URL, so the links in mails lead nowhere: "
            "add it.",
            id="promptcrafter.W009",
        ),
    ),
    (
        lambda: (
            settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
            and _may_lose_pages(sqlite3.sqlite_version_info)
        ),
        Warning(
            f"SQLite {sqlite3.sqlite_version} may lose what was committed while a checkpoint "
            "begins, and Django's own engine lets both happen at once: use promptcrafter.sqlite3.",
            id="promptcrafter.W011",
        ),
    ),
]


@register
def settings_fit_together(**kwargs: Any) -> list[CheckMessage]:
    return [message for is_wrong, message in WRONG if is_wrong()]


@register
def secrets_are_kept(**kwargs: Any) -> list[CheckMessage]:
    """One warning that names all files that any user of the machine may read."""
    files = [settings.DATA_DIR / name for name in ("secret_key", "jwt_signing_key")]
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        files.append(Path(database["NAME"]))
    names = ", ".join(str(file) for file in files if _is_open_to_others(file))
    if not names:
        return []
    sentence = f"Every user of this machine can read {names}: take DATA_DIR from them (chmod 700)."
    return [Warning(sentence, id="promptcrafter.W004")]


def _database() -> dict[str, Any]:
    return {"HOST": "", "OPTIONS": {}, **settings.DATABASES["default"]}


def _may_lose_pages(version: tuple[int, int, int]) -> bool:
    """Whether it has the "WAL-reset bug" (https://sqlite.org/wal.html#walresetbug)."""
    is_mended = (
        version >= (3, 51, 3)
        or (3, 50, 7) <= version < (3, 51, 0)
        or (3, 44, 6) <= version < (3, 45, 0)
    )
    return version >= (3, 7, 0) and not is_mended


def _hosts() -> list[str]:
    return str(_database()["HOST"]).split(",")


def _is_ours(url: str) -> bool:
    return validate_host(urlsplit(url).hostname or "", settings.ALLOWED_HOSTS)


def _is_far(host: str | None) -> bool:
    """Whether it is another machine; a socket's folder, or nothing, is this one."""
    return bool(host) and host not in LOOPBACK and not str(host).startswith("/")


def _is_in_the_clear(origin: str) -> bool:
    """Browsers trust the http:// of their own machine (W3C Secure Contexts)."""
    parts = urlsplit(origin)
    return parts.scheme == "http" and parts.hostname not in LOOPBACK


def _is_open_to_others(file: Path) -> bool:
    if not file.is_file():
        return False
    return bool(file.stat().st_mode & S_IROTH and file.parent.stat().st_mode & S_IXOTH)
