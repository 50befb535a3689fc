"""Reads from a replica: one's own writes are always seen, others' soon, and it may fail."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from promptcrafter import replicas
from tests import live
from tests.faults import clusters
from tests.faults.clusters import Cluster
from tests.faults.test_postgresql_away import service

pytestmark = clusters.needed

PROMPT = {"title": "A title", "content": "Some content.", "model": "GPT-4o"}
UNSETTLED = replicas.STALE_SECONDS + replicas.MARK_SECONDS + replicas.CLOCK_SECONDS


@pytest.fixture
def pair() -> Iterator[list[Cluster]]:
    with clusters.pair(is_synchronous=False) as pair:
        yield pair


@pytest.fixture
def ada(tmp_path, pair) -> Iterator[httpx2.Client]:
    primary, replica = pair
    with (
        service(tmp_path, primary.url, READ_DATABASE_URL=replica.url) as url,
        live.signed_up(url) as ada,
    ):
        yield ada


@contextmanager
def stalled(replica: Cluster) -> Iterator[None]:
    replica.rows("SELECT pg_wal_replay_pause()")
    yield
    replica.rows("SELECT pg_wal_replay_resume()")


def reads(cluster: Cluster) -> int:
    """How often prompts were ever looked through there."""
    table = "SELECT COALESCE(SUM(seq_scan + COALESCE(idx_scan, 0)), 0) FROM pg_stat_user_tables"
    ((count,),) = cluster.rows(f"{table} WHERE relname = 'prompts_prompt'")
    return int(count)


def test_who_wrote_nothing_lately_reads_on_the_replica(ada, pair):
    _, replica = pair
    ada.post("/prompts", json=PROMPT)
    time.sleep(UNSETTLED + 1)
    before = reads(replica)
    for _ in range(20):
        assert len(ada.get("/prompts").json()) == 1
    time.sleep(11)  # a backend that is idle tells what it read within ten seconds
    assert reads(replica) > before


def test_ones_own_writes_are_seen_while_the_replica_stands_still(ada, pair):
    _, replica = pair
    time.sleep(UNSETTLED)
    with stalled(replica):
        until = time.monotonic() + 3 * UNSETTLED
        written = 0
        while time.monotonic() < until:
            prompt = ada.post("/prompts", json=PROMPT).json()["_id"]
            written += 1
            assert ada.get(f"/prompts/{prompt}").status_code == 200
            assert len(ada.get("/prompts").json()) == written
            time.sleep(0.05 if written % 7 else UNSETTLED + 0.2)


def test_a_replica_that_is_away_costs_nobody_an_answer(ada, pair):
    _, replica = pair
    ada.post("/prompts", json=PROMPT)
    time.sleep(UNSETTLED + 1)
    assert len(ada.get("/prompts").json()) == 1
    replica.kill()
    for _ in range(20):
        answer = ada.get("/prompts")
        assert (answer.status_code, len(answer.json())) == (200, 1)


def test_a_revoked_key_is_refused_at_once_while_the_replica_stands_still(ada, pair):
    _, replica = pair
    body = {"name": "A program", "scopes": ["prompts:read"]}
    key = ada.post("/auth/keys", json=body).json()
    mine = {"Authorization": f"Bearer {key['key']}"}
    time.sleep(UNSETTLED + 1)
    with stalled(replica):
        assert ada.get("/prompts", headers=mine).status_code == 200
        assert ada.delete(f"/auth/keys/{key['_id']}").status_code == 204
        assert ada.get("/prompts", headers=mine).status_code == 401
