"""What the proxies of deploy/ do with requests, good and bad, and while the service is away."""

import json
import os
import re
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests import live
from tests.faults import proxies

PROMPT = {"title": "A title", "content": "Some content.", "model": "GPT-4o"}
JSON = {"Content-Type": "application/json"}
MAX_BODY_BYTES = 2_621_440


@pytest.fixture(scope="module", params=proxies.PROXIES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def service_log(tmp_path_factory):
    return tmp_path_factory.mktemp("service") / "log"


@pytest.fixture(scope="module")
def proxy(name, service_log, tmp_path_factory):
    directory = tmp_path_factory.mktemp("data")
    with live.database() as database, service_log.open("wb") as log:
        process, url = live.start(
            directory, stderr=log, TRUSTED_PROXIES="1", ACCESS_LOG="1", **database
        )
        with proxies.in_front_of(url, name) as proxy:
            yield proxy
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


@pytest.fixture
def client(proxy):
    with live.signed_up(proxy.url) as client:
        yield client


def answer_to(url, text):
    """Status, headers and body of what comes for these bytes, until the connection is closed."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=40) as connection:
        connection.sendall(text)
        received = b""
        while data := connection.recv(65_536):
            received += data
            head, _, body = received.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            if length and len(body) >= int(length[1]):
                break
    return int(head.split()[1]), head.decode(), body


def head_of(answer):
    return "\n".join(f"{name}: {value}" for name, value in answer.headers.items())


def said_of(proxy, text):
    """What the proxy logged, when that text is in it: haproxy writes a moment after it answered."""
    log, deadline = "", time.monotonic() + 5
    while text not in log and time.monotonic() < deadline:
        log += proxy.log()
    return log


def assert_shaped(status, head, body, code):
    """As all errors of the service are."""
    assert json.loads(body).keys() == {"error", "code"}
    assert json.loads(body)["code"] == code
    assert "content-type: application/json" in head.lower()
    assert re.search("cache-control: (no-store|private, no-cache)", head.lower())
    assert ("retry-after: " in head.lower()) == (status in {502, 503, 504})


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_as_long_as_the_service_takes_goes_through(client, is_chunked):
    text = json.dumps({**PROMPT, "notes": ""}).encode()
    body = text + b" " * (MAX_BODY_BYTES - len(text))
    content = iter([body[:1_000_000], body[1_000_000:]]) if is_chunked else body
    assert client.post("/prompts", content=content, headers=JSON).status_code == 201


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_longer_body_is_413(client, is_chunked):
    body = b" " * (MAX_BODY_BYTES + 1)
    content = iter([body[:1_000_000], body[1_000_000:]]) if is_chunked else body
    answer = client.post("/prompts", content=content, headers=JSON)
    assert answer.status_code == 413
    assert_shaped(413, head_of(answer), answer.content, "body_too_large")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 16_000, "headers_too_large"),
        (b"GET /?q=" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: localhost", "uri_too_long"),
        (b"GET /metrics HTTP/1.1\r\nHost: localhost", "no_such_route"),
        (b"GET /%6detrics HTTP/1.1\r\nHost: localhost", "no_such_route"),
    ],
    ids=["headers", "address", "metrics", "metrics, spelt otherwise"],
)
def test_what_the_proxy_refuses_looks_as_the_services_errors(proxy, text, code):
    statuses = {"headers_too_large": 431, "uri_too_long": 414, "no_such_route": 404}
    status, head, body = answer_to(proxy.url, text + b"\r\n\r\n")
    assert status == statuses[code]
    assert_shaped(status, head, body, code)


@pytest.mark.parametrize(
    "text",
    [
        b"GET /prompts HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET  HTTP/9\r\n\r\n",
        b"POST /prompts HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
    ],
)
def test_what_is_no_http_is_400(proxy, name, text):
    """In haproxy's own words, which it has no setting for."""
    status, head, body = answer_to(proxy.url, text)
    assert status == 400
    if name == "nginx":
        assert_shaped(status, head, body, "bad_request")


def test_headers_that_never_end_are_waited_for_10_s(proxy, name):
    """Then haproxy says 408, and nginx closes the connection."""
    began = time.monotonic()
    try:
        status, *_ = answer_to(proxy.url, b"POST /prompts HTTP/1.1\r\nHost: localhost\r\n")
    except ConnectionError:
        status = None
    assert time.monotonic() - began < 30
    assert status == {"haproxy": 408, "nginx": None}[name]


def test_a_body_that_never_comes_is_waited_for_10_s(proxy, name):
    head = b"POST /prompts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
    try:
        status, head, body = answer_to(proxy.url, head)
    except ConnectionError:
        status = None
    assert status == {"haproxy": 408, "nginx": None}[name]
    if status:
        assert_shaped(status, head, body, "request_timeout")


def test_a_client_can_not_invent_where_it_comes_from(proxy, service_log):
    for forged in ("X-Forwarded-For", "X_Forwarded_For", "X_Forwarded-For"):
        wanted = f"forged-{os.urandom(4).hex()}"
        headers = {forged: "203.0.113.9", "X-Request-Id": wanted, "X-Forwarded-Proto": "https"}
        answer = httpx2.get(f"{proxy.url}/prompts", headers=headers)
        assert (answer.status_code, answer.headers["X-Request-Id"]) == (401, wanted)
        lines = [json.loads(line) for line in service_log.read_text().splitlines()]
        assert [line["client"] for line in lines if line["request_id"] == wanted] == ["127.0.0.1"]


def test_a_request_without_a_name_gets_one_that_both_logs_have(proxy, service_log):
    proxy.log()  # its socket holds ten lines
    name = httpx2.get(f"{proxy.url}/prompts").headers["X-Request-Id"]
    assert name in said_of(proxy, name)
    assert name in service_log.read_text()


def test_no_query_is_logged(proxy, name):
    proxy.log()
    secret = os.urandom(8).hex()
    for path in ("password-reset?key=", "search?q="):
        httpx2.get(f"{proxy.url}/{path}{secret}", headers={"X-Request-Id": "of-a-query"})
    log = said_of(proxy, "/search")
    assert "/password-reset" in log
    assert secret not in log


def test_answers_are_not_compressed(client):
    for _ in range(5):
        client.post("/prompts", json={**PROMPT, "content": "x" * 2_000})
    answer = client.get("/prompts", headers={"Accept-Encoding": "gzip, br"})
    assert len(answer.content) > 10_000
    assert "Content-Encoding" not in answer.headers


# While the service is away ----------------------------------------------------------------------


@contextmanager
def service(directory, **environment):
    process, url = live.start(directory, start_new_session=True, **environment)
    try:
        yield process, url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)


