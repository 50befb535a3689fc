"""The real server, as `make run` starts it, spoken to over a socket."""

import http.client
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests import live
from tests.documents import shell

PROMPT = {"title": "A title", "content": "Some content.", "model": "GPT-4o"}


def test_a_chunked_body_is_read(ada):
    prompt = ada.post("/prompts", json=PROMPT).json()
    path = f"/prompts/{prompt['_id']}"
    headers = {"Content-Type": "application/json"}
    body = iter([b'{"title": "Sent ', b"", b'in pieces"}'])
    response = ada.patch(path, content=body, headers=headers)
    assert "Content-Length" not in response.request.headers
    assert (response.status_code, response.json()["title"]) == (200, "Sent in pieces")
    assert ada.get(path).json()["title"] == "Sent in pieces"


@pytest.mark.parametrize(
    "body",
    [
        b'zz\r\n{"title":"Lost"}\r\n0\r\n\r\n',
        b'20\r\n{"title":"Lost"',
        b'f\r\n{"title":"Lost",\r\nzz\r\n',
        b"0\r\n\r\n",
    ],
)
def test_a_chunked_body_that_can_not_be_read_is_never_taken_for_an_empty_one(ada, body):
    path = f"/prompts/{ada.post('/prompts', json=PROMPT).json()['_id']}"
    netloc = urlsplit(str(ada.base_url))
    head = (
        f"PATCH {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        f"Authorization: {ada.headers['Authorization']}\r\nContent-Type: application/json\r\n\r\n"
    )
    with socket.create_connection((netloc.hostname, netloc.port), timeout=10) as connection:
        connection.sendall(head.encode() + body)
        connection.shutdown(socket.SHUT_WR)
        assert re.match(rb"HTTP/1\.1 4\d\d|$", connection.recv(100))
    assert ada.get(path).json()["title"] == PROMPT["title"]


