"""The database's disk is filled while people write, and grows again."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest

from tests import live, postgres
from tests.faults import audit
from tests.faults.writers import Ledger, Writer, sign_up, writing

MEGABYTE = 2**20
# Half of its WAL is there beforehand; it would otherwise have 1 GB of it.
SMALL = "-c shared_buffers=16MB -c min_wal_size=32MB -c max_wal_size=32MB"


class Disk:
    """A file system in memory, all of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def free(self) -> int:
        found = os.statvfs(self.directory)
        return found.f_bavail * found.f_frsize

    def fill(self, *, leaving: int) -> None:
        with open(self.directory / "ballast", "wb") as file:
            os.posix_fallocate(file.fileno(), 0, self.free - leaving)

    def grow(self) -> None:
        mount("-o", "remount,size=250m", self.directory)


def mount(*arguments: object) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture
def disk() -> Iterator[Disk]:
    directory = Path(tempfile.mkdtemp(prefix="disk-", dir="/tmp"))
    try:
        mount("-t", "tmpfs", "-o", "size=200m,mode=0755", "none", directory)
    except (OSError, subprocess.CalledProcessError) as error:
        directory.rmdir()
        pytest.skip(f"no file system can be mounted here, which takes root: {error}")
    yield Disk(directory)
    subprocess.run(["umount", "--lazy", directory], check=True)
    directory.rmdir()


@contextmanager
def serving(disk: Disk) -> Iterator[tuple[str, Path, dict[str, str]]]:
    """A server whose database, and whose log, are on that disk: its URL, folder, environment."""
    with ExitStack() as stack:
        directory, environment = disk.directory, {}
        if "TEST_DATABASE_URL" in os.environ:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            bindir = postgres.binaries()
            assert bindir is not None
            cluster = postgres.cluster(bindir, directory=disk.directory, options=SMALL)
            environment["DATABASE_URL"] = stack.enter_context(cluster)
        log = stack.enter_context(open(disk.directory / "stderr", "wb", buffering=0))
        process, url = live.start(directory, stderr=log, ACCESS_LOG="1", **environment)
        try:
            yield url, directory, environment
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0


class Author(Writer):
    """Saves prompts of 20 kB that nothing compresses."""

    def content(self, title: str) -> str:
        return f"{title} {os.urandom(10_000).hex()}"


def refusals(ledger: Ledger) -> int:
    return sum(each.status in {503, 507} for each in ledger.answers)


def wait_until(is_true) -> None:
    deadline = time.monotonic() + 60
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def lines(disk: Disk) -> int:
    return (disk.directory / "stderr").read_bytes().count(b"\n")


def test_a_full_disk_refuses_writes_and_answers_reads_until_there_is_room(disk):
    with serving(disk) as (url, directory, environment):
        tokens = [sign_up(url) for _ in range(8)]
        reader = httpx2.Client(
            base_url=url, headers={"Authorization": f"Bearer {tokens[0]}"}, timeout=20
        )
        disk.fill(leaving=6 * MEGABYTE)
        with reader, writing(url, tokens=tokens, kind=Author) as ledger:
            wait_until(lambda: refusals(ledger) > 200)
            prompt = reader.get("/prompts?limit=1&content=none").json()[0]["_id"]
            paths = ["/prompts?limit=20", f"/prompts/{prompt}", "/readyz", "/search?q=content"]
            assert [reader.get(path).status_code for path in paths * 10] == [200] * 40
            logged, accepted = lines(disk), ledger.acknowledged
            disk.grow()
            grown = time.monotonic()
            wait_until(lambda: ledger.acknowledged > accepted + 50)
        # The log, which was on the full disk too, went on.
        assert lines(disk) > logged + 50
        assert audit.missing(ledger, directory, environment) == []
    print(ledger.statuses(), f"first write {ledger.first_success_after(grown):.3f} s after")
    assert not ledger.wrong
    assert set(ledger.statuses()) <= {"200", "201", "503", "507"}
    assert ledger.statuses()["507"] > 100


def test_what_was_refused_for_want_of_room_can_be_sent_again_with_its_key(disk):
    body = {"title": "Long", "content": "x" * 150_000, "model": "GPT-4o"}
    with serving(disk) as (url, _, _), live.signed_up(url) as ada:
        headers = {"Idempotency-Key": "once"}
        disk.fill(leaving=0)
        wait_until(lambda: post_long(ada) == 507)  # there was room in the files themselves
        answer = ada.post("/prompts", json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (507, "insufficient_storage")
        assert answer.headers["Retry-After"] == "30"
        disk.grow()
        wait_until(lambda: ada.post("/prompts", json=body, headers=headers).status_code == 201)
        again = ada.post("/prompts", json=body, headers=headers)
        assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
        assert [each["title"] for each in ada.get("/prompts").json()].count("Long") == 1


def post_long(ada: httpx2.Client) -> int:
    body = {"title": "Filler", "content": os.urandom(75_000).hex(), "model": "GPT-4o"}
    return ada.post("/prompts", json=body).status_code
