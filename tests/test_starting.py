"""Several that start at once on one database: each would make the same tables."""

import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version

import httpx2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from promptcrafter import locks
from promptcrafter.management.commands import migrate
from promptcrafter.server import preparing
from tests import live
from tests.benchmarks.processes import memory_mb

ON_POSTGRESQL = "TEST_DATABASE_URL" in os.environ
KEYS = {"SECRET_KEY": "k" * 60, "JWT_SIGNING_KEY": "j" * 60}
postgresql_only = pytest.mark.skipif(not ON_POSTGRESQL, reason="about PostgreSQL's locks")


def test_four_servers_start_at_once_on_an_empty_database(tmp_path):
    """On SQLite they share the folder of their keys and static files, too."""
    with live.database() as of_database, ThreadPoolExecutor(4) as pool:
        folders = [tmp_path / (str(n) if ON_POSTGRESQL else "shared") for n in range(4)]
        options = {"WORKERS": "1", **of_database, **(KEYS if ON_POSTGRESQL else {})}
        started = [pool.submit(live.start, each, **options) for each in folders]
        servers = [each.result() for each in started]
        try:
            with live.signed_up(servers[0][1]) as ada:
                seen = [httpx2.get(f"{url}/auth/me", headers=ada.headers) for _, url in servers]
            pages = [httpx2.get(f"{url}/api-auth/login/") for _, url in servers]
            assert [each.status_code for each in seen + pages] == [200] * 8
        finally:
            for process, _ in servers:
                process.send_signal(signal.SIGINT)
            assert [process.wait(timeout=60) for process, _ in servers] == [0] * 4


def test_a_first_start_leaves_no_more_in_memory_than_the_next(tmp_path):
    """It migrates an empty database and collects all static files, which takes some 14 MB."""
    with live.database() as of_database:
        first, second = (megabytes_of_a_start(tmp_path, **of_database) for _ in range(2))
    assert first < second + 8  # of two processes


def megabytes_of_a_start(directory, **environment):
    process, _ = live.start(directory, WORKERS="1", **environment)
    megabytes = memory_mb(process.pid, "VmRSS")
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0
    return megabytes


KILLED = """
import os, django
django.setup()
from django.core.management import call_command
from django.db.migrations.recorder import MigrationRecorder

noted = MigrationRecorder.record_{done}

def note(self, app, name):
    if name == {name!r}:
        os._exit(9)
    noted(self, app, name)

MigrationRecorder.record_{done} = note
call_command("migrate", *{target!r}, verbosity=0)
"""


@pytest.mark.parametrize(
    ("done", "name", "target"),
    [
        ("applied", "0004_counters", []),
        ("applied", "0004_labels", []),
        ("unapplied", "0004_counters", ["accounts", "0003"]),
    ],
)
def test_a_migration_that_is_killed_before_it_is_noted_is_made_again(tmp_path, done, name, target):
    with live.database() as of_database:
        environment = live.clean_environment() | KEYS | of_database
        environment |= {
            "DATA_DIR": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "promptcrafter.settings",
        }

        def run(*arguments):
            command = [sys.executable, *arguments]
            return subprocess.run(command, cwd=live.ROOT, env=environment, check=False).returncode

        if target:
            assert run("manage.py", "migrate", "-v0") == 0
        assert run("-c", KILLED.format(done=done, name=name, target=target)) == 9
        assert run("manage.py", "migrate", "-v0") == 0


@pytest.fixture
def collected(tmp_path, settings):
    """Static files, as a start leaves them; how to start again, which tells whether it collects."""
    settings.DATA_DIR, settings.STATIC_ROOT = tmp_path, tmp_path / "static"

    def again():
        before = record.stat().st_mtime_ns
        preparing.collect_static_files()
        return record.stat().st_mtime_ns != before

    record = tmp_path / "static.sources"
    preparing.collect_static_files()
    assert not again()
    return again


@pytest.mark.parametrize("which", ["keys", "values"])
def test_a_start_heals_a_lost_static_file(collected, settings, which):
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    names = getattr(json.loads(manifest.read_bytes())["paths"], which)()
    lost = settings.STATIC_ROOT / max(names)
    whole = lost.read_bytes()
    lost.unlink()
    assert collected()
    assert lost.read_bytes() == whole
    assert not collected()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STATIC_URL", "/elsewhere/"),
        ("WHITENOISE_SKIP_COMPRESS_EXTENSIONS", ["js"]),
        (
            "STORAGES",
            {
                "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
                "staticfiles": {
                    "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
                },
            },
        ),
    ],
)
def test_static_files_are_collected_anew_where_that_is_done_otherwise(
    collected, settings, name, value
):
    setattr(settings, name, value)
    assert collected()


@pytest.mark.parametrize("changed", ["django", "whitenoise"])
def test_static_files_are_collected_anew_by_other_versions(collected, monkeypatch, changed):
    monkeypatch.setattr(
        preparing, "version", lambda name: "0" if name == changed else version(name)
    )
    assert collected()


@contextmanager
def taken():
    """The lock, in another's hands."""
    if ON_POSTGRESQL:
        with live.administration() as other:
            other.execute("SELECT pg_advisory_lock(%s)", [locks.KEY])
            yield
    else:
        with locks.alone_in_database():
            yield


def test_who_waits_too_long_is_told_why(db):
    with (
        taken(),
        pytest.raises(locks.Taken, match="it migrates it or restores a backup"),
        locks.alone_in_database(wait_s=0.3),
    ):
        pass


def test_a_migration_waits_until_the_other_has_ended(transactional_db):
    migrating = threading.Thread(target=migrate_and_close)
    with taken():
        migrating.start()
        migrating.join(timeout=1)
        assert migrating.is_alive()
    migrating.join(timeout=60)
    assert not migrating.is_alive()


def migrate_and_close():
    call_command("migrate", verbosity=0)
    connection.close()


@pytest.fixture
def gone_back(transactional_db):
    """Before the migration that gives logs their evidence."""
    call_command("migrate", "prompts", "0018", verbosity=0)
    yield
    call_command("migrate", verbosity=0)


@contextmanager
def reading(table):
    """A long transaction that has read the table: it can be read, and not be changed."""
    with live.administration() as other:
        other.autocommit = False
        other.execute(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608
        yield other


@postgresql_only
def test_a_migration_waits_for_a_long_transaction(gone_back):
    with reading("prompts_log") as other:
        timer = threading.Timer(4, other.rollback)
        timer.start()
        call_command("migrate", verbosity=0)
        timer.join()
    call_command("migrate", check_unapplied=True, verbosity=0)


@postgresql_only
def test_a_migration_that_waits_in_vain_says_so_and_changes_nothing(gone_back, monkeypatch):
    monkeypatch.setattr(migrate, "ATTEMPTS", 1)
    with reading("prompts_log"), pytest.raises(CommandError, match="End that transaction"):
        call_command("migrate", verbosity=0)
    with pytest.raises(SystemExit):
        call_command("migrate", check_unapplied=True, verbosity=0)