def test_http2_is_not_spoken(server):
    """It needs no Content-Length: an edit would be taken for an empty one, and lost."""
    done = shell(f"curl -s --max-time 5 --http2-prior-knowledge {server}/healthz")
    assert done.returncode != 0
    assert done.stdout == ""


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json; a*=nonsense'x'y"},
        {"Content-Type": "application/json; charset=rot13"},
        {"Content-Type": 'application/json; x="' + ";" * 8_000},
        {"Content-Type": "application/json", "Cookie": 'sessionid="\\000abcdefgh"'},
        {"Content-Type": "application/json", "Cookie": 'sessionid="\\355\\240\\200abcdefgh"'},
    ],
    ids=lambda headers: str(headers)[:60],
)
def test_odd_headers_do_no_harm(ada, headers):
    response = ada.post("/prompts", content=json.dumps(PROMPT), headers=headers)
    assert response.status_code == 201
    anonymous = httpx2.get(f"{ada.base_url}/prompts", headers=headers)
    assert anonymous.status_code == 401
    for page in ("api-auth/login/", "admin/login/"):
        form = {"Content-Type": "application/x-www-form-urlencoded; charset=rot13"}
        assert httpx2.post(f"{ada.base_url}/{page}", content="a=b", headers=form).status_code == 403


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("path", ["/auth/login", "/api-auth/login/", "/password-reset"])
def test_nobody_in_particular_may_send_little(server, path, is_chunked):
    """A million small values take a second and 200 MB to read."""
    body = b'{"email": [' + b"[]," * 30_000 + b"[]]}"
    content = iter([body]) if is_chunked else body
    response = httpx2.post(
        server + path, content=content, headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_of_20_mb_is_refused_and_the_server_goes_on(ada, is_chunked):
    body = b'{"title": "' + b"x" * 20_000_000 + b'"}'
    content = iter([body]) if is_chunked else body
    headers = {"Content-Type": "application/json"}
    response = ada.post("/prompts", content=content, headers=headers)
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
    assert ada.get("/prompts").json() == []


def test_a_connection_goes_on_after_an_answer_that_did_not_need_the_body(server):
    """Clients send the head and the body in two packets, and the next call on the same line."""
    for _ in range(10):
        with closing(http.client.HTTPConnection(urlsplit(server).netloc, timeout=10)) as connection:
            connection.connect()
            connection.auto_open = 0
            for _ in range(3):
                connection.putrequest("POST", "/prompts")
                connection.putheader("Content-Type", "application/json")
                connection.putheader("Content-Length", "13")
                connection.endheaders()
                time.sleep(0.02)
                connection.send(b'{"name": "x"}')
                with connection.getresponse() as response:
                    assert (response.status, response.read()[:9]) == (401, b'{"error":')


@pytest.mark.parametrize("missing", [1, 20])
def test_a_body_that_is_cut_off_half_way_saves_nothing(ada, missing):
    netloc, body = urlsplit(str(ada.base_url)), json.dumps(PROMPT).encode()
    head = (
        f"POST /prompts HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        f"Authorization: {ada.headers['Authorization']}\r\nContent-Type: application/json\r\n\r\n"
    )
    with socket.create_connection((netloc.hostname, netloc.port), timeout=10) as connection:
        connection.sendall(head.encode() + body[:-missing])
        connection.shutdown(socket.SHUT_WR)
        assert re.match(rb"HTTP/1\.1 4\d\d|$", connection.recv(100))
    assert ada.get("/prompts").json() == []


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-URL"])
def test_a_forged_host_beside_the_right_one_changes_nothing(server, header):
    answer = httpx2.get(f"{server}/admin", headers={header: "evil.example"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    page = httpx2.get(f"{server}/api-auth/login/", headers={header: "evil.example"})
    assert "evil.example" not in page.text + str(page.headers)


@pytest.mark.parametrize("values", [["{0}", "{0}"], ["{0}", ""], ["", ""], ["Bearer x", "{0}"]])
def test_two_authorization_headers_are_refused(ada, values):
    with closing(http.client.HTTPConnection(urlsplit(str(ada.base_url)).netloc)) as connection:
        connection.putrequest("GET", "/prompts")
        for value in values:
            connection.putheader("Authorization", value.format(ada.headers["Authorization"]))
        connection.endheaders()
        with connection.getresponse() as response:
            assert response.status == 401


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /prompts HTTP/1.1\r\n",
        b"GET /prompts HTTP/1.1\r\nHost: a\r\nHost: b\r\n",
        b"GET /prompts HTTP/1.1\r\nHost: evil.example\r\n",
        b"POST /prompts HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n",
        b"POST /prompts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n",
        b"GET  HTTP/9\r\n",
        b"GET /prompts HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 1_000_000 + b"\r\n",
    ],
    ids=lambda line: repr(line[:60]),
)
def test_a_malformed_request_is_refused(server, request_line):
    netloc = urlsplit(server)
    with socket.create_connection((netloc.hostname, netloc.port), timeout=10) as connection:
        try:
            connection.sendall(request_line + b"\r\n")
            answer = connection.recv(100)
        except ConnectionError:  # it does not have to listen to the end
            answer = b"HTTP/1.1 431"
    assert re.match(rb"HTTP/1\.1 4\d\d", answer)
    assert httpx2.get(f"{server}/healthz").status_code == 200


def test_many_idle_clients_do_not_keep_others_out(server):
    netloc = urlsplit(server)
    idle = [http.client.HTTPConnection(netloc.netloc, timeout=10) for _ in range(150)]
    try:
        for connection in idle:
            connection.request("GET", "/healthz")
            assert connection.getresponse().read() == b'{"status":"ok"}'
    finally:
        for connection in idle:
            connection.close()


SAME_KEY = "k" * 60

# Starting and ending ---------------------------------------------------------------------------


def run_once(**environment):
    """What a start that fails prints, and its exit status."""
    command = [sys.executable, "-m", "promptcrafter.serve"]
    environment = live.clean_environment() | environment
    done = subprocess.run(
        command,
        cwd=live.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "٨٠٠٠"),
        ("HOST", "no.such.host.invalid"),
        ("WORKERS", "-1"),
        ("THREADS", "1.5"),
        ("DEBUG", "maybe"),
        ("HTTPS", "2"),
        ("METRICS", "maybe"),
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "django-insecure-" + "x" * 60),
        ("SECRET_KEY", "x" * 49),
        ("JWT_SIGNING_KEY", ""),
        ("JWT_SIGNING_KEY", "x" * 31),
        ("JWT_SIGNING_KEY", SAME_KEY),
        ("MAX_BODY_BYTES", "much"),
        ("EMAIL_URL", "smtp://"),
        ("EMAIL_URL", "nonsense"),
        ("EMAIL_URL", "mailto:ada@example.com"),
        ("LOGIN_FAILURES", "10"),
        ("LOGIN_FAILURES", "0/1m"),
        ("REQUESTS_PER_USER", "10/5y"),
        ("PUBLIC_URL", "prompts.example.com"),
        ("TRUSTED_PROXIES", "all"),
        ("ACCESS_TOKEN_MINUTES", "0"),
        ("ALLOWED_HOSTS", ""),
        ("ALLOWED_HOSTS", "https://example.com"),
        ("ALLOWED_HOSTS", "example.com:8000"),
        ("ALLOWED_HOSTS", "*.example.com"),
        ("CORS_ALLOWED_ORIGINS", "*"),
        ("CORS_ALLOWED_ORIGINS", "null"),
        ("CORS_ALLOWED_ORIGINS", "https://ok.example,https://app.example.com/"),
        ("CORS_ALLOWED_ORIGINS", "https://App.example.com"),
        ("CORS_ALLOWED_ORIGINS", "https://app.example.com:443"),
        ("CORS_ALLOWED_ORIGINS", "app.example.com"),
        ("HOST", "8.8.8.8"),
        ("DATABASE_URL", "sqlite:///relative.sqlite3"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://root:hunter2@localhost/x"),
        ("DATABASE_URL", "postgresql://me:hunter2@127.0.0.1:1/x"),
        ("DATABASE_URL", "postgresql://me:hunter2@db1,db2:5433/x"),
        ("DATABASE_URL", "postgresql://me:hunter2@db1:5432,,db2:5432/x"),
        ("DATABASE_URL", "postgresql://me:hunter2@127.0.0.1:1,127.0.0.1:2/x"),
        ("DATABASE_URL", "sqlite:////nowhere/at/all.sqlite3"),
        ("DATABASE_SECONDS", "0"),
        ("READ_DATABASE_URL", "nonsense"),
        ("READ_DATABASE_URL", "postgresql://me:hunter2@127.0.0.1:1/x"),  # beside SQLite
        ("DATA_DIR", "/proc/nowhere"),
        ("PG_BINDIR", "/proc/nowhere"),
    ],
)
def test_a_wrong_value_is_one_sentence_and_exit_1(tmp_path, name, value):
    environment = {"DATA_DIR": str(tmp_path), "PORT": str(live.free_port()), "SECRET_KEY": SAME_KEY}
    environment |= {name: value}
    status, output = run_once(**environment)
    assert status == 1
    assert len(output.strip().splitlines()) == 1, output
    assert "hunter2" not in output
    assert name in output


