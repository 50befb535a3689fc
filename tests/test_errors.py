"""One shape for every error: the table of all codes, and that it is complete."""

import re

import pytest
from rest_framework.exceptions import ValidationError

from accounts.permissions import InsufficientScope, OutsideLabels
from promptcrafter import errors
from promptcrafter.conditions import PreconditionFailed
from prompts.models import IdempotencyKey
from prompts.models.idempotency import fingerprint
from tests.callers import Caller

pytestmark = [
    pytest.mark.urls("tests.urls"),
    pytest.mark.filterwarnings("ignore:.*(Bad request|Internal Server Error).*"),
]

MISSING = "prompt_01m83trjvzeb7vw09s9gmd4d3y"
LOGIN = {"email": "nobody@example.com", "password": "x"}
ALICE = {"name": "A", "email": "alice@example.com", "password": "correct horse battery"}
KEY = {"Authorization": "Bearer {key}"}
LIMITED_KEY = {"Authorization": "Bearer {limited_key}"}
RUNNING = {"Idempotency-Key": "running"}
LABEL = "/prompts/{prompt}/labels/production"
LONG_DRAFT = {"content": "{{a}}" * 1_001, "variables": {"a": "x" * 1_000}}
FORM = {"content_type": "application/x-www-form-urlencoded"}

LOGGED = {"output": "o", "modelUsed": "m", "externalId": "run-1"}

