"""Who may do what: every route of the API, for each kind of caller."""

import re

import pytest

from accounts import tokens
from accounts.models import LIMITED_SCOPES
from tests.callers import Caller
from tests.routes import routes

PROMPT = {"title": "A title", "content": "Some content.", "model": "GPT-4o"}
SIGNUP = {"name": "Carol", "email": "carol@example.com", "password": "correct horse battery"}

PASSWORD = "correct horse battery"
NEW_PASSWORD = {"currentPassword": PASSWORD, "newPassword": "battery staple horse"}
LATEST = {"version": "latest"}
OUTPUT = {"output": "o", "modelUsed": "m"}

DRAFT = {"content": "{{a=1}}"}

LIKE_A_LOG, UNLIKE_A_LOG = (401, 404, 201, 403, 201), (401, 404, 201, 403, 403)

# method, path, body, and the status for: nobody, somebody else, the owner, a key of the owner's
# that may only read, and one that may do anything as of the label `production`
ACCESS = [
    ("GET", "/", None, 401, 200, 200, 200, 200),
    ("GET", "/prompts", None, 401, 200, 200, 200, 200),
    ("POST", "/prompts", PROMPT, 401, 201, 201, 403, 403),
    ("GET", "/prompts/{prompt}", None, 401, 403, 200, 200, 200),
    ("GET", "/prompts/{unreleased}", None, 401, 403, 200, 200, 404),
    ("PATCH", "/prompts/{prompt}", {"title": "Mine now"}, 401, 403, 200, 403, 403),
    ("DELETE", "/prompts/{prompt}", None, 401, 403, 204, 403, 403),
    ("GET", "/prompts/{prompt}?version=1", None, 401, 403, 200, 200, 403),
    ("GET", "/prompts/{prompt}?label=production", None, 401, 403, 200, 200, 200),
    ("GET", "/prompts/{prompt}?label=staging", None, 401, 403, 200, 200, 403),
    ("GET", "/prompts?label=production", None, 401, 200, 200, 200, 200),
    ("GET", "/prompts?label=staging", None, 401, 200, 200, 200, 403),
    ("GET", "/prompts/{prompt}/versions", None, 401, 403, 200, 200, 403),
    ("GET", "/prompts/{prompt}/versions/1", None, 401, 403, 200, 200, 403),
    ("POST", "/prompts/{prompt}/versions/1/restore", None, 401, 403, 201, 403, 403),
    ("GET", "/prompts/{prompt}/diff?from=1&to=latest", None, 401, 403, 200, 200, 403),
    ("GET", "/prompts/{prompt}/labels", None, 401, 403, 200, 200, 200),
    ("GET", "/prompts/{prompt}/labels/production", None, 401, 403, 200, 200, 200),
    ("GET", "/prompts/{prompt}/labels/staging", None, 401, 403, 200, 200, 403),
    ("PUT", "/prompts/{prompt}/labels/production", LATEST, 401, 403, 200, 403, 200),
    ("PUT", "/prompts/{unreleased}/labels/production", LATEST, 401, 403, 201, 403, 201),
    ("PUT", "/prompts/{prompt}/labels/new", LATEST, 401, 403, 201, 403, 403),
    ("DELETE", "/prompts/{prompt}/labels/production", None, 401, 403, 204, 403, 204),
    ("DELETE", "/prompts/{prompt}/labels/staging", None, 401, 403, 204, 403, 403),
    ("GET", "/prompts/{prompt}/labels/production/history", None, 401, 403, 200, 200, 403),
    ("POST", "/prompts/{prompt}/labels/production/rollback", None, 401, 403, 200, 403, 200),
    ("POST", "/prompts/{prompt}/labels/staging/rollback", None, 401, 403, 409, 403, 403),
    ("POST", "/prompts/{prompt}/render", {}, 401, 403, 200, 200, 200),
    ("POST", "/prompts/{unreleased}/render", {}, 401, 403, 200, 200, 404),
    ("POST", "/prompts/{trashed}/render", {}, 401, 404, 404, 404, 404),
    ("POST", "/prompts/{prompt}/render", {"version": 1}, 401, 403, 200, 200, 403),
    ("POST", "/prompts/{prompt}/render", {"label": "production"}, 401, 403, 200, 200, 200),
    ("POST", "/prompts/{prompt}/render", {"label": "staging"}, 401, 403, 200, 200, 403),
    ("POST", "/render", DRAFT, 401, 200, 200, 200, 200),
    ("POST", "/render/check", DRAFT, 401, 200, 200, 200, 200),
    ("GET", "/trash", None, 401, 200, 200, 200, 403),
    ("DELETE", "/trash/{trashed}", None, 401, 403, 204, 403, 403),
    ("POST", "/trash/{trashed}/restore", None, 401, 403, 200, 403, 403),
    ("GET", "/prompts/{trashed}", None, 401, 404, 404, 404, 404),
    ("GET", "/prompts/{trashed}/versions/1", None, 401, 404, 404, 404, 403),
    ("GET", "/logs?promptId={trashed}", None, 401, 404, 404, 404, 403),
    ("DELETE", "/logs/{trashed_log}", None, 401, 404, 404, 403, 403),
    ("DELETE", "/trash/{prompt}", None, 401, 404, 404, 403, 403),
    ("GET", "/logs", None, 401, 200, 200, 200, 403),
    ("GET", "/logs?promptId={prompt}", None, 401, 403, 200, 200, 403),
    ("POST", "/logs", {"promptId": "{prompt}", **OUTPUT}, 401, 404, 201, 403, 201),
    ("POST", "/logs", {"promptId": "{unreleased}", **OUTPUT}, 401, 404, 201, 403, 404),
    ("POST", "/logs", {"promptId": "{prompt}", "label": "production", **OUTPUT}, *LIKE_A_LOG),
    ("POST", "/logs", {"promptId": "{prompt}", "version": 2, **OUTPUT}, *LIKE_A_LOG),
    ("POST", "/logs", {"promptId": "{prompt}", "version": 3, **OUTPUT}, *UNLIKE_A_LOG),
    ("POST", "/logs", {"promptId": "{prompt}", "label": "staging", **OUTPUT}, *UNLIKE_A_LOG),
    ("POST", "/logs/batch", {"logs": [{"promptId": "{prompt}"}]}, 401, 200, 200, 403, 200),
    ("GET", "/logs/{log}", None, 401, 403, 200, 200, 403),
    ("GET", "/logs/{trashed_log}", None, 401, 404, 404, 404, 403),
    ("PATCH", "/logs/{log}", {"score": 7}, 401, 403, 200, 403, 403),
    ("PATCH", "/logs/{trashed_log}", {"score": 7}, 401, 404, 404, 403, 403),
    ("GET", "/prompts/{prompt}/stats", None, 401, 403, 200, 200, 403),
    ("GET", "/prompts/{trashed}/stats", None, 401, 404, 404, 404, 403),
    ("GET", "/prompts/{prompt}/compare?a=1&b=2", None, 401, 403, 200, 200, 403),
    ("GET", "/prompts/{trashed}/compare?a=1&b=2", None, 401, 404, 404, 404, 403),
    ("GET", "/leaderboard", None, 401, 200, 200, 200, 403),
    ("DELETE", "/logs/{log}", None, 401, 403, 204, 403, 403),
    ("GET", "/search?q=title", None, 401, 200, 200, 200, 200),
    ("GET", "/search?q=title&label=production", None, 401, 200, 200, 200, 200),
    ("GET", "/search?q=title&label=staging", None, 401, 200, 200, 200, 403),
    ("GET", "/tags", None, 401, 200, 200, 200, 200),
    ("GET", "/models", None, 401, 200, 200, 200, 200),
    ("GET", "/prompts/batch?id={prompt}", None, 401, 200, 200, 200, 200),
    ("GET", "/prompts/batch?id={prompt}&label=production", None, 401, 200, 200, 200, 200),
    ("GET", "/prompts/batch?id={prompt}&label=staging", None, 401, 200, 200, 200, 403),
    ("POST", "/auth/signup", SIGNUP, 201, 201, 201, 201, 201),
    ("POST", "/auth/login", {"email": "x", "password": "y"}, 401, 401, 401, 401, 401),
    ("POST", "/auth/refresh", {"refresh": "{refresh}"}, 200, 200, 200, 200, 200),
    ("POST", "/auth/logout", {"refresh": "{refresh}"}, 204, 204, 204, 204, 204),
    ("GET", "/auth/me", None, 401, 200, 200, 403, 403),
    ("PATCH", "/auth/me", {"name": "A new one"}, 401, 200, 200, 403, 403),
    ("DELETE", "/auth/me", {"password": PASSWORD}, 401, 400, 204, 403, 403),
    ("POST", "/auth/password", NEW_PASSWORD, 401, 400, 204, 403, 403),
    ("POST", "/auth/password/reset", {"email": "x@example.com"}, 202, 202, 202, 202, 202),
    ("GET", "/auth/sessions", None, 401, 200, 200, 403, 403),
    ("DELETE", "/auth/sessions/{session}", None, 401, 403, 204, 403, 403),
    ("GET", "/auth/keys", None, 401, 200, 200, 403, 403),
    ("POST", "/auth/keys", {"name": "CI", "scopes": ["logs:read"]}, 401, 201, 201, 403, 403),
    ("DELETE", "/auth/keys/{key}", None, 401, 403, 204, 403, 403),
    ("GET", "/openapi.json", None, 200, 200, 200, 200, 200),
    ("GET", "/healthz", None, 200, 200, 200, 200, 200),
    ("GET", "/readyz", None, 200, 200, 200, 200, 200),
]
CALLERS = ["anonymous", "bob", "alice", "reader", "limited"]
SECRET = "nobody else's business"


