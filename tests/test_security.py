"""What docs/security.md promises and no other test shows."""

import ast
import base64
import http.client
import json
import re
import socket
import time
from contextlib import closing, suppress
from importlib import metadata
from urllib.parse import urlsplit

import jwt
import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from packaging.requirements import Requirement

from accounts import tokens
from accounts.models import PasswordReset, User
from promptcrafter.environment import Rate
from prompts.models import Prompt, Tag, Version
from tests.callers import Caller
from tests.live import ROOT

PASSWORD = "correct horse battery"


def log_in(password, email="ada@example.com"):
    return Caller().post("/auth/login", {"email": email, "password": password}).status_code


@pytest.fixture
def ada(make_user):
    return make_user("ada", PASSWORD)


# What our code does not do ----------------------------------------------------------------------

FORBIDDEN = {
    "runs or loads what it is given": "eval exec compile __import__ os.system os.popen subprocess "
    "pickle marshal shelve yaml.load ctypes",
    "reads XML": "xml lxml defusedxml",
    "calls another service": "urllib.request http.client requests httpx httpx2 aiohttp ftplib",
    "makes or keeps a secret weakly": "random hashlib.md5 hashlib.sha1",
    "trusts text in a page or a statement": "django.utils.safestring django.template.Template "
    ".raw .extra RawSQL django.db.models.expressions.RawSQL",
}


# What serves, and backs up to PostgreSQL's programs: nothing that a client sends comes there.
STARTS_PROGRAMS = {"listening.py", "parent.py", "worker.py", "postgresql.py"}


def names_used():
    """Each import and each call of our code, as they are written; but for what makes libraries up,
    by chance that can be repeated."""
    for app in ("promptcrafter", "accounts", "prompts"):
        for file in (ROOT / app).rglob("*.py"):
            if file.parent.name == "seeding":
                continue
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Import):
                    yield from ((file.name, alias.name) for alias in node.names)
                elif isinstance(node, ast.ImportFrom):
                    yield file.name, node.module
                    yield from ((file.name, f"{node.module}.{each.name}") for each in node.names)
                elif isinstance(node, ast.Call):
                    yield file.name, ast.unparse(node.func)
                    if isinstance(node.func, ast.Attribute):
                        yield file.name, f".{node.func.attr}"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_our_code_never(what):
    forbidden = FORBIDDEN[what].split()
    found = {
        (file, name)
        for file, name in names_used()
        if any(name == each or name.startswith(f"{each}.") for each in forbidden)
        and not (what == "runs or loads what it is given" and file in STARTS_PROGRAMS)
    }
    assert found == set()


def test_the_list_of_what_we_run_on_is_complete():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pinned = dict(re.findall(r"^([\w-]+)(?:\[\w+\])?==(\S+)", "\n".join(lines), re.MULTILINE))
    listed = {name.lower().replace("_", "-") for name in pinned}
    for name, version in pinned.items():
        assert metadata.version(name) == version
        for needed in map(Requirement, metadata.requires(name) or []):
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert needed.name.lower().replace("_", "-") in listed, f"{needed} of {name}"


# Text is text -----------------------------------------------------------------------------------


def test_what_looks_like_a_template_or_a_format_is_text(alice):
    text = "{0.__class__} {{7*7}} {% now %} ${7*7} %s %(a)s <%= 7*7 %> #{7*7}"
    body = {"title": text, "content": text, "model": text, "tags": [text[:50]]}
    answer = alice.post("/prompts", body).json()
    assert {name: answer[name] for name in body} == body
    signup = {"name": text, "email": "eve@example.com", "password": PASSWORD}
    assert text in Caller().post("/auth/signup", signup).json()["message"]


def test_what_was_encoded_twice_is_decoded_once(alice, make_prompt):
    prompt = make_prompt(alice, content="100%41")
    (found,) = alice.get("/search?q=100%2541").json()
    assert found["_id"] == prompt.wire_id
    assert alice.get("/search?q=100%41").json() == []
    assert alice.get(f"/prompts/prompt%255F{prompt.wire_id[7:]}").status_code == 400


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\x0b"])
def test_an_address_can_not_carry_a_header_into_a_mail(ada, end):
    for email in (f"ada@example.com{end}Bcc: eve@example.com", f"ada{end}@example.com"):
        assert Caller().post("/auth/password/reset", {"email": email}).status_code == 400
    assert not PasswordReset.objects.exists()


