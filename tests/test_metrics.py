"""What Prometheus is told: of all processes together, and never less than before."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests import live
from tests.test_server import run_once

TOKEN = "a token for those who scrape, only"
COUNT = "promptcrafter_request_duration_seconds_count"
REFUSALS = "promptcrafter_refusals_total"


@contextmanager
def counting(directory, **environment):
    """The process and the URL of a server of three workers that counts."""
    with live.database() as database:
        more = {"METRICS": "1", "METRICS_TOKEN": TOKEN, "TMPDIR": str(directory)}
        more |= {"WORKERS": "3", **database, **environment}
        process, url = live.start(directory, **more)
        try:
            yield process, url
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0


def scraped(url, token=TOKEN):
    """Each sample: its value by its name and labels."""
    answer = httpx2.get(f"{url}/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def get_many(url, path, *, times):
    """By ten clients with a connection each, so that all workers have some."""

    def some(_):
        with httpx2.Client(base_url=url, timeout=30) as client:
            for _ in range(times // 10):
                assert client.get(path).status_code == 401

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(some, range(10)))


def workers_of(process):
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return {int(pid) for pid in children.split()}


def test_the_sum_is_that_of_all_workers_also_when_one_was_killed(tmp_path):
    def count(path):
        return scraped(url)[COUNT, "/" + path.split("/")[1] + "/<pk>", "401", "GET"]

    with counting(tmp_path) as (process, url):
        get_many(url, "/prompts/prompt_a", times=200)
        assert {count("/prompts/x") for _ in range(12)} == {200}
        before = workers_of(process)
        os.kill(min(before), signal.SIGKILL)
        deadline = time.monotonic() + 60
        while len(workers_of(process) - before) != 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        live.wait_until_ready(process, url)
        assert count("/prompts/x") == 200
        get_many(url, "/prompts/prompt_b", times=100)
        assert {count("/prompts/x") for _ in range(12)} == {300}
        values = scraped(url)
        assert values["promptcrafter_requests_in_flight",] == 1
        assert 1 <= values["promptcrafter_database_connections",] <= 12
        started = {key[1] for key in values if key[0].endswith("worker_start_time_seconds")}
        assert started <= {str(pid) for pid in workers_of(process)}
    assert list(tmp_path.glob("promptcrafter-metrics-*")) == []


def test_the_folder_of_counts_is_the_owners_alone(tmp_path):
    with counting(tmp_path):
        (folder,) = tmp_path.glob("promptcrafter-metrics-*")
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_route_is_counted_as_one_whatever_its_ids(tmp_path):
    with counting(tmp_path) as (_, url), live.signed_up(url) as ada:
        prompt = {"title": "A title", "content": "Some content.", "model": "GPT-4o"}
        for _ in range(3):
            path = f"/prompts/{ada.post('/prompts', json=prompt).json()['_id']}"
            assert ada.get(f"{path}/versions/1").status_code == 200
            assert ada.get(path).status_code == 200  # which no route is looked up for
            ada.request("BREW", path)
        ada.get("/no/such/route")
        routes = {key[1:] for key in scraped(url) if key[0] == COUNT}
        assert routes == {
            ("/auth/signup", "201", "POST"),
            ("/prompts", "201", "POST"),
            ("/prompts/<pk>", "200", "GET"),
            ("/prompts/<pk>", "405", "other"),
            ("/prompts/<pk>/versions/<number>", "200", "GET"),
            ("/readyz", "200", "GET"),
            ("404", "GET", "none"),
        }


def test_what_was_refused_is_counted_by_its_kind(tmp_path):
    limits = {"LOGIN_FAILURES": "2/1h", "SIGNUPS_PER_ADDRESS": "1/1h", "REQUESTS_PER_USER": "3/1h"}
    with counting(tmp_path, **limits) as (_, url), live.signed_up(url) as ada:
        for _ in range(5):
            ada.get("/prompts")
        body = {"name": "Bob", "email": "bob@example.com", "password": "not the right one"}
        for _ in range(2):
            assert httpx2.post(f"{url}/auth/signup", json=body).status_code == 429
        del body["name"]
        for status in (401, 401, 429):
            assert httpx2.post(f"{url}/auth/login", json=body).status_code == status
        counted = {key[1]: value for key, value in scraped(url).items() if key[0] == REFUSALS}
    assert counted == {"calls": 2, "sign-ups": 2, "wrong password": 2, "failed log-ins": 1}


def test_who_is_refused_is_counted_once_and_who_is_not_never(tmp_path):
    limits = {"REQUESTS_PER_USER": "3/1h", "RESETS_PER_ACCOUNT": "1/1h"}
    with counting(tmp_path, **limits) as (_, url), live.signed_up(url) as ada:
        prompt = {"title": "A title", "content": "Some content.", "model": "GPT-4o"}
        path = f"/prompts/{ada.post('/prompts', json=prompt).json()['_id']}"
        # The middleware that answers it directly is refused first, and then the view.
        assert [ada.get(path).status_code for _ in range(4)] == [200, 200, 429, 429]
        for _ in range(3):  # the last two mail nothing, and nobody is told
            body = {"email": "bob@example.com"}
            assert httpx2.post(f"{url}/auth/password/reset", json=body).status_code == 202
        counted = {key[1]: value for key, value in scraped(url).items() if key[0] == REFUSALS}
    assert counted == {"calls": 2}


@pytest.mark.parametrize("sent", [None, "Bearer", "Bearer x", f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
def test_only_the_token_may_read_it(tmp_path_factory, counted, sent):
    answer = httpx2.get(f"{counted}/metrics", headers={"Authorization": sent} if sent else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json().keys() == {"error", "code"}


def test_a_persons_token_does_not_read_it(counted):
    with live.signed_up(counted) as ada:
        assert ada.get("/metrics").status_code == 401


def test_other_methods_are_refused(counted):
    answer = httpx2.post(f"{counted}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    with counting(tmp_path_factory.mktemp("counted")) as (_, url):
        yield url


def test_without_metrics_there_is_no_such_route_and_nothing_of_it_is_loaded(ada):
    answer = ada.get("/metrics")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_route")
    probe = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings';"
        "import promptcrafter.wsgi; import django.urls; django.urls.get_resolver().url_patterns;"
        "sys.exit('prometheus_client' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", probe], check=True, cwd=live.ROOT)


def test_a_token_is_made_where_none_is_set_and_must_be_long(tmp_path):
    more = {"DATA_DIR": str(tmp_path), "METRICS": "1"}
    status, output = run_once(**more, METRICS_TOKEN="short")
    assert (status, len(output.splitlines())) == (1, 1)
    assert output.startswith("METRICS_TOKEN is not safe")
    run_once(**more, PORT="1", HOST="no.such.host.invalid")
    assert (tmp_path / "metrics_token").stat().st_mode & 0o777 == 0o600
