"""Bodies that no well-meaning client sends: a clear 4xx, and nothing saved."""

import pytest

from prompts.models import Prompt

BODY = '{"title": "A title", "content": "c", "model": "m"%s}'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"nonsense",
        b"null",
        b"true",
        b"5",
        b'"text"',
        b"[[{}]]",
        b"{'title': 1}",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b'{"title": "\xff"}',
        b'{"title": "\xed\xa0\x80abc"}',
        b"{" * 2000,
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
        (BODY % ', "x": NaN').encode(),
        (BODY % ', "x": -Infinity').encode(),
        (BODY % f', "x": {"9" * 10_000}').encode(),
        (BODY % ', "title": "Twice"').encode(),
        (BODY % ",").encode(),
        (BODY % "").encode() + b"{}",
        (BODY % "").encode()[:-5],
    ],
    ids=lambda body: repr(body[:20]),
)
@pytest.mark.parametrize("path", ["/prompts", "/auth/signup", "/auth/login", "/logs"])
def test_a_body_that_is_not_one_json_object_is_refused(alice, path, body):
    response = alice.post(path, body)
    assert response.status_code == 400
    assert response.json()["error"]
    assert not Prompt.objects.exists()


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/json-patch+json",
        "application/x-json",
        "*/*",
        "application/*",
        "json",
        ";" * 5000,
    ],
)
def test_only_json_is_read(alice, content_type):
    response = alice.post("/prompts", BODY % "", content_type=content_type)
    assert response.status_code == 415
    assert not Prompt.objects.exists()


@pytest.mark.parametrize("charset", ["utf-8", "bz2_codec", "rot13", "utf-7", "latin-1", "nonsense"])
def test_a_body_is_utf8_whatever_it_says_it_is(alice, charset):
    body = (BODY % ', "tags": ["é"]').encode()
    response = alice.post("/prompts", body, content_type=f"application/json; charset={charset}")
    assert response.json()["tags"] == ["é"]


@pytest.mark.parametrize("value", ["gzip", "br", "identity"])
def test_a_compressed_body_is_not_json(alice, value):
    response = alice.post("/prompts", b"\x1f\x8b\x08", headers={"Content-Encoding": value})
    assert response.status_code == 400


@pytest.mark.parametrize(
    "wire_id",
    [
        "1",
        "prompt_",
        "prompt_1",
        "prompt_01m83trjvzeb7vw09s9gmd4d3",
        "prompt_01m83trjvzeb7vw09s9gmd4d3yy",
        "PROMPT_01m83trjvzeb7vw09s9gmd4d3y",
        "prompt_01M83TRJVZEB7VW09S9GMD4D3Y",
        "prompt_81m83trjvzeb7vw09s9gmd4d3y",
        "prompt_01m83trjvzeb7vw09s9gmd4d3i",
        "prompt_01m83trjvzeb7vw09s9gmd4d3٣",
        "prompt_٠١m83trjvzeb7vw09s9gmd4d3y",
        "prompt-01m83trjvzeb7vw09s9gmd4d3y",
        "log_01m83trjvzeb7vw09s9gmd4d3y",
        "user_01m83trjvzeb7vw09s9gmd4d3y",
        "01890000-0000-7000-8000-000000000000",
        "prompt_01m83trjvzeb7vw09s9gmd4d3y%0A",
        "%20prompt_01m83trjvzeb7vw09s9gmd4d3y",
        "prompt_01m83trjvzeb7vw09s9gmd4d3y.json",
        "%00",
        "..",
        "'; DROP TABLE prompts_prompt; --",
        "x" * 10_000,
    ],
    ids=lambda wire_id: wire_id[:40],
)
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_id_that_can_not_be_one_is_malformed(alice, method, wire_id):
    response = alice.send(method, f"/prompts/{wire_id}", b"{}")
    assert (response.status_code, response.json()["code"]) == (400, "malformed_id")


def test_a_malformed_id_costs_no_query(alice, django_assert_num_queries):
    with django_assert_num_queries(1):  # the caller
        alice.get("/prompts/nonsense")


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override"])
def test_a_method_is_what_it_is(alice, make_prompt, header):
    prompt = make_prompt(alice)
    alice.send("GET", f"/prompts/{prompt.wire_id}", headers={header: "DELETE"})
    assert Prompt.objects.exists()


@pytest.mark.parametrize("path", ["/logs/batch", "/auth/keys"])
def test_an_unknown_field_may_have_any_name(alice, path):
    answer = alice.post(path, '{"\\ud800": null}')
    assert answer.status_code == 400
    assert "?" in answer.json()["fields"]