# What is served ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config",
        "/.env",
        "/manage.py",
        "/secret_key",
        "/static/",
        "/static/accounts/",
        "/static/../secret_key",
        "/static/..%2fsecret_key",
        "/static/%2e%2e/secret_key",
        "/static//etc/passwd",
        "//etc/passwd",
    ],
)
def test_no_file_but_what_pages_link_to_is_served(server, path):
    with closing(http.client.HTTPConnection(urlsplit(server).netloc, timeout=10)) as connection:
        connection.request("GET", path)
        with connection.getresponse() as response:
            assert (response.status, response.headers["Content-Type"]) == (404, "application/json")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/prompts",
        "/auth/login",
        "/healthz",
        "/static/x.css",
        "/admin/",
        "/admin/login/",
        "/api-auth/login/",
        "/api-auth/logout/",
        "/password-reset?token=x",
    ],
)
def test_no_route_echoes_a_trace(alice, path):
    response = alice.send("TRACE", path, headers={"X-Mark": "an echo"})
    assert response.status_code >= 300
    assert "an echo" not in f"{response.headers}{response.content}"


@pytest.mark.parametrize("path", ["/", "/prompts", "/api-auth/login/", "/admin/login/"])
def test_a_page_says_that_it_is_utf8(db, path):
    page = Client(headers={"Accept": "text/html"}).get(path)
    assert page["Content-Type"] == "text/html; charset=utf-8"


def test_a_length_beside_chunks_smuggles_no_second_request(server):
    """The length ends where the one chunk begins, which is a request of its own."""
    netloc = urlsplit(server)
    head = b"Host: localhost\r\nContent-Type: application/json\r\n"
    inner = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    size = b"%x\r\n" % len(inner)
    framing = b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % len(size)
    outer = b"POST /auth/login HTTP/1.1\r\n" + head + framing + size + inner + b"\r\n0\r\n\r\n"
    answer = b""
    with socket.create_connection((netloc.hostname, netloc.port)) as connection:
        connection.sendall(outer)
        connection.settimeout(2)
        with suppress(TimeoutError):  # the connection stays open for the next request
            while received := connection.recv(65_536):
                answer += received
    assert re.match(rb"HTTP/1\.1 4\d\d", answer)
    assert b'"status":"ok"' not in answer


# Passwords and accounts -------------------------------------------------------------------------


def test_nobody_has_an_account_before_somebody_makes_one(db):
    assert not User.objects.exists()


def test_a_password_is_read_whole_and_as_it_is(make_user):
    password = "Zebra hut " * 400
    make_user("ada", password)
    for wrong in (password[:-2] + "x ", password[:-1], password.lower(), password.strip()):
        assert log_in(wrong) == 401
    assert log_in(password) == 200


def test_a_password_is_good_until_somebody_changes_it(ada):
    long_ago = timezone.now() - timezone.timedelta(days=3_650)
    User.objects.update(created_at=long_ago, last_login=long_ago)
    assert log_in(PASSWORD) == 200


def test_a_hash_of_other_settings_is_renewed_at_log_in(ada):
    old = PBKDF2PasswordHasher().encode(PASSWORD, salt="a" * 22, iterations=1)
    User.objects.update(password=old)
    assert log_in(PASSWORD) == 200
    assert User.objects.get().password.startswith("argon2$argon2id$")


def test_a_log_in_that_can_not_be_counted_is_not_tried(ada, settings, monkeypatch):
    def fail(*args, **kwargs):
        raise OperationalError

    settings.LOGIN_FAILURES = Rate(3, 900)
    monkeypatch.setattr("accounts.models.counters.CounterQuerySet.add", fail)
    assert log_in(PASSWORD) == 503


