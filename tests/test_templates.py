"""Filling in prompts, through the API."""

import pytest
from django.test import override_settings

from accounts.models import Scope

CONTENT = "Write {{count=three}} lines about {{topic}} for {{ reader }}. Not {{topic}}: {x} \\{{y}}"


@pytest.fixture
def template(alice, make_prompt):
    return make_prompt(alice, content=CONTENT)


def render(caller, prompt, **body):
    return caller.post(f"/prompts/{prompt.wire_id}/render", body)


def test_a_prompt_tells_its_variables(alice):
    body = {"title": "Lines", "content": CONTENT, "model": "m"}
    saved = alice.post("/prompts", body).json()
    variables = [{"name": "count", "default": "three"}, {"name": "topic"}, {"name": "reader"}]
    assert saved["variables"] == variables
    path = f"/prompts/{saved['_id']}"
    edited = alice.patch(path, {"content": "{{b}}"}).json()
    assert edited["variables"] == [{"name": "b"}]
    assert alice.get(path).json()["variables"] == [{"name": "b"}]
    assert alice.get(f"{path}?version=1").json()["variables"] == variables
    assert [v["variables"] for v in alice.get(f"{path}/versions").json()] == [
        [{"name": "b"}],
        variables,
    ]
    for listed in ("/prompts", "/prompts?content=none", "/search?q=lines"):
        assert alice.get(listed).json()[0]["variables"] == [{"name": "b"}]
    restored = alice.post(f"{path}/versions/1/restore").json()
    assert restored["variables"] == variables


def test_a_prompt_is_filled_in(alice, template):
    response = render(alice, template, variables={"topic": "rain", "reader": None, "more": 1})
    assert response.status_code == 200
    assert response.json() == {
        "content": "Write three lines about rain for . Not rain: {x} {{y}}",
        "version": 1,
        "used": ["topic", "reader"],
        "unused": ["more"],
        "missing": [],
    }
    assert alice.get(f"/prompts/{template.wire_id}").json()["content"] == CONTENT


def test_a_missing_value_is_an_error_unless_it_is_said_not_to_be(alice, template):
    response = render(alice, template)
    assert response.status_code == 400
    problem = response.json()
    assert (problem["code"], problem["missing"]) == ("missing_variables", ["topic", "reader"])
    assert "`topic`, `reader`" in problem["error"]
    many = "".join(f"{{{{v{number}}}}}" for number in range(11))
    sentence = alice.post("/render", {"content": many}).json()["error"]
    assert "`v9` …" in sentence
    assert "`v10`" not in sentence
    assert render(alice, template, strict=True, variables={"topic": ""}).status_code == 400
    found = render(alice, template, strict=False, variables={"topic": "rain"}).json()
    assert found["content"].startswith("Write three lines about rain for {{ reader }}.")
    assert found["missing"] == ["reader"]


def test_a_value_that_looks_like_a_variable_comes_out_as_it_went_in(alice, template):
    values = {"topic": "{{reader}} {{secret}} \\{{", "reader": "{{topic}}"}
    content = render(alice, template, variables=values).json()["content"]
    assert content.startswith("Write three lines about {{reader}} {{secret}} \\{{ for {{topic}}.")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b", "a b"),
        ("\0", "\0"),
        (12, "12"),
        (1.5, "1.5"),
        (True, "true"),
        (False, "false"),
        ([1, {"é": None}], '[1, {"é": null}]'),
        ({}, "{}"),
    ],
)
def test_any_json_can_be_filled_in(alice, make_prompt, value, text):
    prompt = make_prompt(alice, content="{{x}}")
    assert render(alice, prompt, variables={"x": value}).json()["content"] == text


def test_it_can_be_an_older_version_or_what_is_released(alice, template):
    template.set_label("production", to=1, actor=alice.user)
    template.edit(author=alice.user, content="New {{topic}}")
    values = {"topic": "rain", "reader": "ducks"}
    newest = render(alice, template, variables=values).json()
    assert (newest["content"], newest["version"], newest["unused"]) == ("New rain", 2, ["reader"])
    for which in ({"version": 1}, {"label": "production"}):
        older = render(alice, template, variables=values, **which).json()
        assert (older["version"], older["unused"]) == (1, [])
    assert render(alice, template, variables=values, version="latest").json()["version"] == 2
    for which, status, code in (
        ({"version": 3}, 404, "no_such_version"),
        ({"label": "canary"}, 404, "label_not_set"),
        ({"label": "1"}, 400, "malformed_label"),
        ({"version": 1, "label": "production"}, 400, "invalid"),
        ({"version": "1"}, 400, "invalid"),
    ):
        response = render(alice, template, variables=values, **which)
        assert (response.status_code, response.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "body",
    [
        '{"variables": []}',
        '{"variables": "x"}',
        '{"variables": null}',
        '{"variables": {"x": 1e999}}',
        '{"variables": {"x": [-1e999]}}',
        '{"variables": {"x": "\\ud800"}}',
        '{"variables": {"x": {"\\ud800": 1}}}',
        '{"variables": {"\\ud800": 1}}',
        '{"variables": {"x": ' + "[" * 500 + "]" * 500 + "}}",
        '{"variables": {' + ",".join(f'"v{number}": 1' for number in range(1_001)) + "}}",
        '{"strict": "false"}',
        '{"strict": null}',
        '{"version": 0}',
        '{"version": true}',
        '{"label": null}',
    ],
)
def test_what_can_not_be_filled_in_is_refused(alice, make_prompt, body):
    prompt = make_prompt(alice, content="{{x=}}")
    path = f"/prompts/{prompt.wire_id}/render"
    response = alice.client.post(path, body, content_type="application/json", headers=alice.headers)
    if "[[[" in body and response.status_code == 200:
        return  # nested deeply, but not too deeply to be written
    assert response.status_code == 400, response.content
    assert response.json()["code"] in {"invalid", "malformed_label", "parse_error"}


