"""`make reload`: other code, and nobody notices."""

import os
import shutil
import signal
import subprocess
import sys
import time

import httpx2
import pytest

from promptcrafter.server import parent
from tests import live
from tests.faults.callers import calling
from tests.faults.processes import children, is_running, wait_for

RELOADS = int(os.environ.get("FAULT_RELOADS", "3"))


def reload(directory, url, root=live.ROOT):
    """What `make reload` does; its exit status and what it prints."""
    port = url.rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, "-m", "promptcrafter.server.instance"],
        cwd=root,
        env=live.clean_environment() | {"DATA_DIR": str(directory), "PORT": port},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def copied(tmp_path):
    """The project's code, in a folder where it can be changed."""
    root = tmp_path / "code"
    for package in ("promptcrafter", "accounts", "prompts"):
        shutil.copytree(live.ROOT / package, root / package)
    return root


@pytest.fixture
def change(copied):
    def put(old, new, name="health"):
        file = copied / f"promptcrafter/{name}.py"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    return put


def test_nobody_notices_a_reload(tmp_path, capsys):
    with live.database() as environment, (tmp_path / "journal").open("wb") as journal:
        process, url = live.start(tmp_path, stderr=journal, **environment)
        seconds = []
        with calling(url) as calls:
            time.sleep(1)
            for _ in range(RELOADS):
                before, started = children(process.pid), time.monotonic()
                assert reload(tmp_path, url)[0] == 0
                seconds.append(time.monotonic() - started)
                assert not set(before) & set(children(process.pid))
            time.sleep(1)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=40) == 0
    with capsys.disabled():
        print(
            f"\n{RELOADS} reloads of {max(seconds):.1f} s at most: {dict(calls.answered)}; "
            f"{len(calls.refused)} refused, {len(calls.unsent)} on a closed connection, "
            f"{len(calls.unanswered)} cut off"
        )
    assert (calls.refused, calls.unsent, calls.unanswered) == ([], [], [])
    assert {status for status in calls.answered if status >= 500} <= {503}  # SQLite's lock


def test_a_reload_takes_up_the_code_on_the_disk(tmp_path, copied, change):
    with live.database() as environment:
        process, url = live.start(tmp_path, root=copied, **environment)
        change('"ok"', '"changed"')
        assert httpx2.get(f"{url}/healthz").json() == {"status": "ok"}
        assert reload(tmp_path, url, copied)[0] == 0
        assert httpx2.get(f"{url}/healthz").json() == {"status": "changed"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0


def test_code_that_can_not_start_changes_nothing(tmp_path, copied, change):
    with live.database() as environment:
        process, url = live.start(tmp_path, root=copied, **environment)
        workers = children(process.pid)
        change('"ok"', '"ok" + +')
        status, told = reload(tmp_path, url)
        assert (status, len(told.splitlines())) == (1, 1)
        assert children(process.pid) == workers
        assert httpx2.get(f"{url}/healthz").status_code == 200
        change('"ok" + +', '"mended"')
        assert reload(tmp_path, url)[0] == 0
        assert httpx2.get(f"{url}/healthz").json() == {"status": "mended"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0


@pytest.mark.parametrize("number", [1, 3])
def test_other_defaults_change_no_number_of_sockets(tmp_path, copied, change, number):
    with live.database() as environment:
        process, url = live.start(tmp_path, root=copied, **environment)
        change('"WORKERS", 2', f'"WORKERS", {number}', "settings")
        change('"ok"', "settings.WORKERS")
        change("from django.db", "from django.conf import settings\nfrom django.db")
        assert reload(tmp_path, url, copied)[0] == 0
        assert len(children(process.pid)) == 2
        for _ in range(20):  # half of them would wait for ever on a socket that nobody serves
            assert httpx2.get(f"{url}/healthz").json() == {"status": 2}
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0


def test_a_database_that_goes_away_after_the_rehearsal_ends_nothing(tmp_path, copied, change):
    with live.database() as environment:
        process, url = live.start(tmp_path, root=copied, **environment)
        # As it fails in the process that becomes the new program, and not in the rehearsal.
        away = "    import sys\n    if sys.argv[0] != '-c':\n        raise CommandError('away')\n"
        change(
            "    try:\n        call_command",
            f"{away}    try:\n        call_command",
            "server/preparing",
        )
        change('"ok"', '"changed"')
        assert reload(tmp_path, url, copied)[0] == 0
        assert httpx2.get(f"{url}/healthz").json() == {"status": "changed"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0


def test_a_worker_that_is_being_replaced_does_not_serve():
    server = parent.Parent(
        "promptcrafter.wsgi:application", listeners=[], workers=1, on_change=lambda _: None
    )
    assert not server._all_serve()


@pytest.mark.parametrize("after", [0.1, 1, 2, 4])
def test_a_signal_in_the_midst_of_a_reload_ends_it(tmp_path, after):
    with live.database() as environment:
        process, _ = live.start(tmp_path, **environment)
        before = children(process.pid)
        process.send_signal(signal.SIGHUP)
        time.sleep(after)
        all_of_them = [*before, *children(process.pid)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        wait_for(lambda: not any(map(is_running, all_of_them)), seconds=5)


def test_without_a_server_it_is_one_sentence_and_exit_1(tmp_path):
    with live.database() as environment:
        process, url = live.start(tmp_path, **environment)
        process.kill()
        process.wait()
    file = tmp_path / f"server-{url.rpartition(':')[2]}.pid"
    assert file.exists()
    for _ in range(2):
        status, told = reload(tmp_path, url)
        assert (status, len(told.splitlines())) == (1, 1)
        assert "No server" in told
        # The number is another process's by now.
        file.write_text(f"{os.getpid()} 1 1 1")