def same_port(url):
    return {"PORT": url.rpartition(":")[2]}


def test_a_service_that_is_away_is_an_error_that_says_when_to_come_back(name, tmp_path):
    status, code = {"haproxy": (503, "unavailable"), "nginx": (502, "bad_gateway")}[name]
    with live.database() as database, ExitStack() as stack:
        with service(tmp_path, **database) as (_, url):
            proxy = stack.enter_context(proxies.in_front_of(url, name))
        for path in ("/prompts", "/password-reset?key=x"):
            answer = httpx2.get(f"{proxy.url}{path}", timeout=40)
            assert answer.status_code == status
            assert_shaped(status, head_of(answer), answer.content, code)
        with service(tmp_path, **same_port(url), **database):
            deadline = time.monotonic() + 10
            while httpx2.get(f"{proxy.url}/prompts").status_code != 401:
                assert time.monotonic() < deadline
                time.sleep(0.1)


def test_a_service_that_hangs_is_504(name, tmp_path):
    """After the 30 s that each of them waits for an answer."""
    with (
        live.database() as database,
        service(tmp_path, **database) as (process, url),
        proxies.in_front_of(url, name) as proxy,
    ):
        stopped = [process.pid, *workers_of(process)]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            answer = httpx2.get(f"{proxy.url}/prompts", timeout=60)
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        assert answer.status_code == 504
        assert_shaped(504, head_of(answer), answer.content, "gateway_timeout")


def workers_of(process):
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(pid) for pid in children.split()]


def test_behind_haproxy_a_restart_is_a_delay_and_no_error(tmp_path):
    with live.database() as database, ExitStack() as stack:
        with service(tmp_path, **database) as (_, url):
            proxy = stack.enter_context(proxies.in_front_of(url, "haproxy"))
            client = stack.enter_context(live.signed_up(proxy.url))
            stopped = threading.Event()
            pool = stack.enter_context(ThreadPoolExecutor(4))
            stack.callback(stopped.set)
            loads = [pool.submit(load, client, stopped) for _ in range(4)]
            time.sleep(1)
        with service(tmp_path, **same_port(url), **database):
            time.sleep(2)
            stopped.set()
            answers = [answer for load in loads for answer in load.result(timeout=60)]
            slowest = max(answer.elapsed.total_seconds() for answer in answers)
            print(f"\n{len(answers)} requests over a restart, the slowest {slowest:.1f} s")
            assert {answer.status_code for answer in answers} == {200, 201}
            saved = sum(answer.status_code == 201 for answer in answers)
            assert len(client.get("/prompts?content=none").json()) == saved


def load(client, stopped):
    """Reads and writes, until told to stop."""
    answers = []
    while not stopped.is_set():
        answers += [client.get("/prompts?limit=1"), written_once(client)]
    return answers


def written_once(client):
    """A write that was under way may be cut off; its key makes it safe to send it again."""
    headers = {"Idempotency-Key": os.urandom(8).hex()}
    while True:
        with suppress(httpx2.RemoteProtocolError):
            answer = client.post("/prompts", json=PROMPT, headers=headers)
            if answer.status_code != 502:
                return answer
