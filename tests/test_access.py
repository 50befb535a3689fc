"""Who may do what: every route of the API, for each kind of caller."""

import re

import pytest

from tests.routes import routes

PROMPT = {"title": "A title", "content": "Some content.", "model": "GPT-4o"}
SIGNUP = {"name": "Carol", "email": "carol@example.com", "password": "correct horse battery"}

# method, path, body, and the status for: nobody, somebody else, the owner
ACCESS = [
    ("GET", "/", None, 401, 200, 200),
    ("GET", "/prompts", None, 401, 200, 200),
    ("POST", "/prompts", PROMPT, 401, 201, 201),
    ("GET", "/prompts/{prompt}", None, 401, 403, 200),
    ("PATCH", "/prompts/{prompt}", {"title": "Mine now"}, 401, 403, 200),
    ("DELETE", "/prompts/{prompt}", None, 401, 403, 204),
    ("GET", "/prompts/{prompt}?version=1", None, 401, 403, 200),
    ("GET", "/prompts/{prompt}?label=production", None, 401, 403, 200),
    ("GET", "/prompts?label=production", None, 401, 200, 200),
    ("GET", "/prompts/{prompt}/versions", None, 401, 403, 200),
    ("GET", "/prompts/{prompt}/versions/1", None, 401, 403, 200),
    ("POST", "/prompts/{prompt}/versions/1/restore", None, 401, 403, 201),
    ("GET", "/prompts/{prompt}/diff?from=1&to=latest", None, 401, 403, 200),
    ("GET", "/prompts/{prompt}/labels", None, 401, 403, 200),
    ("GET", "/prompts/{prompt}/labels/production", None, 401, 403, 200),
    ("PUT", "/prompts/{prompt}/labels/production", {"version": "latest"}, 401, 403, 200),
    ("PUT", "/prompts/{prompt}/labels/new", {"version": "latest"}, 401, 403, 201),
    ("DELETE", "/prompts/{prompt}/labels/production", None, 401, 403, 204),
    ("GET", "/prompts/{prompt}/labels/production/history", None, 401, 403, 200),
    ("POST", "/prompts/{prompt}/labels/production/rollback", None, 401, 403, 200),
    ("GET", "/trash", None, 401, 200, 200),
    ("DELETE", "/trash/{trashed}", None, 401, 403, 204),
    ("POST", "/trash/{trashed}/restore", None, 401, 403, 200),
    ("GET", "/prompts/{trashed}", None, 401, 404, 404),
    ("GET", "/prompts/{trashed}/versions/1", None, 401, 404, 404),
    ("GET", "/logs?promptId={trashed}", None, 401, 404, 404),
    ("DELETE", "/logs/{trashed_log}", None, 401, 404, 404),
    ("DELETE", "/trash/{prompt}", None, 401, 404, 404),
    ("GET", "/logs", None, 401, 200, 200),
    ("GET", "/logs?promptId={prompt}", None, 401, 403, 200),
    ("POST", "/logs", {"promptId": "{prompt}", "output": "o", "modelUsed": "m"}, 401, 404, 201),
    ("DELETE", "/logs/{log}", None, 401, 403, 204),
    ("GET", "/search?q=title", None, 401, 200, 200),
    ("POST", "/auth/signup", SIGNUP, 201, 201, 201),
    ("POST", "/auth/login", {"email": "x", "password": "y"}, 401, 401, 401),
    ("GET", "/healthz", None, 200, 200, 200),
    ("GET", "/readyz", None, 200, 200, 200),
]
SECRET = "nobody else's business"


@pytest.fixture
def send(alice, make_prompt, make_log):
    """Sends a row of the table, with alice's things in it."""
    prompt, trashed = (make_prompt(alice, content=SECRET) for _ in range(2))
    log, trashed_log = (make_log(each, output=SECRET) for each in (prompt, trashed))
    prompt.set_label("production", to=1, actor=alice.user)
    prompt.edit(title="Version 2", author=alice.user)
    prompt.set_label("production", to=2, actor=alice.user)
    trashed.move_to_trash()
    things = {"prompt": prompt, "trashed": trashed, "log": log, "trashed_log": trashed_log}
    ids = {name: thing.wire_id for name, thing in things.items()}

    def fill(value):
        if isinstance(value, dict):
            return {name: fill(inner) for name, inner in value.items()}
        return value.format(**ids)

    return lambda caller, method, path, body: caller.send(method, fill(path), body and fill(body))


@pytest.mark.parametrize("row", ACCESS, ids=lambda row: f"{row[0]} {row[1]}")
@pytest.mark.parametrize("who", ["anonymous", "bob", "alice"])
def test_each_caller_gets_what_is_theirs(request, send, row, who):
    method, path, body, *expected = row
    caller = request.getfixturevalue(who)
    response = send(caller, method, path, body)
    assert response.status_code == expected[["anonymous", "bob", "alice"].index(who)]
    assert who == "alice" or SECRET not in response.content.decode()


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
