"""SQLite's online backup API, in both directions.

All pages are copied in one step. Under WAL that is one read transaction, which no writer waits for;
in smaller steps, each write in between starts the copy anew, and a busy service never ends it.

Back it goes by the same API, into the database and not in its place: it is one transaction there,
so a crash leaves the database as it was, and no -wal of another file can be taken for its own.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from django.conf import settings

from promptcrafter.backups.contents import Contents
from promptcrafter.backups.files import Refused

NAME = "SQLite"
MAGIC = b"SQLite format 3\0"


def database() -> Path:
    return Path(settings.DATABASES["default"]["NAME"])


def copy(draft: Path) -> None:
    with (
        _told(f"copy {database()} to {draft}"),
        _only_read(database()) as source,
        closing(sqlite3.connect(draft)) as target,
    ):
        # The draft is synced as a whole, and nobody goes on with half of one.
        target.execute("PRAGMA synchronous=OFF")
        target.execute("PRAGMA journal_mode=MEMORY")
        source.backup(target)
        # One file that any program reads where it lies; the service makes it WAL again.
        target.execute("PRAGMA journal_mode=DELETE")


def read(file: Path) -> Contents:
    """Reads every page of it; raises Refused for damage."""
    with _told(f"read {file}"), _only_read(file, "&immutable=1") as connection:
        damage = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if damage != "ok":
            raise Refused(f"{file} is damaged: {damage.splitlines()[0]}.")
        stray = connection.execute("PRAGMA foreign_key_check").fetchone()
        if stray:
            raise Refused(f"{file} is damaged: {stray[0]} has a row that points at none.")
        return _contents(connection)


def _contents(connection: sqlite3.Connection) -> Contents:
    acting = "SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')"
    if found := [name for (name,) in connection.execute(acting)]:
        raise Refused(
            f"It holds {found[0]!r}, which acts by itself; PromptCrafter makes none such."
        )
    named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    tables = sorted(name for (name,) in connection.execute(named))
    counts = {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
        for name in tables
    }
    if "django_migrations" not in counts:
        return Contents(counts=counts)
    return Contents({*connection.execute("SELECT app, name FROM django_migrations")}, counts)


def replace(file: Path) -> None:
    """Raises Refused while any other connection is open, a service's or a command's."""
    with (
        _told(f"write {database()}"),
        _only_read(file, "&immutable=1") as source,
        closing(sqlite3.connect(database(), timeout=1, isolation_level=None)) as target,
    ):
        # Said before the first look at the file, it asks for the file alone, and keeps it.
        target.execute("PRAGMA locking_mode=EXCLUSIVE")
        try:
            target.execute("PRAGMA synchronous=FULL")
            target.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise Refused(
                f"Another program has {database()} open: stop the service and what else uses it."
            ) from error
        target.execute("ROLLBACK")
        source.backup(target)


def _only_read(file: Path, options: str = "") -> closing[sqlite3.Connection]:
    url = f"file:{quote(str(file.absolute()))}?mode=ro{options}"
    return closing(sqlite3.connect(url, uri=True))


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise Refused(f"SQLite could not {what}: {error}.") from error
