import pytest
from django.db import IntegrityError, transaction

from prompts.models import Log, Prompt

LOG = {"output": "https://example.com/1.png", "modelUsed": "DALL·E 3"}

EVIDENCE = {
    "label": "production",
    "variables": {"topic": "École", "n": [1, 2.5, None, {"a": True}]},
    "latencyMs": 1240,
    "inputTokens": 0,
    "outputTokens": 2_147_483_647,
    "costUsd": "0.000000000001",
    "externalId": "run-17",
}
OPTIONAL = ["notes", "score", *EVIDENCE]


@pytest.fixture
def prompt(alice, make_prompt):
    prompt = make_prompt(alice)
    prompt.set_label("production", to=1, actor=alice.user)
    return prompt


def test_a_log_comes_back_as_it_was_sent(alice, prompt):
    body = LOG | EVIDENCE | {"promptId": prompt.wire_id, "notes": "  Too dark.\n", "score": 7.5}
    response = alice.post("/logs", body)
    assert response.status_code == 201
    log = response.json()
    assert log == body | {"_id": log["_id"], "version": 1, "createdAt": log["createdAt"]}
    assert alice.get(f"/logs/{log['_id']}").json() == log
    assert log["_id"].startswith("log_")
    assert alice.get("/logs").json() == [log]


@pytest.mark.parametrize("sent", [{}, dict.fromkeys(OPTIONAL)])
def test_all_but_the_output_and_its_model_is_optional(alice, prompt, sent):
    log = alice.post("/logs", LOG | {"promptId": prompt.wire_id} | sent).json()
    assert [log[name] for name in OPTIONAL] == [None] * len(OPTIONAL)
    assert log["version"] == 1


@pytest.mark.parametrize(
    "sent", ["9", "7.5", "0", "10", "0.1", "9.0", "3.3333333333333335", "-0.0"]
)
def test_a_score_comes_back_as_the_number_that_was_sent(alice, prompt, sent):
    body = '{"promptId": "%s", "output": "o", "modelUsed": "m", "score": %s}'
    response = alice.post("/logs", body % (prompt.wire_id, sent))
    assert response.json()["score"] == float(sent)
    kept = alice.get("/logs").content.decode()
    assert f'"score":{sent.removesuffix(".0").removeprefix("-")},' in kept


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("promptId", None),
        ("promptId", 1),
        ("promptId", ""),
        ("promptId", "prompt_123"),
        ("promptId", ["prompt_01m83trjvzeb7vw09s9gmd4d3y"]),
        ("promptId", "log_01m83trjvzeb7vw09s9gmd4d3y"),
        ("output", ""),
        ("output", "  "),
        ("output", 7),
        ("modelUsed", ""),
        ("modelUsed", "x" * 101),
        ("modelUsed", None),
        ("notes", 5),
        ("notes", "nul\0"),
        ("score", True),
        ("score", "9"),
        ("score", -0.1),
        ("score", 10.000001),
        ("score", 10**400),
        ("score", [9]),
        ("version", 0),
        ("version", "latest"),
        ("version", 1.5),
        ("variables", []),
        ("variables", "x"),
        ("variables", {"a": 2**64}),
        ("variables", {"a": "\ud800"}),
        ("variables", {"a": "x" * 200_000}),
        ("latencyMs", -1),
        ("latencyMs", 1.5),
        ("latencyMs", 2**31),
        ("inputTokens", "7"),
        ("outputTokens", True),
        ("costUsd", -0.01),
        ("costUsd", True),
        ("costUsd", "1e-3"),
        ("costUsd", "$1"),
        ("costUsd", "0.0000000000001"),
        ("costUsd", 1e-13),
        ("costUsd", 1_000_000.5),
        ("costUsd", 10**400),
        ("costUsd", ["1"]),
        ("externalId", ""),
        ("externalId", " "),
        ("externalId", 7),
        ("externalId", "x" * 201),
        ("externalId", "a\0b"),
    ],
)
def test_an_invalid_field_is_named(alice, prompt, field, value):
    response = alice.post("/logs", LOG | {"promptId": prompt.wire_id, field: value})
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert not Log.objects.exists()


def test_an_infinite_score_is_refused(alice, prompt):
    body = '{"promptId": "%s", "output": "o", "modelUsed": "m", "score": 1e999}'
    assert alice.post("/logs", body % prompt.wire_id).status_code == 400


def test_what_the_server_sets_is_never_taken_from_a_body(alice, bob, prompt, make_log):
    forged = {
        "_id": make_log(prompt).wire_id,
        "ownerId": bob.user.wire_id,
        "owner": str(bob.user.pk),
        "createdAt": "2001-01-01T00:00:00Z",
    }
    log = alice.post("/logs", LOG | {"promptId": prompt.wire_id} | forged).json()
    assert not {log["_id"], log["createdAt"]} & set(forged.values())
    assert log["createdAt"].endswith("Z")
    assert Log.objects.owned_by(alice.user).count() == 2


def test_a_log_needs_a_prompt_of_ones_own(alice, bob, prompt):
    assert bob.post("/logs", LOG | {"promptId": prompt.wire_id}).status_code == 404
    Prompt.objects.all().delete()
    assert alice.post("/logs", LOG | {"promptId": prompt.wire_id}).status_code == 404


def test_one_prompts_logs_are_listed_newest_first(alice, prompt, make_prompt, make_log):
    make_log(make_prompt(alice))
    logs = [make_log(prompt) for _ in range(3)]
    listed = alice.get(f"/logs?promptId={prompt.wire_id}").json()
    assert [log["_id"] for log in listed] == [log.wire_id for log in reversed(logs)]


@pytest.mark.parametrize(
    "value", ["", "x", "prompt_", "log_01m83trjvzeb7vw09s9gmd4d3y", "%00", "prompt_" + "z" * 26]
)
def test_a_prompt_id_that_can_not_be_one_is_malformed(alice, value):
    assert alice.get(f"/logs?promptId={value}").status_code == 400


def test_a_prompt_that_is_not_there_has_no_logs(alice):
    assert alice.get("/logs?promptId=prompt_01m83trjvzeb7vw09s9gmd4d3y").status_code == 404


def test_a_log_id_that_can_not_be_one_is_malformed(alice):
    for wire_id in ("x", "prompt_01m83trjvzeb7vw09s9gmd4d3y", "%00"):
        assert alice.delete(f"/logs/{wire_id}").status_code == 400


def test_a_prompt_without_logs_has_none_to_list(alice, prompt):
    assert alice.get(f"/logs?promptId={prompt.wire_id}").status_code == 404


def test_somebody_elses_logs_are_not_listed(alice, bob, prompt, make_log):
    make_log(prompt)
    assert bob.get("/logs").json() == []
    assert bob.get(f"/logs?promptId={prompt.wire_id}").status_code == 403


def test_a_deleted_log_is_gone_and_its_prompt_stays(alice, prompt, make_log):
    log = make_log(prompt)
    response = alice.delete(f"/logs/{log.wire_id}")
    assert (response.status_code, response.content) == (204, b"")
    assert alice.delete(f"/logs/{log.wire_id}").status_code == 404
    assert alice.get(f"/prompts/{prompt.wire_id}").status_code == 200


def test_a_logs_owner_is_its_prompts(prompt, make_log):
    assert make_log(prompt).owner_id == prompt.owner_id


@pytest.mark.parametrize(
    "fields", [{"score": 10.5}, {"score": -1}, {"output": ""}, {"model_used": ""}]
)
def test_the_database_refuses_what_no_serializer_saw(prompt, make_log, fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_log(prompt, **fields)
