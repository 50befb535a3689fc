"""What SQLite alone is asked: turns of its writers, and a sync for each that was answered."""

import fcntl
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from tests import live
from tests.faults import audit
from tests.faults.writers import Writer, sign_up, writing

pytestmark = pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="about SQLite's file")

WITHOUT_TURNS = {"DJANGO_SETTINGS_MODULE": "tests.faults.without_turns"}


@contextmanager
def serving(directory: Path, **environment: str):
    process, url = live.start(directory, ACCESS_LOG="0", **environment)
    try:
        yield process, url
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


class Editor(Writer):
    """Reads and writes in one transaction, again and again."""

    def acts(self):
        return [self.edit]


def test_of_32_who_edit_at_once_nobody_is_turned_away(tmp_path):
    for turn in range(4):
        directory = tmp_path / str(turn)
        environment = WITHOUT_TURNS if turn % 2 else {}
        with (
            serving(directory, **environment) as (_, url),
            writing(url, tokens=[sign_up(url) for _ in range(32)], kind=Editor) as ledger,
        ):
            time.sleep(5)
        p50, p99 = (ledger.percentile(each) * 1_000 for each in (50, 99))
        told = f"p50 {p50:.0f}, p99 {p99:.0f}, longest {ledger.slowest() * 1_000:.0f} ms"
        print("without turns:" if turn % 2 else "with turns:", ledger.statuses(), told)
        assert not ledger.wrong
        if not turn % 2:
            assert set(ledger.statuses()) == {"200", "201"}
            assert audit.missing(ledger, directory, {}) == []


@contextmanager
def the_database_locked(directory: Path):
    """By a program that knows nothing of turns."""
    with closing(sqlite3.connect(directory / "promptcrafter.sqlite3")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def the_turn_taken(directory: Path):
    """By one of ours that is stuck."""
    with open(directory / "promptcrafter.sqlite3.lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize("stuck", [the_database_locked, the_turn_taken])
def test_a_writer_that_is_stuck_costs_the_others_a_503_and_readers_nothing(tmp_path, stuck):
    with serving(tmp_path) as (_, url):
        # A process has four threads: one is left for who reads.
        tokens = [sign_up(url) for _ in range(3)]
        headers = {"Authorization": f"Bearer {tokens[0]}"}
        with (
            httpx2.Client(base_url=url, headers=headers, timeout=30) as reader,
            writing(url, tokens=tokens) as ledger,
        ):
            time.sleep(1)
            with stuck(tmp_path):
                until = time.monotonic() + 11
                while time.monotonic() < until:
                    started = time.monotonic()
                    assert reader.get("/prompts?limit=5").status_code == 200
                    assert time.monotonic() - started < 4
                    time.sleep(1)
            released = time.monotonic()
            time.sleep(2)
        print(ledger.statuses(), f"slowest {ledger.slowest():.1f} s")
    assert not ledger.wrong
    assert ledger.statuses()["503"] >= 3
    assert ledger.first_success_after(released) < 2
    assert ledger.slowest() < 15
    assert audit.missing(ledger, tmp_path, {}) == []


def hammered(file: Path, engine: str) -> tuple[int, list[tuple[int, int]]]:
    """Rows that several processes were told were kept, and when each was within what."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, filling BLOB)")
        connection.commit()
    command = [sys.executable, "-m", "tests.faults.hammer", str(file), engine, "5"]
    processes = [subprocess.Popen(command, cwd=live.ROOT, stdout=subprocess.PIPE) for _ in range(4)]
    found = [json.loads(each.communicate(timeout=60)[0]) for each in processes]
    times = sorted(tuple(each) for one in found for each in one["within"])
    return sum(one["kept"] for one in found), times


def overlaps(times: list[tuple[int, int]]) -> int:
    return sum(after[0] < before[1] for before, after in pairwise(times))


def test_nobody_commits_or_checkpoints_while_another_does(tmp_path):
    file = tmp_path / "a.sqlite3"
    kept, times = hammered(file, "promptcrafter.sqlite3")
    print(f"{len(times)} transactions, checkpoints and closes, {overlaps(times)} at once")
    assert len(times) > 100
    assert overlaps(times) == 0
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (kept,)


def test_without_turns_they_do(tmp_path):
    """Or the test above would show nothing."""
    _, times = hammered(tmp_path / "a.sqlite3", "django.db.backends.sqlite3")
    print(f"{len(times)} transactions, checkpoints and closes, {overlaps(times)} at once")
    assert overlaps(times) > 0


def workers(process) -> list[str]:
    """The pids of the server's children."""
    task = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return task.read_text().split()


@contextmanager
def syncs_of(pids: list[str], file: Path):
    """Writes each sync of these processes, and of their threads, to that file."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not there to count with: apt install strace")
    attach = [argument for pid in pids for argument in ("-p", pid)]
    tracer = subprocess.Popen(
        ["strace", "-f", "-o", file, "-e", "trace=fdatasync,fsync,msync", *attach],
        stderr=subprocess.PIPE,
        text=True,
    )
    with tracer:
        for _ in pids:
            if "attached" not in (said := tracer.stderr.readline()):
                pytest.skip(f"no process may be traced here: {said}")
        yield
        tracer.send_signal(signal.SIGINT)


def syncs_for(writes: int, directory: Path, **environment: str) -> int:
    """How often a server synced while so many writes were answered, one after another."""
    file = directory / "syncs"
    with (
        serving(directory, **environment) as (process, url),
        live.signed_up(url) as ada,
        syncs_of(workers(process), file),
    ):
        body = {"title": "A title", "content": "Some content.", "model": "GPT-4o"}
        for _ in range(writes):
            assert ada.post("/prompts", json=body).status_code == 201
    return len(re.findall(r"\b(?:fdatasync|fsync|msync)\(", file.read_text()))


def test_each_write_is_on_the_disk_before_it_is_answered(tmp_path):
    count = syncs_for(100, tmp_path)
    print(f"{count} syncs for 100 writes")
    assert count >= 100


def test_a_server_that_does_not_sync_is_found_out(tmp_path):
    """Or the test above would show nothing."""
    commands = quote("PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL")
    url = f"sqlite:///{tmp_path}/promptcrafter.sqlite3?init_command={commands}"
    count = syncs_for(100, tmp_path, DATABASE_URL=url)
    print(f"{count} syncs for 100 writes")
    assert count < 100
