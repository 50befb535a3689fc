"""The real server: `python -m promptcrafter.serve` in a process of its own, on a free port."""

import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import httpx2
import psycopg
from django.conf import settings
from psycopg.sql import SQL, Identifier

ROOT = Path(__file__).parent.parent


@contextmanager
def serving(**environment: str) -> Iterator[str]:
    """The URL of a server on an empty database of the kind under test; ended with Ctrl-C."""
    with tempfile.TemporaryDirectory() as directory, database() as of_database:
        process, url = start(Path(directory), **of_database, **environment)
        try:
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0


@contextmanager
def signed_up(url: str) -> Iterator[httpx2.Client]:
    """A client of that server, signed up as somebody new."""
    with httpx2.Client(base_url=url, timeout=30) as client:
        email = f"{os.urandom(8).hex()}@example.com"
        body = {"name": "Ada", "email": email, "password": "correct horse battery"}
        token = client.post("/auth/signup", json=body).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def start(
    directory: Path,
    *,
    start_new_session: bool = False,
    root: Path = ROOT,
    stderr: IO[bytes] | None = None,
    **environment: str,
) -> tuple["subprocess.Popen[bytes]", str]:
    port = int(environment.pop("PORT", free_port()))
    process = subprocess.Popen(
        [sys.executable, "-m", "promptcrafter.serve"],
        cwd=root,
        env=clean_environment() | {"DATA_DIR": str(directory), "PORT": str(port)} | environment,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        start_new_session=start_new_session,
    )
    url = f"http://127.0.0.1:{port}"
    wait_until_ready(process, url)
    return process, url


def wait_until_ready(process: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended before it answered"
        try:
            if httpx2.get(f"{url}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise TimeoutError(url)


@contextmanager
def database() -> Iterator[dict[str, str]]:
    """A new database beside the one under test, as the environment variables that name it."""
    url = os.environ.get("TEST_DATABASE_URL")
    if url is None:
        yield {}
        return
    name = f"live_{secrets.token_hex(8)}"
    with administration() as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        yield {"DATABASE_URL": f"{url.rpartition('/')[0]}/{name}"}
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@contextmanager
def database_gone(directory: Path, environment: dict[str, str]) -> Iterator[None]:
    """A time without the database: PostgreSQL lets nobody in, SQLite has lost its tables."""
    if not environment:
        file = directory / "promptcrafter.sqlite3"
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("ALTER TABLE django_migrations RENAME TO gone")
            yield
            connection.execute("ALTER TABLE gone RENAME TO django_migrations")
        return
    name = environment["DATABASE_URL"].rpartition("/")[2]
    allow = SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}")
    with administration() as connection:
        connection.execute(allow.format(Identifier(name), SQL("false")))
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        yield
        connection.execute(allow.format(Identifier(name), SQL("true")))


def administration(name: str | None = None) -> "psycopg.Connection[tuple[object, ...]]":
    """A connection to the database under test, or to the one of that name on its server."""
    tested = settings.DATABASES["default"]
    server = {key: tested[key.upper()] or None for key in ("host", "port", "user", "password")}
    return psycopg.connect(dbname=name or tested["NAME"], autocommit=True, **server)


def clean_environment() -> dict[str, str]:
    ours = {"DATA_DIR", "SECRET_KEY", "JWT_SIGNING_KEY", "DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
    return {name: value for name, value in os.environ.items() if name not in ours}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
