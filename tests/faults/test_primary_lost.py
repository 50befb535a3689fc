"""The primary dies while sixteen people write, and its replica is promoted."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.faults import audit, clusters
from tests.faults.clusters import Cluster
from tests.faults.test_postgresql_away import service, tell
from tests.faults.writers import Ledger, writing

pytestmark = clusters.needed

ROUNDS = int(os.environ.get("FAULT_FAILOVERS", "2"))
BACK_WITHIN = 10.0  # a bound against hanging: docs/reliability.md has what was measured


def url_of(*servers: Cluster) -> str:
    hosts = ",".join(f"127.0.0.1:{each.port}" for each in servers)
    return f"postgresql://postgres@{hosts}/postgres"


def fail_over(
    directory: Path, primary: Cluster, replica: Cluster, *, stall: float = 0.0
) -> tuple[Ledger, float]:
    """What sixteen writers were promised, and when the replica was promoted; `stall` is for how
    long nothing reached it before the primary died."""
    with service(directory, url_of(primary, replica)) as url, writing(url, 16) as ledger:
        time.sleep(2)
        receiver = replica.pid_of("walreceiver")
        if stall:
            os.kill(receiver, signal.SIGSTOP)
            time.sleep(stall)
        primary.kill()
        if stall:  # or it would still read what the kernel had kept for it
            os.kill(receiver, signal.SIGKILL)
        time.sleep(0.5)
        replica.promote()
        promoted = time.monotonic()
        time.sleep(4)
    return ledger, promoted


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_synchronous_replica_has_all_that_was_acknowledged(tmp_path, number):
    with clusters.pair(is_synchronous=True) as (primary, replica):
        ledger, promoted = fail_over(tmp_path, primary, replica)
        tell(f"synchronous {number}", ledger, promoted)
        assert ledger.wrong == []
        assert ledger.first_success_after(promoted) < BACK_WITHIN
        assert audit.missing(ledger, tmp_path, {"DATABASE_URL": replica.url}) == []


def test_a_stalled_synchronous_replica_has_it_too(tmp_path):
    with clusters.pair(is_synchronous=True) as (primary, replica):
        ledger, promoted = fail_over(tmp_path, primary, replica, stall=1.5)
        tell("synchronous, stalled", ledger, promoted)
        assert ledger.wrong == []
        assert audit.missing(ledger, tmp_path, {"DATABASE_URL": replica.url}) == []


def test_an_asynchronous_replica_may_have_less(tmp_path):
    """The control: were nothing lost here, the tests above would show nothing."""
    with clusters.pair(is_synchronous=False) as (primary, replica):
        ledger, promoted = fail_over(tmp_path, primary, replica, stall=1.5)
        lost = audit.missing(ledger, tmp_path, {"DATABASE_URL": replica.url})
        tell(f"asynchronous, stalled: {len(lost)} lost", ledger, promoted)
        assert ledger.first_success_after(promoted) < BACK_WITHIN
        assert lost


def test_a_commit_that_no_replica_confirms_ends_in_503(tmp_path):
    """Writers are told; readers go on."""
    with (
        clusters.pair(is_synchronous=True) as (primary, replica),
        service(tmp_path, url_of(primary, replica)) as url,
        writing(url, 4, timeout=40) as ledger,
    ):
        time.sleep(2)
        replica.stop("immediate")
        gone = time.monotonic()
        time.sleep(8)
        waited = [each for each in ledger.answers if each.at > gone]
        replica.start()
        back = time.monotonic()
        time.sleep(4)
    tell("no replica for 8 s", ledger, back)
    assert {each.status for each in waited if each.seconds > 1} == {503}
    assert max(each.seconds for each in waited) < BACK_WITHIN
    assert ledger.wrong == []
    assert ledger.first_success_after(back) < BACK_WITHIN


def test_a_connection_to_a_server_that_takes_no_more_writes_is_left(tmp_path):
    """A primary that was demoted without a restart: the kept connections to it are good, and lead
    to the wrong place."""
    with (
        clusters.one() as cluster,
        service(tmp_path, cluster.url) as url,
        writing(url, 4) as ledger,
    ):
        time.sleep(1)
        cluster.rows("ALTER SYSTEM SET default_transaction_read_only = on")
        cluster.rows("SELECT pg_reload_conf()")
        time.sleep(1)
    assert "503" in ledger.statuses()
    assert ledger.wrong == []
