"""Clients that send a byte a second, before the proxies of deploy/: others do not notice."""

import asyncio
import statistics

import pytest

from tests import live
from tests.faults import proxies, slow

CLIENTS = 200
SECONDS = 12


@pytest.fixture(scope="module", params=proxies.PROXIES)
def proxy(request):
    """The URL of the service behind that proxy."""
    with (
        live.serving(TRUSTED_PROXIES="1", ACCESS_LOG="0") as url,
        proxies.in_front_of(url, request.param) as proxy,
    ):
        yield proxy.url


@pytest.fixture
def client(proxy):
    with live.signed_up(proxy) as client:
        yield client


@pytest.mark.parametrize("kind", slow.KINDS)
def test_200_slow_clients_keep_nobody_out(client, kind):
    token = client.headers["Authorization"]
    url = str(client.base_url).rstrip("/")
    seen = asyncio.run(slow.drip(url, kind, token=token, clients=CLIENTS, seconds=SECONDS))
    print(
        f"\n{kind}: {len(seen.probes)} probes, {dict(seen.failed)} failed, median "
        f"{statistics.median(seen.probes) * 1e3:.0f} ms, slowest {max(seen.probes) * 1e3:.0f} ms; "
        f"{seen.dropped} clients dropped, {seen.refused} refused"
    )
    assert seen.failed == {}
    assert len(seen.probes) > 10
    assert client.get("/prompts").json() == []
