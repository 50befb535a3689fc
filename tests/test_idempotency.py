from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from prompts.models import IdempotencyKey, Log, Prompt, Version
from prompts.models.idempotency import KeyInProgress

PROMPT = {"title": "A title", "content": "c", "model": "m"}
KEY = {"Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}


def test_a_prompt_sent_twice_is_saved_once(alice):
    first = alice.post("/prompts", PROMPT, headers=KEY)
    again = alice.post("/prompts", PROMPT, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["ETag"] == first["ETag"]
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Prompt.objects.count() == 1


def test_the_first_answer_is_given_again_whatever_happened_since(alice):
    first = alice.post("/prompts", PROMPT, headers=KEY).json()
    alice.delete(f"/prompts/{first['_id']}")
    assert alice.post("/prompts", PROMPT, headers=KEY).json() == first
    assert not Prompt.objects.exists()


def test_a_log_sent_twice_is_saved_once(alice, make_prompt):
    body = {"promptId": make_prompt(alice).wire_id, "output": "o", "modelUsed": "m", "score": 9}
    answers = [alice.post("/logs", body, headers=KEY).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert Log.objects.count() == 1


def test_a_restore_or_a_rollback_sent_twice_is_made_once(alice, make_prompt):
    prompt = make_prompt(alice)
    prompt.edit(title="Version 2", author=alice.user)
    for number in (1, 2):
        prompt.set_label("live", to=number, actor=alice.user)
    for call in ("versions/1/restore", "labels/live/rollback"):
        path = f"/prompts/{prompt.wire_id}/{call}"
        headers = {"Idempotency-Key": call}
        first, again = (alice.post(path, headers=headers) for _ in range(2))
        assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert Version.objects.count() == 3
    assert alice.get(f"/prompts/{prompt.wire_id}").json()["labels"] == {"live": 1}


@pytest.mark.parametrize(
    ("path", "body"),
    [("/prompts", PROMPT | {"title": "Another"}), ("/prompts", {}), ("/logs", PROMPT)],
)
def test_a_key_stands_for_one_request(alice, path, body):
    alice.post("/prompts", PROMPT, headers=KEY)
    response = alice.post(path, body, headers=KEY)
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert Prompt.objects.count() == 1


def test_one_json_value_spelt_in_two_ways_is_one_request(alice):
    alice.post("/prompts", '{"title": "A title", "content": "c", "model": "m"}', headers=KEY)
    respelt = '{ "model":"m","content":"\\u0063", "title":"A title" }'
    assert alice.post("/prompts", respelt, headers=KEY)["Idempotent-Replayed"] == "true"


def test_two_people_may_choose_the_same_key(alice, bob):
    ids = {caller.post("/prompts", PROMPT, headers=KEY).json()["_id"] for caller in (alice, bob)}
    assert len(ids) == 2


def test_what_failed_is_not_kept(alice):
    assert alice.post("/prompts", {}, headers=KEY).status_code == 400
    assert alice.post("/prompts", PROMPT, headers=KEY).status_code == 201
    assert IdempotencyKey.objects.count() == 1


def test_while_the_first_is_running_the_second_is_told_so(alice):
    alice.post("/prompts", PROMPT, headers=KEY)
    IdempotencyKey.objects.update(status=None, body="")
    response = alice.post("/prompts", PROMPT, headers=KEY)
    assert (response.status_code, response.json()["code"]) == (409, "idempotency_key_in_progress")


def test_what_a_dead_process_left_is_taken_over(alice):
    alice.post("/prompts", PROMPT, headers=KEY)
    long_ago = timezone.now() - timedelta(minutes=2)
    IdempotencyKey.objects.update(status=None, body="", claimed_at=long_ago)
    assert alice.post("/prompts", PROMPT, headers=KEY).status_code == 201
    assert Prompt.objects.count() == 2


def test_what_was_taken_over_is_not_carried_out_twice(alice):
    """The first was only slow: of the two, the one that took the key over counts."""
    claim = IdempotencyKey.objects.claim
    slow = claim(alice.user, "key", "request")
    IdempotencyKey.objects.update(claimed_at=slow.claimed_at - timedelta(minutes=2))
    slow.refresh_from_db()
    other = claim(alice.user, "key", "request")
    with pytest.raises(KeyInProgress):
        slow.finish(201, "{}")
    slow.release()
    other.finish(201, '{"kept": true}')
    assert claim(alice.user, "key", "request").body == '{"kept": true}'


def test_a_key_is_forgotten_after_a_day(alice):
    alice.post("/prompts", PROMPT, headers=KEY)
    IdempotencyKey.objects.update(claimed_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert alice.post("/prompts", PROMPT | {"title": "Another"}, headers=KEY).status_code == 201
    assert Prompt.objects.count() == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "ünï", "a\tb"])
def test_a_key_that_can_not_be_one_is_refused(alice, key):
    response = alice.post("/prompts", PROMPT, headers={"Idempotency-Key": key})
    assert list(response.json()["fields"]) == ["Idempotency-Key"]
    assert not Prompt.objects.exists()


def test_old_keys_are_purged_by_a_command(alice, capsys):
    for n in range(3):
        alice.post("/prompts", PROMPT, headers={"Idempotency-Key": str(n)})
    old = IdempotencyKey.objects.exclude(key="0")
    old.update(claimed_at=timezone.now() - timedelta(hours=25))
    call_command("purge_idempotency_keys")
    assert capsys.readouterr().out == "Idempotency keys purged: 2.\n"
    assert [row.key for row in IdempotencyKey.objects.all()] == ["0"]
