"""How the API describes itself: true to the code, complete, and the same in all places."""

import re
import subprocess
import sys

import orjson
import pytest
from drf_spectacular.renderers import OpenApiYamlRenderer
from hypothesis import given
from hypothesis import strategies as st

from promptcrafter import ids
from promptcrafter.description import description
from promptcrafter.labels import MalformedLabel, check_name
from promptcrafter.openapi.fields import LABEL, NOT_BLANK, TAG
from promptcrafter.openapi.tables import CODES, TAGS
from prompts import tags
from tests.live import ROOT
from tests.routes import routes
from tests.story import HEADERS
from tests.test_errors import ERRORS

OPERATIONS = {
    (method.upper(), path): operation
    for path, methods in description()["paths"].items()
    for method, operation in methods.items()
}


def test_the_committed_description_is_the_codes():
    written = (ROOT / "docs/openapi.yaml").read_bytes()
    assert written == OpenApiYamlRenderer().render(description()), "run `make docs`"


def test_it_is_served_to_anybody(anonymous):
    response = anonymous.get("/openapi.json")
    assert response["Content-Type"] == "application/json"
    assert response.json() == orjson.loads(orjson.dumps(description()))


def test_every_route_is_described():
    described = {(method, re.sub(r"\{\w+\}", "<>", path)) for method, path in OPERATIONS}
    assert described == {(method, re.sub(r"<\w+>", "<>", path)) for method, path in routes()}


def test_every_operation_has_words_a_name_and_a_known_tag():
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name) for name in names)
    for operation in OPERATIONS.values():
        assert operation["summary"]
        assert set(operation["tags"]) <= set(TAGS)


def test_every_error_is_described():
    answered = {code: status for status, code, *_ in ERRORS}
    answered["permission_denied"] = 403  # which test_browser.py shows
    assert answered == {code: status for code, (status, _) in CODES.items()}


def test_what_needs_a_caller_takes_a_token_or_a_session_with_its_csrf_token():
    for (method, _), operation in OPERATIONS.items():
        by = [set(each) for each in operation["security"]]
        session = {"session"} if method == "GET" else {"session", "csrf"}
        assert by in ([], [{"bearer"}, session])
        answers = operation["responses"]
        assert ("permission_denied" in str(answers.get("403"))) == (bool(by) and method != "GET")


def test_every_header_that_a_client_reads_or_sends_is_described():
    components = description()["components"]
    assert set(components["headers"]) == {*HEADERS, "ETag-of-a-list"} - {"Location"}
    assert set(components["parameters"]) == {"If-Match", "If-None-Match", "Idempotency-Key"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/prompts", "Prompt"),
        ("/prompts/{id}", "Prompt"),
        ("/prompts/{id}/versions", "Version"),
        ("/prompts/{id}/versions/1", "Version"),
        ("/prompts/{id}/labels", "Label"),
        ("/prompts/{id}/labels/production", "Label"),
        ("/prompts/{id}/labels/production/history", "LabelMove"),
        ("/prompts/{id}/diff?from=1", "Diff"),
        ("/logs", "Log"),
        ("/prompts/{id}/stats", "Summary"),
        ("/prompts/{id}/compare?a=1&b=2", "Comparison"),
        ("/leaderboard?minScored=2", "RankedPrompt"),
        ("/trash", "TrashedPrompt"),
        ("/auth/me", "Me"),
        ("/auth/keys", "ApiKey"),
        ("/auth/sessions", "Session"),
    ],
)
def test_an_answer_has_the_described_fields(alice, make_prompt, make_log, path, name):
    prompt = make_prompt(alice)
    prompt.set_label("production", to=1, actor=alice.user)
    prompt.edit(author=alice.user, title="Version 2")
    for _ in range(2):
        make_log(prompt, score=7)
    make_prompt(alice).move_to_trash()
    alice.post("/auth/keys", {"name": "CI", "scopes": ["prompts:read"]})
    answer = alice.get(path.format(id=prompt.wire_id)).json()
    described = description()["components"]["schemas"][name]
    assert set(answer[0] if isinstance(answer, list) else answer) == {*described["properties"]}
    assert sorted(described["required"]) == sorted(described["properties"])


# What the patterns say, held against the code that refuses.


def test_the_pattern_of_ids():
    assert re.fullmatch(ids.pattern("log"), ids.encode("log", ids.new_key()))


def test_the_pattern_of_text_knows_all_white_space():
    for character in map(chr, [*range(0xD800), *range(0xE000, 0x110000)]):
        is_text = bool(character.strip()) and character != "\0"
        assert bool(re.search(NOT_BLANK, character)) == is_text, repr(character)


@given(st.text("ab \x00\x1c\u2003", max_size=60))
def test_the_pattern_of_a_tag(text):
    assert bool(re.search(TAG, text)) == is_accepted(lambda: tags.clean([text]))


@given(st.from_regex(r"\A(latest|v?[0-9]{1,3}|[a-cA-C0-9._-]{0,40})\Z"))
def test_the_schema_of_a_label(name):
    schema = LABEL
    is_described = len(name) <= schema["maxLength"] and re.search(schema["pattern"], name)
    assert bool(is_described) == is_accepted(lambda: check_name(name))


def is_accepted(check):
    try:
        check()
    except (MalformedLabel, ValueError):
        return False
    return True


def test_a_new_process_describes_itself_to_many_at_once():
    """Without its lock each such process fails one of them."""
    code = (
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings';"
        "import django; django.setup();"
        "from concurrent.futures import ThreadPoolExecutor;"
        "from promptcrafter.description import description;"
        "found = ThreadPoolExecutor(4).map(lambda _: len(description()['paths']), range(4));"
        "assert len({*found}) == 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