def test_a_port_that_is_taken_is_one_sentence_and_exit_1(tmp_path, server):
    status, output = run_once(DATA_DIR=str(tmp_path), PORT=server.rpartition(":")[2])
    assert status == 1
    assert "PORT" in output
    assert "Traceback" not in output


def test_a_second_start_finds_what_the_first_one_kept(tmp_path):
    with live.database() as environment:
        first, url = live.start(tmp_path, **environment)
        body = {"name": "Ada", "email": "ada@example.com", "password": "correct horse battery"}
        token = httpx2.post(f"{url}/auth/signup", json=body, timeout=30).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        prompt = httpx2.post(f"{url}/prompts", json=PROMPT, headers=headers).json()
        first.send_signal(signal.SIGTERM)
        assert first.wait(timeout=20) == 0
        second, url = live.start(tmp_path, **environment)
        assert httpx2.get(f"{url}/prompts", headers=headers).json() == [prompt]
        second.send_signal(signal.SIGINT)
        assert second.wait(timeout=20) == 0


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_to_the_whole_group_ends_it_every_time(tmp_path, name):
    """As a terminal sends Ctrl-C, and systemd its SIGTERM."""
    with live.database() as environment:
        for _ in range(6):
            process, url = live.start(tmp_path, start_new_session=True, **environment)
            os.killpg(process.pid, signal.Signals[name])
            assert process.wait(timeout=20) == 0
            with pytest.raises(httpx2.TransportError):
                httpx2.get(f"{url}/healthz")


def test_keys_are_generated_for_the_owner_alone(tmp_path):
    directory = tmp_path / "new"
    status, _ = run_once(DATA_DIR=str(directory), PORT="1", HOST="no.such.host.invalid")
    assert status == 1
    keys = [directory / "secret_key", directory / "jwt_signing_key"]
    assert [stat.S_IMODE(key.stat().st_mode) for key in keys] == [0o600, 0o600]
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert len({key.read_text() for key in keys}) == 2
    assert sorted(directory.iterdir()) == sorted(keys)


