"""How a database carries out what requests ask of it; in a process of its own, on that database.

python -m tests.benchmarks.plans EMAIL < paths > plans, as JSON
"""

import json
import os
import sys
from collections.abc import Iterator

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "promptcrafter.settings"
django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from accounts import tokens  # noqa: E402
from accounts.models import User  # noqa: E402

# Name, whether it is an index, and bytes of all there is; a table's long values are a part of it.
SIZES = {
    "postgresql": """
        SELECT relname, relkind = 'i',
               CASE relkind WHEN 'i' THEN pg_relation_size(oid) ELSE pg_table_size(oid) END
        FROM pg_class WHERE relkind IN ('i', 'r') AND relnamespace = 'public'::regnamespace
    """,
    "sqlite": """
        SELECT name, name IN (SELECT name FROM sqlite_schema WHERE type = 'index'), sum(pgsize)
        FROM dbstat GROUP BY name
    """,
}


def main(email: str) -> None:
    user = User.objects.get(email=email)
    client = Client(
        headers={"Authorization": f"Bearer {tokens.issue(user).token}", "Host": "localhost"}
    )
    paths = sys.stdin.read().split()
    json.dump({path: list(plan(client, path)) for path in paths} | {"": sizes()}, sys.stdout)


def plan(client: Client, path: str) -> Iterator[str]:
    """The scans of the statements about prompts, each once."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
        assert response.status_code == 200, response.content
    seen = set()
    for query in captured.captured_queries:
        sql = query["sql"]
        if sql.startswith("SELECT") and "prompts_" in sql:
            for line in explained(sql):
                if line not in seen:
                    seen.add(line)
                    yield line


def explained(sql: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}".replace("%", "%%"), [])
            yield from (row[3] for row in cursor.fetchall())
            return
        cursor.execute(f"EXPLAIN {sql}".replace("%", "%%"), [])
        lines = (row[0].strip().removeprefix("->").strip() for row in cursor.fetchall())
        yield from (line.split("  (")[0] for line in lines if "Scan" in line or "Sort" in line)


def sizes() -> list[tuple[str, int, bool]]:
    """Name and bytes of each table and index, and whether it is there for finding alone: indexes,
    and the two tables that are such."""
    with connection.cursor() as cursor:
        cursor.execute(SIZES[connection.vendor])
        return [
            (name, int(size), bool(is_index) or name in {"prompts_searchbucket", "prompts_tag"})
            for name, is_index, size in cursor.fetchall()
        ]


if __name__ == "__main__":
    main(sys.argv[1])