# status, code, and the request of alice's that is answered so
ERRORS = [
    (400, "invalid", "POST", "/prompts", {"body": {}}),
    (400, "invalid", "GET", "/search", {}),
    (400, "invalid", "GET", "/prompts?page=2", {}),
    (400, "invalid", "GET", "/search?q=a&q=b", {}),
    (400, "invalid", "GET", "/fail/DataError", {}),
    (400, "parse_error", "POST", "/prompts", {"body": b"{"}),
    (400, "parse_error", "POST", "/prompts", {"body": b"\xff"}),
    (400, "parse_error", "POST", "/prompts", {"body": b"[" * 2000}),
    (400, "parse_error", "PATCH", "/prompts/{prompt}", {"body": "[]"}),
    (400, "malformed_id", "GET", "/prompts/1", {}),
    (400, "unknown_host", "GET", "/prompts", {"headers": {"Host": "evil.example"}}),
    (400, "bad_request", "GET", "/fail/SuspiciousOperation", {}),
    (401, "not_authenticated", "GET", "/prompts", {"headers": {"Authorization": ""}}),
    (401, "invalid_token", "GET", "/prompts", {"headers": {"Authorization": "Bearer x"}}),
    (401, "wrong_credentials", "POST", "/auth/login", {"body": LOGIN}),
    (403, "not_owner", "GET", "/prompts/{bobs}", {}),
    (403, "not_owner", "GET", "/logs?promptId={bobs}", {}),
    (403, "insufficient_scope", "GET", "/prompts", {"headers": KEY}),
    (403, "insufficient_scope", "GET", "/auth/me", {"headers": KEY}),
    (403, "outside_labels", "GET", "/prompts/{prompt}/versions", {"headers": LIMITED_KEY}),
    (404, "not_found", "GET", f"/prompts/{MISSING}", {}),
    (
        404,
        "not_found",
        "POST",
        "/logs",
        {"body": {"promptId": MISSING, "output": "o", "modelUsed": "m"}},
    ),
    (400, "batch_refused", "POST", "/logs/batch?atomic=true", {"body": {"logs": [{}]}}),
    (409, "external_id_taken", "POST", "/logs", {"body": LOGGED}),
    (400, "malformed_version", "GET", "/prompts/{prompt}/versions/0", {}),
    (400, "malformed_version", "GET", "/prompts/{prompt}?version=1e3", {}),
    (400, "malformed_label", "PUT", "/prompts/{prompt}/labels/latest", {"body": {"version": 1}}),
    (404, "no_such_version", "GET", "/prompts/{prompt}/versions/9", {}),
    (404, "label_not_set", "GET", "/prompts/{prompt}/labels/staging", {}),
    (404, "no_such_route", "GET", "/prompts/", {}),
    (404, "no_such_route", "GET", "/prompts/{prompt}/", {}),
    (404, "no_such_route", "GET", "/search/?q=x", {}),
    (404, "no_such_route", "POST", "/auth/login/", {"body": LOGIN}),
    (404, "no_such_route", "GET", "/Prompts", {}),
    (404, "no_such_route", "POST", "/nothing/here", {"body": b"\xff"}),
    (404, "no_such_route", "GET", "/prompts/a%2Fb", {}),
    (404, "no_such_route", "GET", "/%00", {}),
    (405, "method_not_allowed", "PUT", "/prompts/{prompt}", {"body": {}}),
    (405, "method_not_allowed", "DELETE", "/prompts", {}),
    (405, "method_not_allowed", "TRACE", "/prompts", {}),
    (405, "method_not_allowed", "PUT", "/prompts/{prompt}?version=1", {"body": {}}),
    (405, "method_not_allowed", "BREW", "/logs", {}),
    (405, "method_not_allowed", "GET", "/auth/login", {}),
    (405, "method_not_allowed", "POST", "/healthz", {}),
    (405, "method_not_allowed", "DELETE", "/api-auth/login/", {}),
    (409, "email_taken", "POST", "/auth/signup", {"body": ALICE}),
    (409, "version_conflict", "PATCH", "/prompts/{prompt}", {"body": {"baseVersion": 1}}),
    (409, "label_conflict", "PUT", LABEL, {"body": {"version": 1, "expectedVersion": 2}}),
    (400, "missing_variables", "POST", "/render", {"body": {"content": "{{a}}"}}),
    (400, "rendered_too_long", "POST", "/render", {"body": LONG_DRAFT}),
    (409, "nothing_to_roll_back", "POST", f"{LABEL}/rollback", {}),
    (409, "idempotency_key_in_progress", "POST", "/prompts", {"body": {}, "headers": RUNNING}),
    (403, "signups_closed", "GET", "/fail/SignupsClosed", {}),
    (409, "too_many_keys", "GET", "/fail/TooManyKeys", {}),
    (409, "conflict", "GET", "/fail/IntegrityError", {}),
    (
        411,
        "length_required",
        "PATCH",
        "/prompts/{prompt}",
        {"headers": {"Transfer-Encoding": "chunked"}},
    ),
    (412, "precondition_failed", "DELETE", "/prompts/{prompt}", {"headers": {"If-Match": '"1-1"'}}),
    (413, "body_too_large", "POST", "/prompts", {"body": b"x" * 2_621_441}),
    (413, "body_too_large", "POST", "/nothing/here", {"body": b"x" * 2_621_441}),
    (413, "body_too_large", "POST", "/auth/login", {"body": b"x" * 32_769}),
    (413, "body_too_large", "POST", "/auth/me", {"body": b"x" * 32_769}),
    (413, "body_too_large", "GET", "/fail/RequestDataTooBig", {}),
    (413, "body_too_large", "GET", "/fail-outside-the-api/RequestDataTooBig", {}),
    (415, "unsupported_media_type", "POST", "/prompts", {"body": b"{}", "content_type": ""}),
    (415, "unsupported_media_type", "POST", "/prompts", {"body": b"a=b", **FORM}),
    (415, "unsupported_media_type", "PATCH", "/prompts/{prompt}", {"body": b"a=b", **FORM}),
    (415, "unsupported_media_type", "POST", "/logs", {"body": b"{}", "content_type": ""}),
    (415, "unsupported_media_type", "POST", "/auth/login", {"body": b"a=b", **FORM}),
    (
        422,
        "idempotency_key_reused",
        "POST",
        "/prompts",
        {"body": {}, "headers": {"Idempotency-Key": "used"}},
    ),
    (429, "throttled", "GET", "/fail/Throttled", {}),
    (429, "busy", "GET", "/fail/Busy", {}),
    (500, "server_error", "GET", "/fail/RecursionError", {}),
    (500, "server_error", "GET", "/fail-outside-the-api/PermissionError", {}),
    (503, "unavailable", "GET", "/fail/OperationalError", {}),
    (503, "unavailable", "GET", "/fail/InterfaceError", {}),
    (503, "unavailable", "GET", "/fail-outside-the-api/OperationalError", {}),
    (507, "insufficient_storage", "GET", "/fail/FullOfSQLite", {}),
    (507, "insufficient_storage", "GET", "/fail/FullOfPostgreSQL", {}),
    (507, "insufficient_storage", "GET", "/fail-outside-the-api/FullOfSQLite", {}),
]
# Shown where it belongs: test_browser.py (sessions), or not reachable by an API client at all.
ELSEWHERE = {"permission_denied", "csrf_failed"}


