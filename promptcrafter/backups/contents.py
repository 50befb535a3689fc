"""What a database or a backup of one holds, and whether this code knows it."""

from dataclasses import dataclass, field

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from promptcrafter.backups.files import Refused

Migration = tuple[str, str]

FIRST: Migration = ("accounts", "0001_users")
OURS = ("accounts", "prompts")
# What migrations themselves put into a database that nobody has used yet.
FILLED_BY_MIGRATIONS = {
    *("django_migrations", "django_content_type"),
    *("auth_permission", "auth_group", "auth_group_permissions"),
}


@dataclass
class Contents:
    """The migrations that were applied, and how many rows each table has."""

    migrations: set[Migration] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def newest(self) -> list[str]:
        """Of each of our apps, its last migration."""
        return [
            f"{app}.{max(name for of, name in self.migrations if of == app)}"
            for app in OURS
            if any(of == app for of, _ in self.migrations)
        ]


def check_ours(contents: Contents, source: str) -> None:
    """Raises Refused for what is no database of PromptCrafter's."""
    if FIRST not in contents.migrations:
        raise Refused(f"{source} holds no database of PromptCrafter's.")


def check_known(contents: Contents, source: str) -> None:
    """Raises Refused for what is newer than this code."""
    unknown = sorted(contents.migrations - known())
    if unknown:
        names = ", ".join(".".join(each) for each in unknown[:3])
        raise Refused(
            f"{source} is of a newer release than this one, which does not know its migrations "
            f"({names}): restore it with the release that made it, or a newer one."
        )


def known() -> set[Migration]:
    return set(MigrationLoader(None).disk_migrations)


def tables() -> list[str]:
    return sorted(connection.introspection.table_names())


def table_in_use() -> str | None:
    """A table of the database that holds what somebody would miss, if there is one."""
    with connection.cursor() as cursor:
        for table in tables():
            if table not in FILLED_BY_MIGRATIONS:
                name = connection.ops.quote_name(table)
                cursor.execute(f"SELECT 1 FROM {name} LIMIT 1")  # noqa: S608
                if cursor.fetchone():
                    return table
    return None
