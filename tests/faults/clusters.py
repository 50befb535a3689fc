"""PostgreSQL as production has it, every commit synced to the disk: killed, stopped, frozen, copied
and promoted at will.

Each listens on a port of this machine, as those of several machines would.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import live, postgres

needed = pytest.mark.skipif(
    "TEST_DATABASE_URL" not in os.environ or postgres.binaries() is None,
    reason="of PostgreSQL alone, and made from its binaries",
)


class Cluster:
    """One server of a cluster, in a folder and on a port of its own."""

    def __init__(self, directory: Path) -> None:
        bindir = postgres.binaries()
        assert bindir is not None, postgres.HOW_TO_GET_IT
        self.bindir, self.directory = bindir, directory
        self.data = directory / "data"
        self.port = live.free_port()
        self.options: list[str] = []
        directory.mkdir()
        self.identity: dict[str, Any] = postgres.unprivileged(directory)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        locale = ("-E", "UTF8", "--locale=C.UTF-8")
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", *locale)

    def copy(self, primary: "Cluster", *, name: str) -> None:
        """Becomes its streaming replica, which it knows by that name."""
        source = f"host=127.0.0.1 port={primary.port} user=postgres application_name={name}"
        self._run("pg_basebackup", "-D", self.data, "-d", source, "-R", "-c", "fast")

    def start(self, *options: str) -> None:
        """With these settings, which later starts keep, once all that ran before has ended."""
        self.options += options
        local = [f"-p {self.port}", f"-k {self.directory}", "-c listen_addresses=127.0.0.1"]
        given = " ".join([*local, *(f"-c {each}" for each in self.options)])
        log = ("-l", self.directory / "log")
        for _ in range(50):
            with contextlib.suppress(subprocess.CalledProcessError):
                return self._run("pg_ctl", "-D", self.data, "-w", *log, "-o", given, "start")
            time.sleep(0.1)
        raise AssertionError((self.directory / "log").read_text()[-2_000:])

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def promote(self) -> None:
        self._run("pg_ctl", "-D", self.data, "-w", "promote")

    def kill(self) -> None:
        """As if its machine had lost its power, but for what the kernel keeps."""
        self._signal(signal.SIGKILL)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections, for the kernel does, and answers nothing."""
        stopped = self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def pid_of(self, title: str) -> int:
        """Of the process that calls itself so, like `walreceiver`."""
        found = [pid for pid in self.processes() if title in command(pid)]
        assert found, f"no {title} among {[command(pid) for pid in self.processes()]}"
        return found[0]

    def processes(self) -> list[int]:
        """The postmaster first; nothing when it does not run."""
        file = self.data / "postmaster.pid"
        if not file.exists():
            return []
        postmaster = int(file.read_text().split()[0])
        return [postmaster, *children(postmaster)] if "postgres" in command(postmaster) else []

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True, connect_timeout=3) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def _signal(self, number: signal.Signals) -> list[int]:
        reached = self.processes()
        for pid in reached:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return reached

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [self.bindir / program, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.directory,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            timeout=90,
            **self.identity,
        )


@contextmanager
def folder() -> Iterator[Path]:
    """For clusters; what still runs there at the end is killed."""
    directory = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        for file in directory.glob("*/data/postmaster.pid"):
            postmaster = int(file.read_text().split()[0])
            if str(file.parent) in command(postmaster):
                for pid in [postmaster, *children(postmaster)]:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def one(*options: str) -> Iterator[Cluster]:
    """A server that runs."""
    with folder() as directory:
        cluster = Cluster(directory / "one")
        cluster.make()
        cluster.start(*options)
        yield cluster


@contextmanager
def pair(*, is_synchronous: bool, on_replica: tuple[str, ...] = ()) -> Iterator[list[Cluster]]:
    """A primary and its streaming replica; synchronous: nothing is committed that has not both."""
    with folder() as directory:
        primary, replica = Cluster(directory / "one"), Cluster(directory / "two")
        primary.make()
        primary.start("wal_level=replica", "max_wal_senders=8", "wal_keep_size=512MB")
        replica.copy(primary, name="two")
        replica.start(*on_replica)
        if is_synchronous:
            primary.rows("ALTER SYSTEM SET synchronous_standby_names = 'two'")
            primary.rows("SELECT pg_reload_conf()")
        wait_for_replica(primary, "sync" if is_synchronous else "async")
        yield [primary, replica]


def wait_for_replica(primary: Cluster, state: str) -> None:
    deadline = time.monotonic() + 30
    seen: list[tuple[Any, ...]] = []
    while time.monotonic() < deadline:
        seen = primary.rows("SELECT state, sync_state FROM pg_stat_replication")
        if ("streaming", state) in seen:
            return
        time.sleep(0.1)
    raise TimeoutError(f"the replica is not {state}: {seen}")


def children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = entry.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent and fields[0] != "Z":
                found.append(int(entry.parent.name))
    return found


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    except OSError:
        return ""
