"""`kill -9`, of a worker and of the parent, while sixteen people write."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx2

from tests import live
from tests.faults import audit
from tests.faults.callers import calling
from tests.faults.processes import children, is_running, wait_for
from tests.faults.writers import writing

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "20"))


class Supervisor:
    """Starts the server again where it has ended, as systemd would."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self.directory, self.environment = directory, environment
        self.port, self.starts = str(live.free_port()), 0
        self.start()

    def start(self) -> None:
        self.process, self.url = live.start(
            self.directory, PORT=self.port, ACCESS_LOG="0", **self.environment
        )
        self.starts += 1

    def tend(self) -> None:
        if self.process.poll() is not None:
            self.start()

    def kill_a_worker(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(random.choice(children(self.process.pid)), signal.SIGKILL)

    def kill_the_parent(self) -> float:
        """The seconds until its workers were gone, too."""
        workers = children(self.process.pid)
        self.process.kill()
        self.process.wait()
        return wait_for(lambda: not any(map(is_running, workers)), seconds=5)


def unacknowledged(ledger, database):
    """How many versions and outputs are there that nobody was promised."""
    [(versions,)] = database.rows("SELECT COUNT(*) FROM prompts_version")
    [(logs,)] = database.rows("SELECT COUNT(*) FROM prompts_log")
    return versions - len(ledger.versions) + logs - len(ledger.logs)


def test_nothing_acknowledged_is_lost_when_processes_are_killed(tmp_path, capsys):
    with live.database() as environment:
        server = Supervisor(tmp_path, environment)
        victims = ["worker", "parent"] * (ROUNDS // 2)
        random.shuffle(victims)
        gone, back = [0.0], [0.0]
        with writing(server.url, 16, timeout=30) as ledger:
            for victim in victims:
                time.sleep(random.uniform(0.3, 1.5))
                killed_at = time.monotonic()
                if victim == "parent":
                    gone.append(server.kill_the_parent())
                else:
                    server.kill_a_worker()
                    time.sleep(0.3)

                def is_back(killed_at: float = killed_at) -> bool:
                    server.tend()
                    return ledger.first_success_after(killed_at) < 60

                wait_for(is_back)
                back.append(ledger.first_success_after(killed_at))
        server.tend()
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(timeout=30) == 0
        lost = audit.missing(ledger, tmp_path, environment)
        extra = unacknowledged(ledger, audit.Database(tmp_path, environment))
    with capsys.disabled():
        print(
            f"\n{len(victims)} kills, {ledger.acknowledged} acknowledged, {len(lost)} lost, "
            f"{extra} there but not acknowledged; {server.starts - 1} starts anew; workers gone "
            f"{max(gone):.2f} s after the parent at most, a write acknowledged {max(back):.1f} s "
            f"after a kill at most, longest gap {ledger.longest_gap():.1f} s; {ledger.statuses()}"
        )
    assert lost == []
    assert ledger.wrong == []


def test_a_worker_that_dies_takes_only_its_own_connections(tmp_path):
    with live.database() as environment:
        process, url = live.start(tmp_path, ACCESS_LOG="0", **environment)
        wait_for(lambda: len(children(process.pid)) == 2)
        time.sleep(1)
        victim = children(process.pid)[0]
        with calling(url, keeping=12, opening=4) as calls:
            time.sleep(1)
            os.kill(victim, signal.SIGKILL)
            wait_for(lambda: len(set(children(process.pid)) - {victim}) == 2)
            time.sleep(1)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    assert calls.refused == []
    assert len(calls.unsent) + len(calls.unanswered) <= 16
    assert calls.answered[201] > 0


def test_a_worker_that_hangs_does_not_keep_the_server_from_ending(tmp_path):
    with live.database() as environment:
        process, _ = live.start(tmp_path, **environment)
        wait_for(lambda: len(children(process.pid)) == 2)
        workers = children(process.pid)
        os.kill(workers[0], signal.SIGSTOP)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0
        assert not any(map(is_running, workers))


def test_a_worker_killed_again_and_again_is_replaced_each_time(tmp_path):
    """Granian alone ends where one dies twice within 5.5 seconds."""
    with live.database() as environment:
        process, url = live.start(tmp_path, WORKERS="1", **environment)
        for _ in range(3):
            os.kill(children(process.pid)[0], signal.SIGKILL)
            assert httpx2.get(f"{url}/healthz", timeout=60).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


def test_workers_that_can_not_start_are_a_failure_of_the_server(tmp_path):
    """A service manager starts again what ended with another status than 0."""
    with live.database() as environment:
        process, _ = live.start(tmp_path, WORKERS="1", **environment)
        ended_at = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < ended_at:
            for worker in children(process.pid):
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
            time.sleep(0.01)
        assert process.wait(timeout=1) == 1


def test_static_files_are_whole_after_a_start_that_was_killed(tmp_path):
    with live.database() as environment:
        process, _ = live.start(tmp_path, **environment)
        process.kill()
        process.wait()
        static = tmp_path / "static"
        whole = {each: each.read_bytes() for each in static.rglob("*") if each.is_file()}
        for file in whole:  # as if it had been killed in the midst of each
            file.write_bytes(file.read_bytes()[:10])
        (tmp_path / "static.unfinished").touch()
        process, _ = live.start(tmp_path, **environment)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    assert {each: each.read_bytes() for each in static.rglob("*") if each.is_file()} == whole


def test_a_start_killed_at_any_moment_leaves_nothing_that_stops_the_next(tmp_path):
    with live.database() as environment:
        port = str(live.free_port())
        for tenths in range(2, 2 + 2 * min(ROUNDS, 12), 2):
            half = subprocess.Popen(
                [sys.executable, "-m", "promptcrafter.serve"],
                cwd=live.ROOT,
                env=live.clean_environment()
                | {"DATA_DIR": str(tmp_path), "PORT": port}
                | environment,
                stdout=subprocess.DEVNULL,
            )
            time.sleep(tenths / 10)
            half.kill()
            half.wait()
        process, _ = live.start(tmp_path, PORT=port, **environment)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        keys = {each.name for each in tmp_path.iterdir() if "key" in each.name}
    assert {"secret_key", "jwt_signing_key"} <= keys
