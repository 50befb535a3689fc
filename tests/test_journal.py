"""What the service writes of each request, and what it never writes."""

import json
import logging
import os
import signal
import sys
import time
from pathlib import Path

import httpx2
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from promptcrafter.journal import Line, Stderr
from tests import live

PASSWORD = "correct horse battery"
KEY = f"pc_{'aB3' * 15}z"


@pytest.fixture
def lines(settings, capsys):
    """The lines so far, read back from stderr."""
    settings.ACCESS_LOG = True
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_each_request_is_one_line(alice, lines):
    response = alice.get("/prompts?label=live")
    (line,) = lines()
    assert line.pop("time").endswith("Z")
    assert 0 < line.pop("duration_ms") < 10_000
    assert line == {
        "level": "INFO",
        "logger": "promptcrafter.journal",
        "request_id": response["X-Request-Id"],
        "method": "GET",
        "path": "/prompts",
        "status": 200,
        "user_id": alice.user.wire_id,
        "client": "127.0.0.1",
    }


@pytest.mark.parametrize("sent", ["a", "A-b_c.9", "x" * 64])
def test_a_request_keeps_the_id_that_it_came_with(anonymous, lines, sent):
    assert anonymous.get("/prompts", **{"X-Request-Id": sent})["X-Request-Id"] == sent
    assert lines()[0]["request_id"] == sent


@pytest.mark.parametrize("sent", ["", "x" * 65, "a b", "ä", "a\x1b", "eyJhbGciOiJI.eyJz.c2ln", KEY])
def test_an_id_that_is_none_is_replaced(anonymous, lines, sent):
    given = anonymous.get("/prompts", **{"X-Request-Id": sent})["X-Request-Id"]
    assert given != sent
    assert given.isalnum()
    assert lines()[0]["request_id"] == given


def test_an_error_is_told_under_the_id_of_its_request(alice, lines, settings):
    settings.ROOT_URLCONF = "tests.urls"
    alice.get("/fail/OperationalError", **{"X-Request-Id": "mine"})
    ours, request, djangos = lines()
    assert {line["request_id"] for line in (ours, request, djangos)} == {"mine"}
    assert ours["message"] == "answered 503: unavailable"
    assert ours["traceback"][-1] == "OperationalError: the inside story"
    assert "tests/urls.py" in ours["traceback"][-2]
    assert (request["status"], djangos["level"]) == (503, "ERROR")


def test_a_session_is_known_by_its_user_without_a_query_more(alice, lines, settings):
    client = Client()
    client.force_login(alice.user)
    counts = []
    for settings.ACCESS_LOG in (True, False):
        with CaptureQueriesContext(connection) as captured:
            client.get("/prompts")
            client.get("/nowhere")
        counts.append(len(captured))
    assert [line["user_id"] for line in lines() if "path" in line] == [alice.user.wire_id, None]
    assert counts[0] == counts[1]


def test_probes_that_are_well_are_not_worth_a_line(anonymous, lines):
    anonymous.get("/healthz")
    anonymous.get("/readyz")
    anonymous.post("/healthz")
    assert [line["status"] for line in lines()] == [405]


def test_lines_of_requests_can_be_turned_off(anonymous, lines, settings):
    settings.ACCESS_LOG = False
    assert anonymous.get("/prompts")["X-Request-Id"]
    assert lines() == []


def test_a_path_can_neither_end_a_line_nor_move_a_terminal(anonymous, lines, capsys):
    anonymous.get("/a%0A%7B%7D%1B[31m%E2%80%A8é")
    text = capsys.readouterr().err
    assert text.isascii()
    assert text.count("\n") == 1
    assert text.strip().isprintable()
    assert json.loads(text)["path"] == "/a\n{}\x1b[31m\u2028é"


class Broken:
    def write(self, text):
        raise BrokenPipeError


