"""Whether a database holds what was acknowledged, asked of its own driver, without our code."""

import json
import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from environ import Env

from promptcrafter import ids
from tests.faults.writers import Ledger

Rows = list[tuple[Any, ...]]


def missing(ledger: Ledger, directory: Path, environment: dict[str, str]) -> list[str]:
    """What was acknowledged and is not there, and what is there by half; nothing where all is well.

    `directory` and `environment` are those of the server (tests.live.start).
    """
    database = Database(directory, environment)
    return [*database.broken(), *_lost(ledger, database), *_halves(database)]


class Database:
    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self.url = environment.get("DATABASE_URL")
        self.file = directory / "promptcrafter.sqlite3"

    def rows(self, sql: str) -> Rows:
        if self.url is None:
            with closing(sqlite3.connect(self.file)) as connection:
                return connection.execute(sql).fetchall()
        named = Env.db_url_config(self.url)
        server = {key: named[key.upper()] or None for key in ("host", "port", "user", "password")}
        with psycopg.connect(dbname=named["NAME"], **server) as connection:
            return connection.execute(sql.encode()).fetchall()

    def broken(self) -> list[str]:
        """SQLite's own findings; PostgreSQL checks its pages as it reads them."""
        if self.url is not None:
            return []
        found = self.rows("PRAGMA integrity_check") + self.rows("PRAGMA foreign_key_check")
        return [str(each) for each in found if each != ("ok",)]


def _key(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _lost(ledger: Ledger, database: Database) -> list[str]:
    titles = {
        (_key(prompt), number): title
        for prompt, number, title in database.rows(
            "SELECT prompt_id, number, title FROM prompts_version"
        )
    }
    logs = {
        _key(key): output for key, output in database.rows("SELECT id, output FROM prompts_log")
    }
    labels = {
        (_key(prompt), name): number
        for prompt, name, number in database.rows(
            "SELECT prompt_id, name, version FROM prompts_label"
        )
    }
    lost = [
        f"version {number} of {prompt}"
        for (prompt, number), title in list(ledger.versions.items())
        if titles.get((ids.decode("prompt", prompt), number)) != title
    ]
    lost += [
        f"output {log}"
        for log, output in list(ledger.logs.items())
        if logs.get(ids.decode("log", log)) != output
    ]
    lost += [
        f"label {name} of {prompt}, at {number}"
        for (prompt, name), number in list(ledger.labels.items())
        if labels.get((ids.decode("prompt", prompt), name)) != number
    ]
    return lost


def _halves(database: Database) -> list[str]:
    """Prompts whose versions, labels or outputs do not fit them."""
    versions: dict[Any, dict[int, str]] = defaultdict(dict)
    for prompt, number, title in database.rows(
        "SELECT prompt_id, number, title FROM prompts_version"
    ):
        versions[prompt][number] = title
    labels: dict[Any, dict[str, int]] = defaultdict(dict)
    for prompt, name, number in database.rows("SELECT prompt_id, name, version FROM prompts_label"):
        labels[prompt][name] = number
    halves = []
    for key, title, newest, shown in database.rows(
        "SELECT id, title, version, labels FROM prompts_prompt"
    ):
        own = versions.pop(key, {})
        if sorted(own) != list(range(1, newest + 1)) or own.get(newest) != title:
            halves.append(f"versions of {key}: {sorted(own)}, the newest {newest}")
        if (json.loads(shown) if isinstance(shown, str) else shown) != labels.pop(key, {}):
            halves.append(f"labels of {key}: {shown}")
    halves += [f"versions of no prompt: {key}" for key in versions]
    halves += [f"labels of no prompt: {key}" for key in labels]
    stray = database.rows(
        "SELECT id FROM prompts_log WHERE NOT EXISTS (SELECT 1 FROM prompts_version AS own "
        "WHERE own.prompt_id = prompts_log.prompt_id AND own.number = prompts_log.version)"
    )
    return halves + [f"output of no version: {key}" for (key,) in stray]
