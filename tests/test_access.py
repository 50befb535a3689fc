"""Who may do what: every route of the API, for each kind of caller."""

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
    """Sends a row of the table, with alice's prompt and log in it."""
    prompt = make_prompt(alice, content=SECRET)
    log = make_log(prompt, output=SECRET)

    def fill(value):
        if isinstance(value, dict):
            return {name: fill(inner) for name, inner in value.items()}
        return value.format(prompt=prompt.wire_id, log=log.wire_id)

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
    ids = {"prompts/{prompt}": "prompts/<pk>", "logs/{log}": "logs/<pk>"}
    listed = {(method, path.partition("?")[0]) for method, path, *_ in ACCESS}
    for ours, theirs in ids.items():
        listed = {(method, path.replace(ours, theirs)) for method, path in listed}
    assert listed == set(routes())
