"""PostgreSQL's own `pg_dump`, `pg_restore` and `psql`.

A dump is a snapshot of one moment, and nobody waits for it but who changes tables. It goes back in
one transaction: `pg_restore` writes the statements, and `psql` is told to commit only when all of
them have come. `pg_restore --single-transaction --clean` would not do: it drops the tables that the
dump has, and fails at newer ones that refer to them.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast

from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo

from promptcrafter.backups.contents import Contents, tables
from promptcrafter.backups.files import Refused

NAME = "PostgreSQL"
MAGIC = b"PGDMP"
WAIT_MS = 30_000

_COPY = re.compile(rb'COPY (?:"[^"]+"|\w+)\.("[^"]+"|\w+) \((.*)\) FROM stdin;\n')
_END = b"\\.\n"


def copy(draft: Path) -> None:
    dump = program("pg_dump")
    if _major(dump) < server_major():
        raise Refused(
            f"{dump} is of version {_major(dump)} and the server of {server_major()}: install "
            "PostgreSQL's programs of the server's version or newer, and name their folder in "
            "PG_BINDIR."
        )
    _run(
        dump,
        *("--format=custom", f"--file={draft}", f"--lock-wait-timeout={WAIT_MS}"),
        f"--dbname={_conninfo()}",
    )


def read(file: Path) -> Contents:
    """Unpacks and reads every row of it; raises Refused for damage."""
    contents = Contents()
    table = ""
    columns: list[str] = []
    with _statements(file) as lines:
        for line in lines:
            if table and line != _END:
                contents.counts[table] += 1
                if table == "django_migrations":
                    row = dict(zip(columns, line.decode().rstrip("\n").split("\t"), strict=True))
                    contents.migrations.add((row["app"], row["name"]))
            elif match := _COPY.fullmatch(line):
                table = match[1].decode().strip('"')
                columns = match[2].decode().replace('"', "").split(", ")
                contents.counts[table] = 0
            else:
                table = ""
    return contents


def replace(file: Path) -> None:
    """Raises Refused while any other session is open, a service's or a command's."""
    _check_alone()
    options = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={_conninfo()}")
    # Where psql has ended before the end, it says why. Without COMMIT, nothing has happened.
    with _running("psql", *options, stdin=subprocess.PIPE) as psql, suppress(BrokenPipeError):
        _feed(cast(IO[bytes], psql.stdin), file)


def _feed(stdin: IO[bytes], file: Path) -> None:
    with stdin:
        stdin.write(b"BEGIN;\n")
        for table in tables():
            name = connection.ops.quote_name(table)
            stdin.write(f"DROP TABLE {name} CASCADE;\n".encode())
        with _statements(file) as lines:
            for line in lines:
                stdin.write(line)
        stdin.write(b"COMMIT;\n")


def _check_alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND usename IS NOT NULL AND backend_type IS DISTINCT FROM 'autovacuum worker'"
        )
        (others,) = cursor.fetchone() or (0,)
    if others:
        raise Refused(
            f"{others} other sessions use the database: stop the service and what else uses it."
        )


@contextmanager
def _statements(file: Path) -> Iterator[IO[bytes]]:
    """The lines of the SQL that the dump stands for; raises Refused at the end, if that was not
    all."""
    options = ("--no-owner", "--no-privileges", "--file=-", str(file))
    with _running("pg_restore", *options, stdout=subprocess.PIPE) as process:
        yield cast(IO[bytes], process.stdout)


@contextmanager
def _running(
    name: str, *options: str, stdin: int = subprocess.DEVNULL, stdout: int = subprocess.DEVNULL
) -> Iterator["subprocess.Popen[bytes]"]:
    """Raises Refused when it fails, and ends it when the caller does."""
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603
            [program(name), *options],
            stdin=stdin,
            stdout=stdout,
            stderr=errors,
            env=_environment(),
        ) as process,
    ):
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        process.communicate()
        if process.returncode != 0:
            raise Refused(f"{name} failed. It says: {_complaint(errors)}")


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs."""
    found = shutil.which(name, path=settings.PG_BINDIR or None)
    if found is None:
        raise Refused(
            f"{name} was not found: install PostgreSQL's programs (Debian: apt install "
            "postgresql-client), or name their folder in PG_BINDIR."
        )
    return found


def server_major() -> int:
    connection.ensure_connection()
    return int(connection.connection.info.server_version) // 10_000


def _major(path: str) -> int:
    match = re.search(r"\) (\d+)", _run(path, "--version"))
    if match is None:
        raise Refused(f"{path} --version does not tell its version.")
    return int(match[1])


def _run(*command: str) -> str:
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, errors="replace", env=_environment(), check=False
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise Refused(f"{Path(command[0]).name} failed. It says: {said[0]}")
    return done.stdout


def _conninfo() -> str:
    """How to reach the database, without the password: `ps` shows it to everybody."""
    libpq = {option.keyword.decode() for option in Conninfo.get_defaults()} - {"password"}
    params = connection.get_connection_params()
    return make_conninfo(**{name: params[name] for name in libpq & params.keys()})


def _environment() -> dict[str, str]:
    password = connection.settings_dict["PASSWORD"]
    return {**os.environ, "LC_ALL": "C.UTF-8", **({"PGPASSWORD": password} if password else {})}


def _complaint(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return next((line for line in lines if "error" in line.lower()), "nothing")
