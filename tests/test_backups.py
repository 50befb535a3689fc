"""A backup of the database, of either kind, and what can be wrong with one."""

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import pytest
from psycopg.sql import SQL, Identifier

from promptcrafter.backups import files
from tests import live, postgres
from tests.documents import shell

ON_POSTGRESQL = "TEST_DATABASE_URL" in os.environ
sqlite_only = pytest.mark.skipif(ON_POSTGRESQL, reason="about SQLite's file")
postgresql_only = pytest.mark.skipif(not ON_POSTGRESQL, reason="about PostgreSQL's programs")
PROMPT = {"title": "A title", "content": "Some content.", "model": "GPT-4o"}
KEYS = {"SECRET_KEY": "k" * 60, "JWT_SIGNING_KEY": "j" * 60}


class Place:
    """A database of its own, and what an operator types there."""

    def __init__(self, directory: Path, of_database: dict[str, str]):
        self.directory = directory
        self.environment = {"DATA_DIR": str(directory), **KEYS, **of_database}

    def manage(self, *arguments, limit=None, **environment):
        """The exit status, and what was said; `limit` is of the bytes that a file may have."""
        limited = ["prlimit", f"--fsize={limit}"] if limit else []
        done = subprocess.run(
            [*limited, sys.executable, "manage.py", *map(str, arguments)],
            cwd=live.ROOT,
            env=live.clean_environment() | self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout + done.stderr

    def do(self, *arguments):
        status, said = self.manage(*arguments)
        assert status == 0, said
        return said

    def sql(self, statement):
        """The first value that comes, if any."""
        with closing(self.connect()) as connection:
            cursor = connection.execute(statement)
            row = cursor.fetchone() if cursor.description else None
            connection.commit()
        return row and row[0]

    def connect(self):
        if ON_POSTGRESQL:
            return live.administration(self.environment["DATABASE_URL"].rpartition("/")[2])
        return sqlite3.connect(self.directory / "promptcrafter.sqlite3")

    def rows(self, table="prompts_prompt"):
        return self.sql(f"SELECT count(*) FROM {table}")  # noqa: S608

    def tables(self):
        """How many there are, and how many prompts."""
        all_tables = "pg_tables WHERE schemaname = 'public'"
        there = all_tables if ON_POSTGRESQL else "sqlite_master WHERE type = 'table'"
        count = self.rows(there)
        return count, self.rows() if count else 0

    @contextmanager
    def served(self):
        process, url = live.start(**{"directory": self.directory, **self.environment})
        try:
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0


@contextmanager
def place(directory):
    directory.mkdir(mode=0o700)
    with live.database() as of_database:
        yield Place(directory, of_database)


@pytest.fixture
def empty(tmp_path):
    """A database with nothing in it, not even tables."""
    with place(tmp_path / "empty") as made:
        yield made


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A database with 40 prompts, not to be changed."""
    with place(tmp_path_factory.mktemp("filled") / "data") as made:
        made.do("migrate", "--verbosity=0")
        made.do("seed_library", "--users=3", "--prompts=40", "--logs=20", "--labels=0.5")
        yield made


@pytest.fixture
def used(filled, empty):
    """The same, and nobody in it but one with 7 prompts."""
    if ON_POSTGRESQL:
        name = Identifier(filled.environment["DATABASE_URL"].rpartition("/")[2])
        copy = empty.environment["DATABASE_URL"].rpartition("/")[2]
        with live.administration() as connection:
            connection.execute(SQL("DROP DATABASE {}").format(Identifier(copy)))
            connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(copy), name))
    else:
        shutil.copy2(filled.directory / "promptcrafter.sqlite3", empty.directory)
    for table in ("log", "version", "tag", "label", "labelmove"):
        empty.sql(f"DELETE FROM prompts_{table}")  # noqa: S608
    empty.sql("DELETE FROM prompts_prompt WHERE id NOT IN (SELECT id FROM prompts_prompt LIMIT 7)")
    assert empty.rows() == 7
    return empty


@pytest.fixture(scope="module")
def whole_backup(filled, tmp_path_factory):
    file = tmp_path_factory.mktemp("backup") / "backup"
    filled.do("backup", file)
    return file


@pytest.fixture
def backup(whole_backup, tmp_path):
    """A backup of 40 prompts, to do anything to."""
    for each in (whole_backup, files.checksum_of(whole_backup)):
        shutil.copy2(each, tmp_path)
    return tmp_path / "backup"


def test_a_backup_of_a_busy_service_holds_what_was_acknowledged_before_it(tmp_path, empty):
    """Restored beside it, and served: with the same keys, tokens go on too."""
    file = tmp_path / "backup"
    with place(tmp_path / "source") as source:
        with source.served() as url, live.signed_up(url) as ada, writing(ada) as acknowledged:
            wait_for(lambda: len(acknowledged) >= 20)
            before = [*acknowledged]
            said = source.do("backup", file)
            wait_for(lambda: len(acknowledged) >= len(before) + 20)
            token = ada.headers["Authorization"]
        assert "It is of the migrations accounts." in said
    told = empty.do("restore", file)
    with empty.served() as url, httpx2.Client(headers={"Authorization": token}) as client:
        assert {client.get(f"{url}/prompts/{each}").status_code for each in before} == {200}
    assert len(before) <= empty.rows() <= len(acknowledged)
    assert f"\n  prompts_prompt {empty.rows():,}\n" in said
    assert said.partition("It is of")[2] == told.partition("It is of")[2].partition("Migrating")[0]


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def writing(ada):
    """The ids of the prompts that four threads save meanwhile, as they are acknowledged."""
    acknowledged, ended, failed = [], threading.Event(), []

    def write():
        while not ended.is_set() and len(acknowledged) < 5_000:
            answer = ada.post("/prompts", json=PROMPT)
            if answer.status_code == 201:
                acknowledged.append(answer.json()["_id"])
            else:
                failed.append(answer.text)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for each in threads:
        each.start()
    try:
        yield acknowledged
    finally:
        ended.set()
        for each in threads:
            each.join()
    assert failed == []


def test_what_was_written_last_is_in_it(used, tmp_path):
    """SQLite has it in the file beside the database, as long as somebody is connected."""
    with closing(used.connect()) as connection:
        if not ON_POSTGRESQL:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("DELETE FROM prompts_prompt")
        connection.commit()
        said = used.do("backup", tmp_path / "backup")
    assert "accounts_user 3" in said
    assert "prompts_prompt" not in said


def test_a_backup_is_for_the_owner_alone_and_sha256sum_reads_its_checksum(backup):
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.checksum_of(backup).stat().st_mode) == 0o600
    done = shell(f"cd {backup.parent} && sha256sum --check backup.sha256")
    assert (done.returncode, done.stdout) == (0, "backup: OK\n")


def test_what_is_there_is_replaced_only_when_told(filled, backup):
    before = backup.read_bytes()
    status, said = filled.manage("backup", backup)
    assert (status, said) == (1, f"CommandError: {backup} is there already; --force replaces it.\n")
    assert backup.read_bytes() == before
    backup.write_text("Something else.")
    filled.do("backup", backup, "--force")
    files.check(backup)
    assert {each.name for each in backup.parent.iterdir()} == {"backup", "backup.sha256"}


def test_a_restored_database_is_what_was_backed_up(empty, backup):
    told = empty.do("restore", backup)
    assert "\n  prompts_prompt 40\n" in told
    assert (empty.rows(), empty.rows("prompts_log")) == (40, 20)
    status, said = empty.manage("migrate", "--check")
    assert (status, said) == (0, "")


def test_a_database_in_use_is_replaced_only_when_told(used, backup):
    status, said = used.manage("restore", backup)
    assert (status, used.rows()) == (1, 7)
    assert "--overwrite replaces all that it holds." in said
    used.do("restore", backup, "--overwrite")
    assert (used.rows(), used.rows("prompts_log")) == (40, 20)


def test_a_database_that_was_only_migrated_is_not_in_use(empty, backup):
    empty.do("migrate", "--verbosity=0")
    empty.do("restore", backup)
    assert empty.rows() == 40


def test_nothing_is_restored_under_a_running_service(empty, backup):
    with empty.served() as url, live.signed_up(url) as ada:
        ada.post("/prompts", json=PROMPT)
        status, said = empty.manage("restore", backup, "--overwrite")
        assert status == 1
        assert "stop the service" in said
        assert len(said.splitlines()) == 1
        assert len(ada.get("/prompts").json()) == 1


def test_a_backup_of_an_older_release_is_migrated(used, tmp_path):
    """Into a database with newer tables: they refer to older ones, and must not keep them."""
    used.do("migrate", "prompts", "0010", "--verbosity=0")
    told = used.do("backup", tmp_path / "old")
    assert "prompts.0010_list_indexes, and" in told
    used.do("migrate", "--verbosity=0")
    used.sql("DELETE FROM prompts_prompt")
    used.do("restore", tmp_path / "old", "--overwrite")
    assert used.rows() == 7
    assert used.manage("migrate", "--check") == (0, "")


def test_a_backup_of_a_newer_release_is_refused(used, tmp_path):
    used.sql(
        "INSERT INTO django_migrations (app, name, applied) "
        "VALUES ('prompts', '0999_from_the_future', '2030-01-01')"
    )
    used.do("backup", tmp_path / "new")
    refused(used, tmp_path / "new", "(prompts.0999_from_the_future)")


def refused(target, file, because):
    """Says in one sentence why, and leaves the database as it was."""
    before = target.tables()
    status, said = target.manage("restore", file, "--overwrite")
    assert (status, len(said.splitlines())) == (1, 1), said
    assert because in said
    assert target.tables() == before


def cut(file):
    os.truncate(file, file.stat().st_size - 5_000)


def flip(file):
    with file.open("r+b") as stream:
        stream.seek(file.stat().st_size // 2)
        byte = stream.read(1)[0]
        stream.seek(-1, os.SEEK_CUR)
        stream.write(bytes([byte ^ 1]))


def lose_checksum(file):
    files.checksum_of(file).unlink()


def swap_checksum(file):
    files.checksum_of(file).write_text("nonsense")


@pytest.mark.parametrize("damage", [cut, flip, swap_checksum])
def test_a_file_that_is_not_what_was_backed_up_is_refused(empty, backup, damage):
    damage(backup)
    refused(empty, backup, "is not what was backed up")


def test_a_file_without_a_checksum_is_refused(empty, backup):
    lose_checksum(backup)
    refused(empty, backup, "backup.sha256 is missing")


def test_a_damaged_file_is_refused_though_its_checksum_is_right(empty, backup):
    cut(backup)
    sign(backup)
    refused(empty, backup, "failed. It says" if ON_POSTGRESQL else "malformed")


def sign(file):
    files.checksum_of(file).write_text(f"{files.digest(file)}  {file.name}\n")


@pytest.mark.parametrize(
    ("content", "because"),
    [
        (b"", "is no backup of either kind"),
        (b"Something else.", "is no backup of either kind"),
        (b"PGDMP" if not ON_POSTGRESQL else b"SQLite format 3\0", "and DATABASE_URL names"),
    ],
)
def test_another_file_is_refused(empty, tmp_path, content, because):
    file = tmp_path / "file"
    file.write_bytes(content)
    sign(file)
    refused(empty, file, because)


def test_a_file_that_is_not_there_is_one_sentence(empty, tmp_path):
    refused(empty, tmp_path / "nothing", "nothing.sha256 is missing")


def test_there_must_be_something_to_back_up(empty, tmp_path):
    status, said = empty.manage("backup", tmp_path / "file")
    assert (status, len(said.splitlines())) == (1, 1)
    assert [each.name for each in tmp_path.iterdir()] == ["empty"]


@pytest.mark.parametrize("folder", ["/proc/nowhere", "/dev/null"])
def test_a_folder_that_can_not_be_written_is_one_sentence(filled, folder):
    status, said = filled.manage("backup", f"{folder}/file")
    assert (status, len(said.splitlines())) == (1, 1)
    assert said.startswith(f"CommandError: {folder}/file")


def test_a_full_disk_leaves_no_half_of_a_backup(filled, backup):
    before = backup.read_bytes()
    status, said = filled.manage("backup", backup, "--force", limit=30_000)
    assert (status, len(said.splitlines())) == (1, 1), said
    assert backup.read_bytes() == before
    files.check(backup)
    assert {each.name for each in backup.parent.iterdir()} == {"backup", "backup.sha256"}


@sqlite_only
def test_a_full_disk_leaves_the_database_as_it_was(used, backup):
    status, said = used.manage("restore", backup, "--overwrite", limit=200_000)
    assert (status, len(said.splitlines())) == (1, 1), said
    assert (used.rows(), used.sql("PRAGMA integrity_check")) == (7, "ok")


@postgresql_only
def test_a_statement_that_fails_leaves_the_database_as_it_was(used, tmp_path):
    used.sql("CREATE SCHEMA extra")
    used.do("backup", tmp_path / "backup")
    used.sql("DELETE FROM prompts_prompt WHERE id NOT IN (SELECT id FROM prompts_prompt LIMIT 5)")
    refused(used, tmp_path / "backup", 'schema "extra" already exists')
    assert used.rows() == 5


@postgresql_only
@pytest.mark.parametrize(
    ("version", "because"), [(None, "pg_dump was not found"), ("9.6.24", "is of version 9 and")]
)
def test_programs_that_are_missing_or_too_old_are_named(filled, tmp_path, version, because):
    if version is not None:
        program = tmp_path / "pg_dump"
        program.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}'\n")
        program.chmod(0o700)
    status, said = filled.manage("backup", tmp_path / "backup", PG_BINDIR=str(tmp_path))
    assert (status, len(said.splitlines())) == (1, 1)
    assert because in said
    assert "PG_BINDIR" in said
    assert not (tmp_path / "backup").exists()


@postgresql_only
def test_a_password_is_on_no_command_line(filled, tmp_path):
    """What stands in for the programs notes how it was called, and goes on to them."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("pg_dump", "pg_restore", "psql"):
        (programs / name).write_text(
            f'#!/bin/sh\necho "$@" >> {tmp_path}/called\necho "$PGPASSWORD" >> {tmp_path}/given\n'
            f'exec "{shutil.which(name, path=str(postgres.binaries()))}" "$@"\n'
        )
        (programs / name).chmod(0o700)
    url = filled.environment["DATABASE_URL"].replace("postgres@", "postgres:hunter2@")
    with place(tmp_path / "target") as target:
        options = {"PG_BINDIR": str(programs)}
        status, said = filled.manage("backup", tmp_path / "backup", DATABASE_URL=url, **options)
        assert status == 0, said
        url = target.environment["DATABASE_URL"].replace("postgres@", "postgres:hunter2@")
        status, said = target.manage("restore", tmp_path / "backup", DATABASE_URL=url, **options)
        assert status == 0, said
    assert "hunter2" not in (tmp_path / "called").read_text() + said
    assert set((tmp_path / "given").read_text().split()) == {"hunter2"}


@sqlite_only
def test_the_database_itself_is_no_place_for_a_backup(filled):
    file = filled.directory / "promptcrafter.sqlite3"
    status, said = filled.manage("backup", file, "--force")
    assert (status, said) == (1, f"CommandError: {file} is the database itself.\n")


@sqlite_only
def test_a_database_that_is_garbage_is_put_away_first(empty, backup):
    file = empty.directory / "promptcrafter.sqlite3"
    file.write_bytes(b"Garbage, " * 1_000)
    status, said = empty.manage("restore", backup)
    assert (status, len(said.splitlines())) == (1, 1)
    assert "put it somewhere else first" in said
    file.rename(empty.directory / "garbage")
    empty.do("restore", backup)
    assert empty.rows() == 40
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
