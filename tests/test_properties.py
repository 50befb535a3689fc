"""What holds for any input at all."""

import json
from contextlib import suppress
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError, ValidationError

from accounts import keys
from promptcrafter import ids
from promptcrafter.labels import MalformedLabel, check_name
from promptcrafter.wire import StrictJSONParser
from prompts import references, search
from prompts.references import MalformedVersion
from prompts.serializers.logs import CostField

# The fixtures are made once for all examples, which is meant: they only say who calls.
many = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

any_text = st.text(st.characters())  # lone surrogates and NUL too
storable = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(any_text, inner, max_size=5),
    max_leaves=10,
)
FIELDS = ["title", "content", "model", "tags", "promptId", "output", "modelUsed", "notes", "score"]
FIELDS += ["name", "email", "password", "currentPassword", "newPassword", "refresh"]
FIELDS += [
    "label",
    "variables",
    "latencyMs",
    "inputTokens",
    "outputTokens",
    "costUsd",
    "externalId",
]
FIELDS += ["logs", "scopes", "labels", "expiresAt", "version", "note", "expectedVersion", "message"]
BODIES = [
    ("POST", "/prompts"),
    ("POST", "/logs"),
    ("POST", "/logs/batch"),
    ("POST", "/logs/batch?atomic=true"),
    ("POST", "/auth/signup"),
    ("POST", "/auth/login"),
    ("POST", "/auth/refresh"),
    ("POST", "/auth/logout"),
    ("POST", "/auth/keys"),
    ("POST", "/auth/password"),
    ("POST", "/auth/password/reset"),
    ("PATCH", "/auth/me"),
    ("DELETE", "/auth/me"),
    ("PATCH", "/prompts/{prompt}"),
    ("PUT", "/prompts/{prompt}/labels/live"),
    ("POST", "/prompts/{prompt}/versions/1/restore"),
    ("POST", "/prompts/{prompt}/labels/old/rollback"),
]


@many
@given(
    title=st.text(st.characters(), min_size=3, max_size=100),
    content=any_text,
    model=st.text(st.characters(), max_size=100),
    tags=st.lists(st.text(max_size=50), max_size=50),
)
def test_a_prompt_that_is_accepted_comes_back_as_it_was_sent(alice, title, content, model, tags):
    sent = {"title": title, "content": content, "model": model, "tags": tags}
    response = alice.post("/prompts", json.dumps(sent))
    if response.status_code == 400:
        unfit = set(title + content + model + "".join(tags)) & {
            "\0",
            *map(chr, range(0xD800, 0xE000)),
        }
        blank = not (
            title.strip() and content.strip() and model.strip() and all(t.strip() for t in tags)
        )
        assert unfit or blank
        return
    kept = alice.get(f"/prompts/{response.json()['_id']}").json()
    expected = list(dict.fromkeys(tag.strip() for tag in tags))
    assert [kept[name] for name in sent] == [title, content, model, expected]


@many
@given(title=st.text(min_size=3, max_size=100), content=st.text(min_size=1))
def test_an_edit_that_is_accepted_comes_back_as_it_was_sent(alice, make_prompt, title, content):
    prompt = make_prompt(alice)
    response = alice.patch(f"/prompts/{prompt.wire_id}", {"title": title, "content": content})
    if response.status_code == 200:
        kept = alice.get(f"/prompts/{prompt.wire_id}").json()
        assert (kept["title"], kept["content"]) == (title, content)
    else:
        assert not title.strip() or not content.strip() or "\0" in title + content


@pytest.mark.parametrize(("method", "path"), BODIES)
@many
@given(
    body=st.binary()
    | values.map(json.dumps)
    | st.dictionaries(st.sampled_from(FIELDS), values).map(json.dumps)
)
def test_any_body_at_all_gets_an_answer_in_the_one_shape(alice, make_prompt, method, path, body):
    prompt = make_prompt(alice)
    response = alice.send(method, path.format(prompt=prompt.wire_id), body)
    assert response.status_code < 500
    assert response.status_code < 400 or {"error", "code"} <= set(response.json())


@many
@given(query=any_text)
def test_any_query_gets_an_array_or_a_400(alice, make_prompt, query):
    response = alice.client.get(
        "/search", {"q": query.encode("utf-8", "surrogatepass")}, headers=alice.headers
    )
    assert response.status_code == 400 or response.json() == []


@many
@given(path=st.text())
def test_any_path_gets_an_answer_in_json(alice, path):
    response = alice.client.generic("GET", "/prompts/" + path, headers=alice.headers)
    assert response.status_code in {200, 400, 404}
    assert response.json()["code"] in {"malformed_id", "no_such_route", "invalid"}


@many
@given(text=storable, other=storable)
def test_what_was_saved_is_found_by_any_word_of_it(alice, make_prompt, text, other):
    prompt = make_prompt(alice, content=f"x {text} {other}")
    for word in text.split()[:3]:
        response = alice.client.get("/search", {"q": word}, headers=alice.headers)
        assert prompt.wire_id in [found["_id"] for found in response.json()]


@many
@given(token=any_text.map(lambda text: text.encode("utf-8", "surrogatepass").decode("latin-1")))
def test_any_bearer_token_gets_an_answer(alice, token):
    for start in ("", "pc_", "eyJ"):
        response = alice.client.get("/prompts", headers={"Authorization": f"Bearer {start}{token}"})
        assert response.status_code == 401


# The functions that take a client's text apart, called without the service around them.


@many
@given(text=any_text)
def test_no_text_makes_a_parser_fail_but_as_it_says(text):
    for kind in ("prompt", "log", "user"):
        with suppress(ids.MalformedId):
            assert ids.encode(kind, ids.decode(kind, text)) == text
    with suppress(MalformedVersion):
        assert str(references.number(text)) == text
    with suppress(MalformedVersion, MalformedLabel):
        references.parse(text)
    with suppress(MalformedLabel):
        assert check_name(text) == text
    assert isinstance(keys.is_well_formed(text), bool)


@many
@given(query=any_text, title=any_text, content=any_text)
def test_any_text_can_be_searched_for_any_other(query, title, content):
    document = search.document(title, content, [query])
    terms = search.terms(query)
    assert len(set(terms)) == len(terms)
    assert all(term in document for term in terms)


@many
@given(
    body=st.binary()
    | values.map(json.dumps).map(str.encode)
    | values.map(lambda value: json.dumps(value, ensure_ascii=False)).map(
        lambda text: text.encode("utf-8", "surrogatepass")
    )
)
def test_any_bytes_are_one_json_object_or_a_parse_error(body):
    with suppress(ParseError):
        assert isinstance(StrictJSONParser().parse(BytesIO(body)), dict)


@many
@given(value=values | st.floats() | st.decimals().map(str) | any_text)
def test_what_is_read_as_a_cost_is_written_as_the_same(value):
    field = CostField()
    with suppress(ValidationError):
        units = field.to_internal_value(value)
        written = field.to_representation(units)
        assert Decimal(written) == Decimal(repr(value) if isinstance(value, float) else value)
        assert field.to_internal_value(written) == units
