"""What the statements of one request cost by themselves: those that the server runs for it, again
and again through psycopg alone, prepared; in a process of its own, on that database.

    python -m tests.benchmarks.statements CLUSTER SECONDS < requests

Requests are JSON: paths with tokens. Prints JSON: the statements, how often each was run, and
milliseconds of CPU of this process and of PostgreSQL's.
"""

import io
import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Any
from wsgiref.util import setup_testing_defaults

import django
import psycopg

os.environ["DJANGO_SETTINGS_MODULE"] = "promptcrafter.settings"
os.environ["ACCESS_LOG"] = "0"
django.setup()

from django.conf import settings  # noqa: E402

from promptcrafter.wsgi import application  # noqa: E402
from tests.benchmarks.processes import cpu_ms  # noqa: E402

Statement = tuple[str, Any]


def main(cluster: int, seconds: float) -> None:
    of_requests = captured(json.load(sys.stdin))
    tested = settings.DATABASES["default"]
    with psycopg.connect(
        dbname=tested["NAME"], host=tested["HOST"], user=tested["USER"], autocommit=True
    ) as connection:
        run(connection, of_requests, seconds=0.2)
        before = time.process_time(), cpu_ms(cluster)
        count = run(connection, of_requests, seconds=seconds)
        client, database = time.process_time() - before[0], cpu_ms(cluster) - before[1]
    told = {"statements": [sql for sql, _ in of_requests[0]], "count": count}
    print(json.dumps({**told, "client": client * 1_000 / count, "database": database / count}))


def captured(requests: Sequence[tuple[str, str]]) -> list[list[Statement]]:
    """The statements of each request, with their parameters, as they went through psycopg."""
    seen: list[Statement] = []
    execute = psycopg.Cursor.execute

    def spied(cursor: Any, query: Any, params: Any = None, **how: Any) -> Any:
        if query != "SELECT 1":  # whether the connection is alive
            seen.append((query, params))
        return execute(cursor, query, params, **how)

    call(*requests[0])  # which opens the connection
    psycopg.Cursor.execute = spied  # type: ignore[method-assign]
    found = []
    for request in requests:
        seen.clear()
        call(*request)
        found.append(list(seen))
    psycopg.Cursor.execute = execute  # type: ignore[method-assign]
    assert all(found), "a request ran no statement through psycopg"
    return found


def call(path: str, token: str) -> None:
    statuses = []
    environ = {"PATH_INFO": path, "HTTP_AUTHORIZATION": f"Bearer {token}", "HTTP_HOST": "localhost"}
    environ |= {"wsgi.input": io.BytesIO(), "REMOTE_ADDR": "127.0.0.1"}
    setup_testing_defaults(environ)
    response = application(environ, lambda status, headers: statuses.append(status))
    b"".join(response)
    response.close()
    assert statuses[0].startswith("200"), (path, statuses)


def run(
    connection: "psycopg.Connection[Any]",
    of_requests: Sequence[Sequence[Statement]],
    *,
    seconds: float,
) -> int:
    """How many requests' statements were run in that time."""
    cursor, count, until = connection.cursor(), 0, time.monotonic() + seconds
    while time.monotonic() < until:
        for statements in of_requests:
            for sql, params in statements:
                cursor.execute(sql, params, prepare=True).fetchall()
        count += len(of_requests)
    return count


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
