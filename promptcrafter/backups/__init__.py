"""Copies of the database, of either kind, that are whole and proven so.

A backup is a file that its database's own tools read (a SQLite file, or a dump of `pg_dump` in its
custom format), and beside it `FILE.sha256`, which `sha256sum --check` reads: whoever has to restore
one needs nothing of ours to tell whether it is whole, and what it holds. It stands under its name
only when it was read back from beginning to end.
"""

from pathlib import Path
from types import ModuleType

from django.db import DatabaseError, connection, connections

from promptcrafter.backups import contents, files, postgresql, sqlite
from promptcrafter.backups.contents import Contents
from promptcrafter.backups.files import Refused
from promptcrafter.locks import alone_in_database

KINDS: dict[str, ModuleType] = {"sqlite": sqlite, "postgresql": postgresql}


def kind() -> ModuleType:
    """Which `copy`, `read` and `replace` are right for the database of the settings."""
    return KINDS[connection.vendor]


def take(file: Path, *, force: bool) -> Contents:
    """Copies the database into a new file, while others read and write it; what that file holds.

    Raises Refused or OSError, and then leaves what was there as it was.
    """
    if kind() is sqlite and sqlite.database().resolve() == file.resolve():
        raise Refused(f"{file} is the database itself.")
    if file.exists() and not force:
        raise Refused(f"{file} is there already; --force replaces it.")
    with files.draft_of(file) as draft:
        kind().copy(draft)
        found: Contents = kind().read(draft)
        contents.check_ours(found, "The database of DATABASE_URL")
        files.put(draft, file)
    return found


def restore(file: Path, *, overwrite: bool) -> Contents:
    """Makes the database what it was when the backup was taken; what that was.

    Raises Refused or OSError, and then leaves the database as it was. An older one is not migrated.
    """
    files.check(file)
    check_kind(file)
    found: Contents = kind().read(file)
    contents.check_ours(found, str(file))
    contents.check_known(found, str(file))
    if kind() is sqlite and not sqlite.database().exists():
        sqlite.database().touch(mode=0o600)
    with alone_in_database():
        if not overwrite:
            check_unused()
        if kind() is sqlite:
            connections.close_all()
        kind().replace(file)
    connections.close_all()
    return found


def check_kind(file: Path) -> None:
    with file.open("rb") as stream:
        head = stream.read(16)
    names = {each.MAGIC: each.NAME for each in KINDS.values()}
    name = next((name for magic, name in names.items() if head.startswith(magic)), None)
    if name is None:
        raise Refused(f"{file} is no backup of either kind of database.")
    if name != kind().NAME:
        raise Refused(f"{file} is of {name}, and DATABASE_URL names {kind().NAME}.")


def check_unused() -> None:
    try:
        table = contents.table_in_use()
    except DatabaseError as error:
        raise Refused(
            f"The database can't be read ({error}): put it somewhere else first, with the files "
            "beside it that begin with its name."
        ) from error
    if table is not None:
        raise Refused(
            f"The database is in use: {table} has rows. --overwrite replaces all that it holds."
        )