# Nothing by halves ------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_an_edit_that_fails_half_way_is_not_made(alice, make_prompt):
    """Its version can't be written, for there is one of that number."""
    prompt = make_prompt(alice)
    last = prompt.versions.get()
    last.pk, last.number = None, 2
    Version.objects.bulk_create([last])
    answer = alice.patch(f"/prompts/{prompt.wire_id}", {"title": "Half way", "tags": ["new"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    kept = Prompt.objects.get()
    assert (kept.title, kept.version, kept.revision) == (prompt.title, 1, 1)
    assert not Tag.objects.filter(name="new").exists()


# Tokens -----------------------------------------------------------------------------------------


def with_claims(alice, *, key=settings.JWT_SIGNING_KEY, header=None, **change):
    claims = jwt.decode(tokens.issue(alice.user).token, options={"verify_signature": False})
    token = jwt.encode(claims | change, key, "HS256", headers=header)
    return Caller(alice.user, token=token).get("/prompts").status_code


def test_a_token_does_not_choose_its_own_key(alice):
    theirs = "k" * 64
    jwk = {"kty": "oct", "k": base64.urlsafe_b64encode(theirs.encode()).decode().rstrip("=")}
    assert with_claims(alice, header={"jwk": jwk, "kid": "../../dev/null"}) == 200
    for header in ({"jwk": jwk}, {"jku": "https://evil.example/keys"}, {"x5u": "x"}, {"kid": "0"}):
        assert with_claims(alice, key=theirs, header=header) == 401


def test_a_token_is_not_good_before_its_time(alice):
    assert with_claims(alice, nbf=int(time.time()) - 60) == 200
    assert with_claims(alice, nbf=int(time.time()) + 3_600) == 401


# What is told to browsers, and to the log --------------------------------------------------------


@pytest.mark.parametrize("path", ["/prompts", "/nowhere", "/api-auth/login/", "/admin/login/"])
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_no_other_site_may_frame_an_answer(db, path, accept):
    policy = Client(headers={"Accept": accept}).get(path)["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy.split("; ")


def test_who_was_refused_or_let_in_is_logged(alice, bob, make_prompt, settings, capsys):
    settings.ACCESS_LOG = True
    path = f"/prompts/{make_prompt(bob).wire_id}"
    alice.get(path)
    alice.post("/prompts", b"{")
    alice.post("/prompts", b"x", content_type="text/plain")
    settings.LOGIN_FAILURES = Rate(1, 900)
    assert [log_in("x", "bob@example.com") for _ in range(2)] == [401, 429]
    bob.user.change_password(PASSWORD)
    settings.LOGIN_FAILURES = None
    assert log_in(PASSWORD, "bob@example.com") == 200
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    told = [(line["status"], line["path"], line["user_id"]) for line in lines]
    mine, nobody = alice.user.wire_id, None
    assert told == [
        (403, path, mine),
        (400, "/prompts", mine),
        (415, "/prompts", mine),
        (401, "/auth/login", nobody),
        (429, "/auth/login", nobody),
        (200, "/auth/login", bob.user.wire_id),
    ]


@pytest.mark.parametrize(
    ("path", "request_", "status"),
    [
        ("/prompts", {}, 401),
        ("/nowhere", {}, 404),
        ("/api-auth/login/", {}, 200),
        ("/prompts", {"CONTENT_LENGTH": "9" * 9}, 413),
        ("/prompts", {"HTTP_TRANSFER_ENCODING": "chunked"}, 411),
        ("/prompts", {"HTTP_HOST": "evil.example"}, 400),
    ],
)
def test_every_answer_through_https_asks_for_https(db, settings, path, request_, status):
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True
    response = Client().get(path, secure=True, **request_)
    assert response.status_code == status
    assert response["Strict-Transport-Security"].startswith("max-age=31536000; includeSubDomains")


def test_tokens_keys_and_pages_are_kept_in_no_cache(ada, alice):
    login = {"email": ada.email, "password": PASSWORD}
    key = {"name": "x", "scopes": ["logs:read"]}
    answers = [Caller().post("/auth/login", login), alice.post("/auth/keys", key)]
    pages = [alice.get(path, Accept="text/html") for path in ("/", "/prompts", "/auth/me")]
    for answer in (*answers, *pages):
        assert answer.status_code in {200, 201}
        assert "no-store" in answer["Cache-Control"]