@override_settings(MAX_RENDERED_BYTES=1_000)
def test_what_comes_out_is_no_longer_than_the_server_allows(alice, make_prompt):
    prompt = make_prompt(alice, content="{{x}}" * 10)
    assert render(alice, prompt, variables={"x": "é" * 50}).status_code == 200
    response = render(alice, prompt, variables={"x": "é" * 51})
    assert (response.status_code, response.json()["code"]) == (400, "rendered_too_long")
    assert "1000 bytes" in response.json()["error"]


def test_a_prompt_of_somebody_else_is_not_filled_in(alice, bob, template):
    values = {"topic": "rain", "reader": "ducks"}
    assert render(bob, template, variables=values).status_code == 403
    template.move_to_trash()
    assert render(alice, template, variables=values).status_code == 404


def test_a_key_that_may_read_may_fill_in(alice, make_key, template):
    values = {"topic": "rain", "reader": "ducks"}
    assert (
        render(make_key(alice, Scope.PROMPTS_READ), template, variables=values).status_code == 200
    )
    writer = make_key(alice, Scope.PROMPTS_WRITE)
    for path in (f"/prompts/{template.wire_id}/render", "/render", "/render/check"):
        assert writer.post(path, {"content": "x"}).json()["code"] == "insufficient_scope"


def test_a_key_that_is_limited_to_labels_fills_in_what_they_release(alice, make_key, template):
    limited = make_key(alice, Scope.PROMPTS_READ, labels=["production"])
    values = {"topic": "rain", "reader": "ducks"}
    assert render(limited, template, variables=values).status_code == 404
    template.set_label("production", to=1, actor=alice.user)
    template.edit(author=alice.user, content="A draft")
    assert render(limited, template, variables=values).json()["version"] == 1
    for which in ({"version": 2}, {"version": "latest"}, {"label": "canary"}):
        response = render(limited, template, variables=values, **which)
        assert response.json()["code"] == "outside_labels"
    assert limited.post("/render", {"content": "{{a}}", "variables": {"a": 1}}).json()["used"] == [
        "a"
    ]


def test_a_draft_is_filled_in_and_nothing_is_stored(alice):
    body = {"content": "{{a}} {{b=2}}", "variables": {"a": "{{b}}", "c": 0}}
    assert alice.post("/render", body).json() == {
        "content": "{{b}} 2",
        "used": ["a"],
        "unused": ["c"],
        "missing": [],
    }
    assert alice.post("/render", {"content": "{{a}}"}).json()["code"] == "missing_variables"
    assert alice.post("/render", {"content": ""}).json()["code"] == "invalid"
    assert alice.get("/prompts").json() == []


def test_a_draft_is_checked(alice):
    response = alice.post("/render/check", {"content": "{{a=1}} {name} {{ na me }}"})
    assert response.json()["variables"] == [{"name": "a", "default": "1"}]
    assert [(each["text"], each["start"], each["end"]) for each in response.json()["warnings"]] == [
        ("{name}", 8, 14),
        ("{{ na me }}", 15, 26),
    ]


def test_an_edit_says_which_variables_it_took_away(alice, template):
    template.set_label("production", to=1, actor=alice.user)
    template.set_label("canary", to=1, actor=alice.user)
    path = f"/prompts/{template.wire_id}"
    assert "warnings" not in alice.patch(path, {"title": "Other"}).json()
    template.refresh_from_db()
    template.set_label("canary", to=2, actor=alice.user)
    edited = alice.patch(path, {"content": "{{count}} {{subject}} {{reader}}"}).json()
    assert edited["warnings"] == [
        "removed variable `topic`, which canary (v2) and production (v1) use"
    ]
    edited = alice.patch(path, {"content": "{{reader}} {{topic}}"}).json()
    assert edited["warnings"] == [
        "removed variable `count`, which canary (v2) and production (v1) use",
        "removed variable `subject`",
    ]
    assert "warnings" not in alice.get(path).json()