@pytest.fixture
def alice(make_user):
    return Caller(make_user("alice", PASSWORD))


@pytest.fixture
def reader(alice, make_key):
    return make_key(alice, "prompts:read", "logs:read")


@pytest.fixture
def limited(alice, make_key):
    return make_key(alice, *LIMITED_SCOPES, labels=["production"])


@pytest.fixture
def send(alice, make_prompt, make_log, make_key):
    """Sends a row of the table, with alice's things in it."""
    prompt, trashed, unreleased = (make_prompt(alice, content=SECRET) for _ in range(3))
    log, trashed_log = (make_log(each, output=SECRET) for each in (prompt, trashed))
    for name, version in (("production", 1), ("staging", 1)):
        prompt.set_label(name, to=version, actor=alice.user)
    prompt.edit(title="Version 2", author=alice.user)
    prompt.set_label("production", to=2, actor=alice.user)
    prompt.edit(title="Version 3", author=alice.user)
    trashed.move_to_trash()
    make_key(alice, "logs:read")
    things = {
        "prompt": prompt,
        "trashed": trashed,
        "unreleased": unreleased,
        "log": log,
        "trashed_log": trashed_log,
        "key": alice.user.api_keys.first(),
        "session": alice.user.sessions.first(),
    }
    words = {name: thing.wire_id for name, thing in things.items()}
    words["refresh"] = tokens.issue(alice.user).refresh

    def fill(value):
        if isinstance(value, dict):
            return {name: fill(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [fill(inner) for inner in value]
        return value.format(**words) if isinstance(value, str) else value

    return lambda caller, method, path, body: caller.send(method, fill(path), body and fill(body))


def _name(row):
    return f"{row[0]} {row[1]}"


@pytest.mark.parametrize("row", ACCESS, ids=_name)
@pytest.mark.parametrize("who", CALLERS)
def test_each_caller_gets_what_is_theirs(request, send, row, who):
    method, path, body, *expected = row
    caller = request.getfixturevalue(who)
    response = send(caller, method, path, body)
    assert response.status_code == expected[CALLERS.index(who)]
    assert who not in {"anonymous", "bob"} or SECRET not in response.content.decode()


@pytest.mark.parametrize("row", ACCESS, ids=_name)
@pytest.mark.parametrize("who", ["alice", "limited"])
def test_each_answer_has_a_page_too(request, send, row, who):
    method, path, body, *expected = row
    caller = request.getfixturevalue(who)
    caller.headers["Accept"] = "text/html"
    status = send(caller, method, path, body).status_code
    wanted = expected[CALLERS.index(who)]
    assert status == {204: 200}.get(wanted, wanted)  # a page that says 204
    assert send(caller, "OPTIONS", path, None).status_code < 500


# Probes are called by machines that add what they like.
@pytest.mark.parametrize("row", [row for row in ACCESS if not row[1].endswith("z")], ids=_name)
def test_a_parameter_that_is_not_known_is_named(alice, send, row):
    method, path, body, *_ = row
    mark = "&" if "?" in path else "?"
    for query in ("nonsense=1", "%00=", "nonsense=1&nonsense=2"):
        response = send(alice, method, f"{path}{mark}{query}", body)
        name = query.partition("=")[0].replace("%00", "\0")
        assert (response.status_code, list(response.json()["fields"])) == (400, [name])


@pytest.mark.parametrize(
    "row", [row for row in ACCESS if "?" in row[1] and "?id=" not in row[1]], ids=_name
)
def test_a_parameter_that_is_sent_twice_is_named(alice, send, row):
    method, path, body, *_ = row
    query = path.partition("?")[2]
    response = send(alice, method, f"{path}&{query}", body)
    names = [pair.partition("=")[0] for pair in query.split("&")]
    assert (response.status_code, list(response.json()["fields"])) == (400, names)


def test_the_table_has_every_route():
    listed = {(method, _as_route(path)) for method, path, *_ in ACCESS}
    assert listed == set(routes())


def _as_route(path):
    path = path.partition("?")[0]
    for pattern, parameter in {
        r"/\{\w+\}": "/<pk>",
        r"/versions/\d+": "/versions/<number>",
        r"/labels/\w+": "/labels/<name>",
    }.items():
        path = re.sub(pattern, parameter, path)
    return path