# What may stand beside `error` and `code`.
MORE = {
    "invalid": ["fields"],
    "insufficient_scope": ["missing"],
    "missing_variables": ["missing"],
    "outside_labels": ["labels"],
    "label_not_set": ["labels"],
    "external_id_taken": ["logId"],
    "batch_refused": ["items"],
    "label_conflict": ["currentVersion"],
    "version_conflict": ["currentVersion", "changes"],
}


def assert_error(response, status, code):
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response["Content-Type"] == "application/json"
    assert {"error", "code"} <= set(response.json()) <= {"error", "code", *MORE.get(code, ())}
    assert re.fullmatch(r"[^\n]+[.)]", response.json()["error"])
    assert "the inside story" not in response.content.decode()
    assert (response.headers.get("WWW-Authenticate") == "Bearer") == (status == 401)
    assert ("Retry-After" in response.headers) == (status in {429, 503, 507})
    assert status != 405 or response["Allow"]


@pytest.mark.parametrize(
    ("status", "code", "method", "path", "options"), ERRORS, ids=lambda x: str(x)[:40]
)
def test_every_error_has_the_one_shape(
    alice, bob, make_prompt, make_key, status, code, method, path, options
):
    prompt = make_prompt(alice)
    prompt.edit(title="Version 2", author=alice.user)
    prompt.set_label("production", to=1, actor=alice.user)
    claim = IdempotencyKey.objects.claim
    claim(alice.user, "running", fingerprint("POST", "/prompts", {}))
    claim(alice.user, "used", "another request's")
    if "headers" in options:
        tokens = {
            "key": make_key(alice, "logs:read"),
            "limited_key": make_key(alice, "prompts:read", labels=["live"]),
        }
        words = {name: each.token for name, each in tokens.items()}
        headers = {name: value.format(**words) for name, value in options["headers"].items()}
        options = options | {"headers": headers}
    prompt.logs.create(output="o", model_used="m", external_id="run-1")
    if options.get("body") is LOGGED:
        options = {"body": LOGGED | {"promptId": prompt.wire_id}}
    path = path.format(prompt=prompt.wire_id, bobs=make_prompt(bob).wire_id)
    assert_error(alice.send(method, path, **options), status, code)


def test_the_table_has_every_code():
    of_frameworks = {"invalid", "parse_error", "invalid_token", "not_owner", "server_error"}
    known = {code for _, code, _ in errors.KNOWN.values()} | of_frameworks
    of_ours = (errors.LengthRequired, PreconditionFailed, InsufficientScope, OutsideLabels)
    known |= {each.default_code for each in of_ours}
    assert {code for _, code, *_ in ERRORS} == known - ELSEWHERE


@pytest.mark.parametrize("name", ["OperationalError", "InterfaceError", "IntegrityError"])
def test_what_the_database_said_is_logged_and_not_told(alice, caplog, name):
    assert "the inside story" not in alice.get(f"/fail/{name}").content.decode()
    assert "the inside story" in caplog.text


@pytest.mark.parametrize("length", ["²", "9" * 5000, "-1", "x"])
def test_a_length_that_is_no_number_does_no_harm(alice, length):
    response = alice.client.generic(
        "POST", "/prompts", b"{}", "application/json", CONTENT_LENGTH=length, headers=alice.headers
    )
    assert 400 <= response.status_code < 500


def test_an_error_without_a_field_is_shaped_too():
    for error in (ValidationError("Alone."), ValidationError(["Alone."])):
        assert errors.describe(error).body["fields"] == {"non_field_errors": ["Alone."]}


def test_several_invalid_fields_are_all_named(alice):
    body = alice.post("/prompts", {"title": "x", "tags": 1}).json()
    assert body["error"] == "title: Use at least 3 characters. (3 more in `fields`.)"
    assert set(body["fields"]) == {"title", "content", "model", "tags"}


def test_allow_lists_the_methods_that_a_route_takes(alice, make_prompt):
    response = alice.send("PUT", f"/prompts/{make_prompt(alice).wire_id}", {})
    assert set(response["Allow"].split(", ")) == {"GET", "PATCH", "DELETE", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("accept", ["application/xml", "text/plain", "nonsense", "", "a/b" * 5000])
def test_an_accept_header_that_can_not_be_met_is_answered_in_json(alice, accept):
    assert alice.get("/prompts", Accept=accept).json() == []
    assert_error(Caller().get("/prompts", Accept=accept), 401, "not_authenticated")


def test_no_answer_is_used_again_unasked(alice, make_prompt):
    for path in ("/prompts", f"/prompts/{make_prompt(alice).wire_id}", "/nowhere", "/healthz"):
        assert alice.get(path)["Cache-Control"] == "private, no-cache"
