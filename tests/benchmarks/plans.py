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

INDEXES = {
    "SELECT i.relname, pg_relation_size(i.oid) FROM pg_class i WHERE i.relkind IN ('i', 'r', 't') "
    "AND i.relnamespace IN ('public'::regnamespace, 'pg_toast'::regnamespace)": "postgresql",
    "SELECT name, sum(pgsize) FROM dbstat GROUP BY name": "sqlite",
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


def sizes() -> dict[str, int]:
    """Bytes of each table and index."""
    (sql,) = [sql for sql, vendor in INDEXES.items() if vendor == connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {name: int(size) for name, size in cursor.fetchall() if "prompts_" in name}


if __name__ == "__main__":
    main(sys.argv[1])
