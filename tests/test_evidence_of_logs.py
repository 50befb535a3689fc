"""What a log tells of how its output came about: sent with it, or said later."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import IntegrityError, connection

from prompts.models import Log, Prompt

LOG = {"output": "An output.", "modelUsed": "GPT-4o"}


@pytest.fixture
def prompt(alice, make_prompt):
    """Of three versions; `production` points at the second, and did at the first."""
    prompt = make_prompt(alice)
    for number in (1, 2):
        prompt.set_label("production", to="latest", actor=alice.user)
        prompt.edit(author=alice.user, title=f"Version {number + 1}")
    return prompt


@pytest.fixture
def keep(alice, prompt):
    """Sends a log of the prompt, by default as alice."""

    def send(caller=alice, **fields):
        return caller.post("/logs", LOG | {"promptId": prompt.wire_id} | fields)

    return send


@pytest.mark.parametrize(
    ("sent", "version"),
    [
        ({}, 3),
        ({"version": 1}, 1),
        ({"label": "production"}, 2),
        ({"version": 1, "label": "production"}, 1),  # the label was moved since
        ({"version": 3.0}, 3),
        ({"version": None}, 3),
    ],
)
def test_a_log_is_of_the_version_that_is_named(keep, sent, version):
    log = keep(**sent).json()
    assert (log["version"], log["label"]) == (version, sent.get("label"))


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"version": 4}, 404, "no_such_version"),
        ({"label": "staging"}, 404, "label_not_set"),
        ({"label": "latest"}, 400, "malformed_label"),
        ({"label": "No such name"}, 400, "malformed_label"),
    ],
)
def test_a_log_of_no_version_is_refused(keep, sent, status, code):
    response = keep(**sent)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert not Log.objects.exists()


def test_a_key_of_a_label_is_told_the_same_of_what_is_hidden_and_what_is_not_there(
    alice, bob, make_key, make_prompt
):
    key = make_key(alice, "logs:write", labels=["production"])
    hidden, gone, bobs = make_prompt(alice), make_prompt(alice), make_prompt(bob)
    gone.move_to_trash()
    bodies = [LOG | {"promptId": each.wire_id} for each in (hidden, gone, bobs)]
    alone = [key.post("/logs", body).json() for body in bodies]
    together = key.post("/logs/batch", {"logs": bodies}).json()
    assert alone[0]["code"] == "not_found"
    assert alone == [alone[0]] * 3
    assert together == [{"status": 404, **alone[0]}] * 3


def test_an_error_tells_no_more_than_fifty_labels(keep, prompt):
    prompt.labels = {f"label-{number}": 1 for number in range(60)}
    prompt.save(update_fields=["labels"])
    assert len(keep(label="staging").json()["labels"]) == 50


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, 2),
        ({"label": "production"}, 2),
        ({"version": 1}, 1),
        ({"version": 2}, 2),
        ({"version": 3}, 403),
        ({"version": 99}, 403),
        ({"label": "staging"}, 403),
    ],
)
def test_a_key_of_a_label_keeps_logs_of_what_that_label_showed(
    alice, keep, make_key, sent, expected
):
    key = make_key(alice, "logs:write", labels=["production"])
    response = keep(key, **sent)
    assert response.json().get("version", response.status_code) == expected


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ("0", "0"),
        ("0.5", "0.5"),
        ("12", "12"),
        ("1e-7", "0.0000001"),
        ("0.1", "0.1"),
        ("1000000", "1000000"),
        ('"0.000000000001"', "0.000000000001"),
        ('"999999.999999999999"', "999999.999999999999"),
        ('"0.10"', "0.1"),
    ],
)
def test_a_cost_is_kept_to_the_last_digit(alice, prompt, sent, answered):
    body = '{"promptId": "%s", "output": "o", "modelUsed": "m", "costUsd": %s}'
    response = alice.post("/logs", body % (prompt.wire_id, sent))
    assert response.json()["costUsd"] == answered


@pytest.mark.parametrize(
    "variables",
    [{}, {"b": 1, "a": 2}, {"nul\0": "\0"}, {"deep": [[[[{"x": None}]]]]}, {"n": -1.5e300}],
)
def test_variables_come_back_as_they_were_sent(alice, keep, variables):
    log = keep(variables=variables).json()
    assert log["variables"] == variables
    assert alice.get(f"/logs/{log['_id']}").json()["variables"] == variables


def test_variables_without_end_are_refused(alice, prompt):
    deep = '{"a":' * 900 + "1" + "}" * 900
    for value in (deep, '{"a": 1e999}'):
        body = '{"promptId": "%s", "output": "o", "modelUsed": "m", "variables": %s}'
        response = alice.post("/logs", body % (prompt.wire_id, value))
        assert (response.status_code, [*response.json()["fields"]]) == (400, ["variables"])


# Rating -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent", [{"score": 7.5}, {"notes": "  Fine. "}, {"score": None, "notes": None}, {}]
)
def test_a_log_is_rated_later(alice, keep, sent):
    log = keep(score=3, notes="Poor.").json()
    response = alice.patch(f"/logs/{log['_id']}", sent)
    assert (response.status_code, response.json()) == (200, log | sent)
    assert alice.get(f"/logs/{log['_id']}").json() == log | sent


def test_nothing_else_of_a_log_changes(alice, keep):
    log = keep(score=3).json()
    changed = log | {"score": 4, "output": "Other.", "version": 1, "modelUsed": "m", "latencyMs": 1}
    assert alice.patch(f"/logs/{log['_id']}", changed).json() == log | {"score": 4}


@pytest.mark.parametrize("sent", [{"score": 11}, {"score": "7"}, {"notes": 5}])
def test_an_invalid_rating_changes_nothing(alice, keep, sent):
    log = keep(score=3).json()
    response = alice.patch(f"/logs/{log['_id']}", {"score": 5} | sent)
    assert (response.status_code, [*response.json()["fields"]]) == (400, [*sent])
    assert alice.get(f"/logs/{log['_id']}").json() == log


def test_who_rates_what_is_deleted_meanwhile_is_told(alice, keep, monkeypatch):
    wire_id = keep().json()["_id"]

    def be_overtaken(log, rate=Log.rate, **changes):
        Log.objects.all().delete()
        return rate(log, **changes)

    monkeypatch.setattr(Log, "rate", be_overtaken)
    for sent in ({"score": 5}, {}):
        assert alice.patch(f"/logs/{wire_id}", sent).status_code == 404


# External ids -----------------------------------------------------------------------------------


def test_an_external_id_is_taken_once(alice, bob, keep, make_prompt):
    first = keep(externalId="run-1").json()
    response = keep(externalId="run-1", output="Another.")
    assert (response.status_code, response.json()["logId"]) == (409, first["_id"])
    assert keep(externalId="RUN-1").status_code == 201
    elsewhere = LOG | {"promptId": make_prompt(bob).wire_id, "externalId": "run-1"}
    assert bob.post("/logs", elsewhere).status_code == 201
    assert [log["_id"] for log in alice.get("/logs?externalId=run-1").json()] == [first["_id"]]


def test_an_external_id_is_free_again_when_its_log_is_deleted(alice, keep):
    alice.delete(f"/logs/{keep(externalId='run-1').json()['_id']}")
    assert keep(externalId="run-1").status_code == 201


def test_logs_are_listed_by_label(alice, keep):
    by_label = keep(label="production").json()
    keep()
    assert alice.get("/logs?label=production").json() == [by_label]
    assert alice.get("/logs?label=latest").json()["code"] == "malformed_label"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/logs", "/logs/batch"])
def test_of_many_at_once_with_one_external_id_one_is_kept(alice, make_prompt, path):
    prompts = [make_prompt(alice).wire_id for _ in range(8)]  # logs of one wait for each other

    def send(number):
        body = LOG | {"promptId": prompts[number], "externalId": "run-1"}
        response = alice.post(path, body if path == "/logs" else {"logs": [body]})
        connection.close()
        return response.json() if path == "/logs" else response.json()[0]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    (log,) = Log.objects.all()
    refused = [each for each in answers if each.get("code") == "external_id_taken"]
    assert [each["logId"] for each in refused] == [log.wire_id] * 7


# Many at once -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_who_keep_the_same_external_ids_in_any_order_wait_in_turn(prompt):
    start = Barrier(4)

    def keep(number):
        ids = [str(at) for at in range(1_000)][:: (-1) ** number]
        logs = [Log(prompt=prompt, output="o", model_used="m", external_id=each) for each in ids]
        start.wait()
        try:
            Log.objects.keep(logs)
        except IntegrityError:
            return "taken"
        finally:
            connection.close()
        return "kept"

    with ThreadPoolExecutor(4) as pool:
        for _ in range(12):
            assert sorted(pool.map(keep, range(4))) == ["kept", "taken", "taken", "taken"]
            Log.objects.all().delete()


@pytest.fixture
def mixed(alice, bob, prompt, make_prompt):
    """Logs, with the status that each is to be answered."""
    own = LOG | {"promptId": prompt.wire_id}
    Prompt.objects.get(pk=prompt.pk).logs.create(output="o", model_used="m", external_id="before")
    return [
        (own | {"externalId": "a", "score": 9, "costUsd": 0.25, "variables": {"a": 1}}, 201),
        (own | {"score": 11}, 400),
        ("no object", 400),
        (own | {"externalId": "before"}, 409),
        (own | {"externalId": "a"}, 409),
        (own | {"version": 1}, 201),
        (own | {"version": 4}, 404),
        (own | {"label": "staging"}, 404),
        (own | {"label": "LATEST"}, 400),
        (own | {"label": "production"}, 201),
        (LOG | {"promptId": make_prompt(bob).wire_id}, 404),
        (LOG | {"promptId": "x"}, 400),
        ({}, 400),
        (own | {"promptId": make_prompt(alice).wire_id}, 201),
    ]


def test_each_of_a_batch_is_answered_as_if_it_were_alone(alice, mixed):
    response = alice.post("/logs/batch", {"logs": [log for log, _ in mixed]})
    assert response.status_code == 200
    items = response.json()
    assert [item["status"] for item in items] == [status for _, status in mixed]
    for (log, status), item in zip(mixed, items, strict=True):
        if status == 201:
            assert item["log"] == alice.get(f"/logs/{item['log']['_id']}").json()
        elif isinstance(log, dict):
            alone = alice.post("/logs", log)
            assert item == {"status": alone.status_code, **alone.json()}
    assert Log.objects.owned_by(alice.user).count() == 1 + 4
    assert items[4]["logId"] == items[0]["log"]["_id"]


def test_an_atomic_batch_is_kept_whole_or_not_at_all(alice, mixed):
    response = alice.post("/logs/batch?atomic=true", {"logs": [log for log, _ in mixed]})
    assert (response.status_code, response.json()["code"]) == (400, "batch_refused")
    wrong = [(at, status) for at, (_, status) in enumerate(mixed) if status != 201]
    items = response.json()["items"]
    assert [(item["index"], item["status"]) for item in items] == wrong
    assert Log.objects.owned_by(alice.user).count() == 1
    right = [log for log, status in mixed if status == 201]
    response = alice.post("/logs/batch?atomic=true", {"logs": right})
    assert [item["status"] for item in response.json()] == [201] * 4
    assert Log.objects.owned_by(alice.user).count() == 1 + 4


def test_a_key_of_a_label_is_not_told_which_log_has_an_external_id(alice, keep, make_key):
    keep(externalId="run-1")
    key = make_key(alice, "logs:write", labels=["production"])
    answer = keep(key, externalId="run-1").json()
    body = {"logs": [LOG | {"promptId": answer.get("promptId") or Prompt.objects.get().wire_id}]}
    body["logs"][0]["externalId"] = "run-1"
    (item,) = key.post("/logs/batch", body).json()
    assert {answer["code"], item["code"]} == {"external_id_taken"}
    assert "logId" not in answer | item


def test_what_is_nested_deeply_is_refused_in_its_place(alice):
    for depth in range(900, 1_000, 3):
        body = '{"logs": [' + "[" * depth + "]" * depth + "]}"
        for headers in ({}, {"Idempotency-Key": f"{depth}"}):
            response = alice.post("/logs/batch", body, headers=headers)
            assert response.status_code in {200, 400}, depth


def test_a_batch_may_have_nothing_in_it(alice, prompt):
    logs = [None, LOG | {"promptId": prompt.wire_id}, [], 1.5]
    items = alice.post("/logs/batch", {"logs": logs}).json()
    assert [item["status"] for item in items] == [400, 201, 400, 400]
    assert items[0]["code"] == "parse_error"


def test_a_batch_says_what_it_does_not_know(alice, prompt):
    body = {"logs": [LOG | {"promptId": prompt.wire_id}], "atomic": True}
    response = alice.post("/logs/batch", body)
    assert (response.status_code, [*response.json()["fields"]]) == (400, ["atomic"])


def test_a_key_of_a_batch_is_of_that_batch_alone(alice, prompt):
    body = {"logs": [LOG | {"promptId": prompt.wire_id}, {}]}
    headers = {"Idempotency-Key": "k"}
    assert alice.post("/logs/batch", body, headers=headers).status_code == 200
    response = alice.post("/logs/batch?atomic=true", body, headers=headers)
    assert response.json()["code"] == "idempotency_key_reused"


@pytest.mark.parametrize(
    "body", [{}, {"logs": None}, {"logs": {}}, {"logs": []}, {"logs": [{}] * 501}]
)
def test_a_batch_is_a_list_of_one_to_500(alice, body):
    response = alice.post("/logs/batch", body)
    assert (response.status_code, [*response.json()["fields"]]) == (400, ["logs"])


def test_a_batch_takes_the_same_statements_for_many_prompts(
    alice, make_prompt, django_assert_num_queries
):
    for count in (1, 30):
        ids = [make_prompt(alice).wire_id for _ in range(count)]
        logs = [LOG | {"promptId": id_, "externalId": id_, "version": 1} for id_ in ids]
        # Who asks, the prompts, the external ids, two savepoints, twice each, and the logs.
        with django_assert_num_queries(8):
            items = alice.post("/logs/batch", {"logs": logs}).json()
        assert [item["status"] for item in items] == [201] * count


def test_a_batch_that_is_sent_twice_is_kept_once(alice, prompt):
    body = {"logs": [LOG | {"promptId": prompt.wire_id, "variables": {"a": 1}}]}
    answers = [alice.post("/logs/batch", body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert Log.objects.count() == 1
