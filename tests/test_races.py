"""Requests that meet, through the real server and its two workers: one clean winner each time."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import httpx2

PROMPT = {"title": "A title", "content": "Some content.", "model": "GPT-4o"}


def at_once(*calls):
    """The answers to calls that start at the same moment."""
    barrier = Barrier(len(calls))

    def run(call):
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_two_sign_ups_with_one_email_at_once_make_one_account(server):
    def sign_up(email):
        body = {"name": "Ada", "email": email, "password": "correct horse battery"}
        return httpx2.post(f"{server}/auth/signup", json=body, timeout=30).status_code

    for _ in range(5):
        name = os.urandom(8).hex()
        emails = [f"{name}@example.com", f"{name.upper()}@Example.com"]
        answers = at_once(*(lambda email=email: sign_up(email) for email in emails))
        assert sorted(answers) == [201, 409]


def test_edits_of_different_fields_at_once_all_survive(ada):
    for _ in range(5):
        prompt = ada.post("/prompts", json=PROMPT).json()
        path = f"/prompts/{prompt['_id']}"
        changes = {"title": "New title", "content": "New content", "model": "New", "tags": ["new"]}
        answers = at_once(
            *(partial(ada.patch, path, json={name: value}) for name, value in changes.items())
        )
        assert {answer.status_code for answer in answers} == {200}
        kept = ada.get(path).json()
        assert {name: kept[name] for name in changes} == changes
        assert kept in ada.get("/search", params={"q": "new title content"}).json()


def test_of_eight_deletes_at_once_one_succeeds(ada):
    prompt = ada.post("/prompts", json=PROMPT).json()
    ada.post("/logs", json={"promptId": prompt["_id"], "output": "o", "modelUsed": "m"})
    answers = at_once(*[lambda: ada.delete(f"/prompts/{prompt['_id']}").status_code] * 8)
    assert sorted(answers) == [204] + [404] * 7


def test_a_log_saved_while_its_prompt_is_deleted_is_kept_or_refused(ada):
    for _ in range(10):
        prompt = ada.post("/prompts", json=PROMPT).json()["_id"]
        body = {"promptId": prompt, "output": "o", "modelUsed": "m"}
        calls = [lambda body=body: ada.post("/logs", json=body).status_code] * 7
        *logs, delete = at_once(*calls, lambda p=prompt: ada.delete(f"/prompts/{p}").status_code)
        assert delete == 204
        assert set(logs) <= {201, 404}
    assert ada.get("/logs").json() == []


def test_an_edit_against_a_delete_ends_with_one_of_both(ada):
    for _ in range(10):
        path = f"/prompts/{ada.post('/prompts', json=PROMPT).json()['_id']}"
        edit, delete = at_once(
            lambda path=path: ada.patch(path, json={"title": "Ghost"}).status_code,
            lambda path=path: ada.delete(path).status_code,
        )
        assert (edit, delete) in {(200, 204), (404, 204)}
        assert ada.get(path).status_code == 404


def test_of_eight_edits_from_one_version_one_is_made(ada):
    for _ in range(3):
        path = f"/prompts/{ada.post('/prompts', json=PROMPT).json()['_id']}"
        headers = {"If-Match": ada.get(path).headers["ETag"]}
        edits = [
            partial(ada.patch, path, json={"title": f"Edit {n}"}, headers=headers) for n in range(8)
        ]
        answers = at_once(*edits)
        assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
        (won,) = [answer.json() for answer in answers if answer.status_code == 200]
        assert ada.get(path).json() == won
        assert won["version"] == 2


def test_eight_edits_at_once_are_eight_versions(ada):
    for _ in range(3):
        path = f"/prompts/{ada.post('/prompts', json=PROMPT).json()['_id']}"
        answers = at_once(
            *(partial(ada.patch, path, json={"title": f"Edit {n}"}) for n in range(8))
        )
        assert {answer.status_code for answer in answers} == {200}
        assert sorted(answer.json()["version"] for answer in answers) == list(range(2, 10))
        versions = ada.get(f"{path}/versions").json()
        assert {v["title"] for v in versions} == {PROMPT["title"], *(f"Edit {n}" for n in range(8))}
        assert [v["number"] for v in versions] == list(range(9, 0, -1))


def test_a_labels_move_against_a_delete_has_one_clean_winner(ada):
    for _ in range(10):
        key = ada.post("/prompts", json=PROMPT).json()["_id"]
        path = f"/prompts/{key}"
        move, delete = at_once(
            partial(ada.put, f"{path}/labels/live", json={"version": 1}), partial(ada.delete, path)
        )
        assert (move.status_code, delete.status_code) in {(201, 204), (404, 204)}
        restored = ada.post(f"/trash/{key}/restore").json()
        assert restored["labels"] == ({"live": 1} if move.status_code == 201 else {})
        assert len(ada.get(f"{path}/labels").json()) == len(restored["labels"])


def test_of_eight_moves_that_expect_one_target_one_is_made(ada):
    path = f"/prompts/{ada.post('/prompts', json=PROMPT).json()['_id']}"
    for n in range(8):
        ada.patch(path, json={"title": f"Edit {n}"})
    ada.put(f"{path}/labels/live", json={"version": 1})
    bodies = [{"version": n, "expectedVersion": 1} for n in range(2, 10)]
    answers = at_once(*(partial(ada.put, f"{path}/labels/live", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert len(ada.get(f"{path}/labels/live/history").json()) == 2


def test_of_eight_posts_with_one_idempotency_key_one_is_saved(ada):
    for n in range(5):
        headers = {"Idempotency-Key": f"key {n}"}
        answers = at_once(*[partial(ada.post, "/prompts", json=PROMPT, headers=headers)] * 8)
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len({answer.json()["_id"] for answer in answers if answer.status_code == 201}) == 1
        assert len(ada.get("/prompts").json()) == n + 1


def test_what_is_restored_while_it_is_destroyed_is_either(ada):
    for _ in range(10):
        key = ada.post("/prompts", json=PROMPT).json()["_id"]
        ada.delete(f"/prompts/{key}")
        restore, destroy = at_once(
            partial(ada.post, f"/trash/{key}/restore"), partial(ada.delete, f"/trash/{key}")
        )
        assert (restore.status_code, destroy.status_code) in {(200, 404), (404, 204)}
        kept = ada.get(f"/prompts/{key}").status_code
        assert kept == (200 if restore.status_code == 200 else 404)


def test_of_eight_restores_from_the_trash_one_succeeds(ada):
    key = ada.post("/prompts", json=PROMPT).json()["_id"]
    ada.delete(f"/prompts/{key}")
    answers = at_once(*[partial(ada.post, f"/trash/{key}/restore")] * 8)
    assert sorted(answer.status_code for answer in answers) == [200] + [404] * 7