@pytest.mark.parametrize("name", ["SECRET_KEY", "JWT_SIGNING_KEY"])
def test_a_key_in_a_file_must_be_as_long(tmp_path, name):
    (tmp_path / name.lower()).write_text("short\n")
    status, output = run_once(DATA_DIR=str(tmp_path), PORT=str(live.free_port()))
    assert (status, len(output.splitlines())) == (1, 1)
    assert output.startswith(f"{name} is not safe")


def test_settings_that_do_not_fit_together_end_the_start(tmp_path):
    environment = {"DATA_DIR": str(tmp_path), "PORT": str(live.free_port())}
    status, output = run_once(**environment, HTTPS="1", DEBUG="1")
    assert (status, len(output.splitlines())) == (1, 1), output
    assert output.endswith("DEBUG=0. (promptcrafter.E001)\n")
    assert not (tmp_path / "promptcrafter.sqlite3").exists()


@pytest.mark.parametrize("name", ["SECRET_KEY", "JWT_SIGNING_KEY"])
def test_a_command_without_a_key_ends_without_a_traceback(tmp_path, name):
    keys = {"SECRET_KEY": SAME_KEY, "JWT_SIGNING_KEY": SAME_KEY[::-1] + "j"}
    del keys[name]
    environment = live.clean_environment() | {"DATA_DIR": str(tmp_path)} | keys
    command = [sys.executable, "manage.py", "check"]
    done = subprocess.run(
        command, cwd=live.ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"{name} is not set" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_readiness_follows_the_database(tmp_path):
    """SQLite loses its tables for a while, PostgreSQL lets nobody in."""
    with live.database() as environment:
        process, url = live.start(tmp_path, **environment)
        with live.database_gone(tmp_path, environment):
            response = httpx2.get(f"{url}/readyz")
            assert (response.status_code, response.json()["code"]) == (503, "unavailable")
            assert response.headers["Retry-After"] == "1"
            assert httpx2.get(f"{url}/healthz").status_code == 200
        assert httpx2.get(f"{url}/readyz").status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


@pytest.mark.skipif("TEST_DATABASE_URL" not in os.environ, reason="SQLite has no list of clients")
def test_connections_to_postgresql_are_kept_between_requests(tmp_path):
    with live.database() as environment, live.administration() as connection:
        process, url = live.start(tmp_path, WORKERS="2", THREADS="2", **environment)
        name = environment["DATABASE_URL"].rpartition("/")[2]
        seen = set()
        for _ in range(60):
            assert httpx2.get(f"{url}/readyz").status_code == 200
            seen |= set(
                connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", [name])
            )
        assert len(seen) <= 4
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


def test_a_csv_file_is_saved_and_read_back(ada, tmp_path):
    rows = [
        "title,content,model,tags",
        'Linux Terminal,"Act as a linux terminal.\r\n\r\nRun ""pwd""",GPT-4o,"shell, unix"',
        '"Écrivain","  J\'ai écrit {{ceci}}.  ",,',
        "中文助手,请用中文回答。,,",
        f'Long,"{"x" * 140_000}",,',
        "ab,too short a title,,",
        f"{'t' * 101},too long a title,,",
    ]
    file = Path(tmp_path, "prompts.csv")
    file.write_bytes("\n".join(rows).encode())
    token = ada.headers["Authorization"].removeprefix("Bearer ")
    command = [sys.executable, live.ROOT / "docs/examples/import_csv.py", file]
    done = subprocess.run(
        [*command, "--token", token, "--api", str(ada.base_url)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "4 saved, 2 refused, 0 came back changed"
    for query, title in {
        "linux": "Linux Terminal",
        "ÉCRIT": "Écrivain",
        "中文": "中文助手",
    }.items():
        assert [p["title"] for p in ada.get("/search", params={"q": query}).json()] == [title]


def test_the_import_waits_where_it_was_too_fast(tmp_path):
    file = Path(tmp_path, "prompts.csv")
    file.write_text("title,content\n" + "".join(f"Number {n},text\n" for n in range(12)))
    with live.serving(REQUESTS_PER_USER="5/2s") as url:
        body = {"name": "Ada", "email": "ada@example.com", "password": "correct horse battery"}
        token = httpx2.post(f"{url}/auth/signup", json=body).json()["token"]
        command = [sys.executable, live.ROOT / "docs/examples/import_csv.py", file]
        done = subprocess.run(
            [*command, "--token", token, "--api", url],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.stdout.splitlines() == ["12 saved, 0 refused, 0 came back changed"], done.stderr
