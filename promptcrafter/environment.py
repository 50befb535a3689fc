"""The environment, read once and typed.

Each reader takes a variable's name and its default, and raises ImproperlyConfigured with one
sentence that names the variable, what was wrong and what would be right. A value is never echoed
when it may hold a secret.
"""

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from django.core.exceptions import ImproperlyConfigured
from environ import Env

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("DATA_DIR") or BASE_DIR / "var").resolve()

SQLITE = "promptcrafter.sqlite3"  # Django's own, but that writers take turns
POSTGRESQL = "promptcrafter.postgresql"  # … with an end to waiting

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}

# A path, a port, or a `*` in a name: Django takes a lone one, and `.example.com` for subdomains.
_NO_HOST = re.compile(r"/|[^:]:\d+$|.\*|\*.")
_ORIGIN = re.compile(
    r"(?!https:.*:443$|http:.*:80$)https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?"
)


def text(name: str, default: str) -> str:
    return os.environ.get(name, default)


def flag(name: str, *, default: bool) -> bool:
    value = os.environ.get(name, str(default)).strip().lower()
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name} must be 1 or 0 (true or false), not {value!r}.")
    return value in TRUE


def number(name: str, default: int, *, minimum: int, maximum: int) -> int:
    value = os.environ.get(name, str(default)).strip()
    if value.isascii() and value.isdigit() and minimum <= int(value) <= maximum:
        return int(value)
    raise ImproperlyConfigured(
        f"{name} must be a whole number from {minimum} to {maximum}, not {value!r}."
    )


class Rate(NamedTuple):
    """So many, `limit`, in so many `seconds`."""

    limit: int
    seconds: int


def rate(name: str, default: str) -> Rate | None:
    """A limit like `10/15m`: a number, and a time in s, m, h or d; `off` for none."""
    value = os.environ.get(name, default).strip().lower()
    if value == "off":
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,4})([smhd])", value, re.ASCII)
    if match is None:
        raise ImproperlyConfigured(
            f"{name} must be a number and a time, like 10/15m (s, m, h, d), or off, not {value!r}."
        )
    seconds = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}[match[3]]
    return Rate(int(match[1]), int(match[2]) * seconds)


def url(name: str) -> str:
    """The address that people reach the service at, without a slash at its end; or nothing."""
    value = os.environ.get(name, "").strip().rstrip("/")
    if value and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+(/[\w./~-]*)?", value, re.ASCII):
        raise ImproperlyConfigured(
            f"{name} must be like https://prompts.example.com, not {value!r}."
        )
    return value


def mail(name: str, default: str) -> dict[str, Any]:
    """Django's EMAIL_… settings, of a URL."""
    wrong = ImproperlyConfigured(
        f"{name} must be consolemail:// or smtp+tls://user:password@host:587, with smtp:// for "
        "no TLS and smtp+ssl:// for TLS from the first byte."
    )
    try:
        config = Env.email_url_config(os.environ.get(name) or default)
    except (ValueError, ImproperlyConfigured) as error:
        raise wrong from error
    if "smtp" in config["EMAIL_BACKEND"] and not config["EMAIL_HOST"]:
        raise wrong
    return {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False, **config}


def folder(name: str) -> str:
    """A folder that is there, or nothing."""
    value = os.environ.get(name, "")
    if value and not Path(value).is_dir():
        raise ImproperlyConfigured(f"{name} must be a folder, not {value!r}.")
    return value


def words(name: str, default: str) -> list[str]:
    """A comma-separated list; spaces around a word and empty words are dropped."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def hosts(name: str, default: str) -> list[str]:
    """Host names and addresses, as Django wants them: no scheme, no port."""
    listed = words(name, default)
    wrong = next((host for host in listed if _NO_HOST.search(host)), None)
    if wrong is not None or not listed:
        raise ImproperlyConfigured(
            f"{name} must list host names without scheme or port, like "
            f"prompts.example.com,127.0.0.1, not {wrong or ''!r}."
        )
    return listed


def origins(name: str, default: str) -> list[str]:
    """Web origins exactly as browsers send them (RFC 6454): no path, no default port."""
    listed = words(name, default)
    wrong = next((each for each in listed if not _ORIGIN.fullmatch(each)), None)
    if wrong is not None:
        raise ImproperlyConfigured(
            f"{name} must list origins like https://app.example.com, in lower case and "
            f"without a path, not {wrong!r}."
        )
    return listed


def secret(name: str, *, file: Path, minimum: int) -> str:
    """The variable, or else what `file` holds, which `make run` writes."""
    value = os.environ.get(name)
    if value is None and file.is_file():
        value = file.read_text(encoding="ascii").strip()
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set: set it to at least {minimum} random characters, "
            f"or start once with `make run`, which writes one to {file}."
        )
    if len(value) < minimum or value.startswith("django-insecure-"):
        raise ImproperlyConfigured(
            f"{name} is not safe: it must be at least {minimum} random characters "
            "and not a development key (django-insecure-…)."
        )
    return value


def database(name: str, *, file: Path) -> dict[str, Any]:
    """Django's description of the database that a URL names, or else of SQLite in `file`."""
    url = os.environ.get(name)
    if url is None:
        return {"ENGINE": SQLITE, "NAME": str(file)}
    wrong = ImproperlyConfigured(
        f"{name} must be sqlite:////absolute/path.sqlite3 "
        "or postgresql://user:password@host:5432/database, "
        "where several hosts are host1:5432,host2:5432."
    )
    if not url.startswith(("sqlite:////", "postgresql://", "postgres://")):
        raise wrong
    try:
        config: dict[str, Any] = Env.db_url_config(url)
    except ValueError as error:
        raise wrong from error
    if config["NAME"] in {"", ":memory:"} or not _are_hosts(config):
        raise wrong
    if url.startswith("sqlite"):
        return {**config, "ENGINE": SQLITE}
    bare = config["HOST"].replace("[", "").replace("]", "")  # as libpq has them
    return {**config, "ENGINE": POSTGRESQL, "HOST": bare}


def _are_hosts(config: dict[str, Any]) -> bool:
    """Of several, all have a name, and each a port of its own or none: libpq would take one port
    for all of them, whichever it was written behind."""
    hosts = config.get("HOST", "").split(",")
    ports = str(config.get("PORT", "")).split(",")
    return len(hosts) == 1 or (all(hosts) and (ports == [""] or len(ports) == len(hosts)))
