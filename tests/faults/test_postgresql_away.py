"""PostgreSQL is killed, restarted, stopped and frozen while sixteen people write."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests import live
from tests.faults import audit, clusters
from tests.faults.clusters import Cluster
from tests.faults.writers import Ledger, sign_up, writing

pytestmark = clusters.needed

OUTAGE = int(os.environ.get("FAULT_OUTAGE_SECONDS", "45"))
# Bounds against hanging, not measures: docs/reliability.md has those.
BACK_WITHIN = 5.0
ANSWERED_WITHIN = 6.0


@contextmanager
def service(directory: Path, url: str, **environment: str) -> Iterator[str]:
    """The URL of a server of that database."""
    given = {"DATABASE_URL": url, "ACCESS_LOG": "0"} | environment
    with open(directory / "stderr", "wb") as stderr:
        process, url = live.start(directory, stderr=stderr, **given)
        try:
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 0


def tell(title: str, ledger: Ledger, back: float) -> None:
    """The numbers of a run, for `pytest -s`."""
    print(
        f"\n{title}: {ledger.acknowledged} acknowledged, {ledger.statuses()}, "
        f"again after {ledger.first_success_after(back):.2f} s, "
        f"slowest call {ledger.slowest():.2f} s, p99 {ledger.percentile(99) * 1000:.0f} ms"
    )


def killed(cluster: Cluster) -> None:
    cluster.kill()
    cluster.start()


def restarted(mode: str) -> Callable[[Cluster], None]:
    def restart(cluster: Cluster) -> None:
        cluster.stop(mode)
        cluster.start()

    return restart


def stopped(seconds: float) -> Callable[[Cluster], None]:
    def stop(cluster: Cluster) -> None:
        cluster.stop()
        time.sleep(seconds)
        cluster.start()

    return stop


@pytest.mark.parametrize(
    "happens",
    [
        pytest.param(killed, id="killed"),
        pytest.param(restarted("fast"), id="restarted"),
        pytest.param(restarted("immediate"), id="restarted at once"),
        pytest.param(stopped(10), id="away for 10 s"),
        pytest.param(stopped(OUTAGE), id=f"away for {OUTAGE} s"),
    ],
)
def test_the_service_is_back_with_postgresql_and_nothing_is_lost(tmp_path, request, happens):
    with clusters.one() as cluster, service(tmp_path, cluster.url) as url:
        with writing(url, 16) as ledger:
            time.sleep(2)
            happens(cluster)
            back = time.monotonic()
            time.sleep(BACK_WITHIN)
        tell(request.node.callspec.id, ledger, back)
        assert ledger.wrong == []
        assert set(ledger.statuses()) <= {"200", "201", "503"}
        assert ledger.slowest() < ANSWERED_WITHIN
        assert ledger.first_success_after(back) < BACK_WITHIN
        assert not [each for each in ledger.answers if each.at > back + 2 and each.status == 503]
        assert audit.missing(ledger, tmp_path, {"DATABASE_URL": cluster.url}) == []


def test_while_it_is_away_the_probes_tell_the_two_apart(tmp_path):
    with clusters.one() as cluster, service(tmp_path, cluster.url) as url:
        cluster.stop("immediate")
        answer = httpx2.get(f"{url}/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["Retry-After"] == "1"
        assert httpx2.get(f"{url}/healthz").status_code == 200
        cluster.start()
        assert httpx2.get(f"{url}/readyz").status_code == 200


def test_a_frozen_postgresql_keeps_nobody_waiting(tmp_path):
    """The network is fine and nothing answers: a full disk's controller, a machine that swaps."""
    with clusters.one() as cluster, service(tmp_path, cluster.url) as url:
        with writing(url, 16, timeout=40) as ledger:
            time.sleep(2)
            with cluster.frozen():
                time.sleep(12)
                started = time.monotonic()
                assert httpx2.get(f"{url}/readyz", timeout=40).status_code == 503
                assert time.monotonic() - started < 2 * ANSWERED_WITHIN  # others wait before it
                assert httpx2.get(f"{url}/healthz", timeout=40).status_code == 200
            back = time.monotonic()
            time.sleep(BACK_WITHIN)
        tell("frozen for 12 s", ledger, back)
        assert ledger.wrong == []
        assert ledger.first_success_after(back) < BACK_WITHIN
        assert audit.missing(ledger, tmp_path, {"DATABASE_URL": cluster.url}) == []


def test_a_worker_that_starts_meanwhile_and_its_chores_go_on_afterwards(tmp_path):
    """Its background thread fails at its first round, and does what is asked later."""
    with clusters.one() as cluster, service(tmp_path, cluster.url, WORKERS="1") as url:
        sign_up(url)
        cluster.stop("immediate")
        (parent,) = children(os.getpid(), named="promptcrafter.serve")
        worker = max(children(parent, named="promptcrafter.serve"))
        os.kill(worker, signal.SIGKILL)
        until(lambda: "OperationalError" in (tmp_path / "stderr").read_text())
        cluster.start()
        until(lambda: httpx2.get(f"{url}/readyz").status_code == 200)
        body = {"email": "nobody@example.com"}
        asked = httpx2.post(f"{url}/auth/password/reset", json=body)
        assert asked.status_code < 300, asked.text
        until(lambda: cluster.rows("SELECT COUNT(*) FROM accounts_passwordreset") == [(0,)])


def children(parent: int, *, named: str) -> list[int]:
    found = clusters.children(parent)
    return [pid for pid in found if named in clusters.command(pid)]


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx2.TransportError):
            if is_so():
                return
        time.sleep(0.1)
    raise TimeoutError