@pytest.mark.parametrize("stream", [Broken(), None])
def test_a_log_that_can_not_be_written_fails_no_request(alice, lines, monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    assert alice.get("/prompts").status_code == 200


def test_a_message_that_can_not_be_made_says_no_more_than_that(lines):
    handler = Stderr()
    handler.setFormatter(Line())
    handler.handle(logging.makeLogRecord({"name": "somebody", "msg": "%d", "args": ("secret",)}))
    (line,) = lines()
    assert line["message"] == "A line of somebody could not be made: TypeError."


# The real server -------------------------------------------------------------------------------


@pytest.fixture
def logged(tmp_path):
    """Starts a server with routes that fail; gives its URL, its process and its lines so far."""
    file = tmp_path / "stderr"
    environment = {"DJANGO_SETTINGS_MODULE": "tests.failing_settings", "ACCESS_LOG": "1"}
    with live.database() as of_database, file.open("wb") as stderr:
        process, url = live.start(tmp_path, stderr=stderr, **of_database, **environment)
        yield url, process, file.read_text
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


SECRETS = {
    "a password": PASSWORD,
    "a wrong password": "hunter2-hunter2",
    "an address": "ada@example.com",
    "a prompt": "A surreal mountain landscape",
    "a search": "mountain",
    "a key": KEY,
    "a key's middle": "aB3aB3aB3aB3",
}


def drive(client):
    """Everything that secrets are sent to; returns the token."""
    account = {"name": "Ada", "email": SECRETS["an address"], "password": PASSWORD}
    token = client.post("/auth/signup", json=account).json()["token"]
    client.post("/auth/signup", json=account)
    client.post("/auth/login", json=account | {"password": SECRETS["a wrong password"]})
    client.post("/auth/login", json=account)
    client.post("/admin/login/", data={"username": account["email"], "password": PASSWORD})
    client.get("/prompts", headers={"Authorization": f"Bearer {KEY}", "X-Request-Id": KEY})
    client.headers["Authorization"] = f"Bearer {token}"
    text = SECRETS["a prompt"]
    prompt = client.post("/prompts", json={"title": text, "content": text, "model": "m"}).json()
    client.patch(f"/prompts/{prompt['_id']}", json={"content": text * 2, "baseVersion": 1})
    client.post("/prompts", content=f'{{"title": "{text}')
    client.post("/prompts", json={"title": text, "tags": text, text: text})
    client.get("/search", params={"q": "mountain"})
    client.get(f"/prompts/{token}")
    client.get(f"/{KEY}")
    client.get(f"/prompts/{text * 3}")
    client.get(f"/fail/{text * 3}")
    for name in ("ValueError", "IntegrityError"):
        client.post(f"/fail-over-a-text/{name}", json={"text": text})
    client.get("/fail/OperationalError")
    client.get("/fail-outside-the-api/PermissionError")
    client.get("/prompts", headers={"Host": "evil.example"})
    return token


def test_no_secret_and_no_text_is_ever_in_the_log(logged):
    url, _, read = logged
    answers = []
    hooks = {"response": [lambda response: answers.append(response)]}
    with httpx2.Client(base_url=url, timeout=30, event_hooks=hooks) as client:
        token = drive(client)
    text = read()
    lines = [json.loads(line) for line in text.splitlines()]
    of_requests = [line for line in lines if "path" in line]
    told = [(line["request_id"], line["status"]) for line in of_requests]
    assert sorted(told) == sorted((a.headers["X-Request-Id"], a.status_code) for a in answers)
    assert {500, 409, 503, 401, 400, 404, 201} <= {status for _, status in told}
    assert {line["request_id"] for line in lines} == {name for name, _ in told}
    assert sum("traceback" in line for line in lines) >= 4
    secrets = SECRETS | {f"part {n} of a token": part for n, part in enumerate(token.split("."))}
    assert [name for name, secret in secrets.items() if secret in text] == []


def test_what_the_server_says_of_its_workers_is_json_too(logged):
    _, process, read = logged
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    deadline = time.monotonic() + 20
    while not read() and time.monotonic() < deadline:
        time.sleep(0.05)
    line = json.loads(read().splitlines()[0])
    assert (line["logger"], line["request_id"]) == ("_granian", None)
    assert line["message"].startswith("Unexpected exit from worker")


def test_a_list_that_fails_half_way_is_not_taken_for_a_whole_one(logged):
    url, _, read = logged
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        httpx2.get(f"{url}/fail-half-way").json()
    assert httpx2.get(f"{url}/healthz").status_code == 200
    lines = [json.loads(line) for line in read().splitlines()]
    (line,) = [line for line in lines if line.get("message") == "a list ended half-way"]
    assert line["traceback"][-1].startswith("OperationalError")
