"""Keys for programs: minting, scopes, labels, revoking."""

import re
from binascii import crc32

import pytest
from django.db import OperationalError
from django.utils import timezone

from accounts import keys
from accounts.models import KEYS_MAX_COUNT, ApiKey, Scope
from tests.callers import Caller

CI = {"name": "CI", "scopes": ["prompts:read"]}


def bearer(caller, text):
    return Caller(caller.user, token=text)


def test_a_key_is_shown_once_and_works(alice, make_prompt):
    minted = alice.post("/auth/keys", CI)
    assert minted.status_code == 201
    body = minted.json()
    program = bearer(alice, body.pop("key"))
    make_prompt(alice)
    assert len(program.get("/prompts").json()) == 1
    (listed,) = alice.get("/auth/keys").json()
    assert listed.pop("lastUsedAt") is not None
    assert body.pop("lastUsedAt") is None
    assert body == listed
    assert body["_id"].startswith("key_")
    assert (body["scopes"], body["labels"], body["expiresAt"]) == (["prompts:read"], None, None)
    assert body["createdAt"].endswith("Z")


def test_a_key_looks_like_one_to_secret_scanners():
    key = keys.generate()
    assert re.fullmatch(r"pc_[0-9A-Za-z]{46}", key)
    number = 0
    for digit in key[-6:]:
        number = number * 62 + keys.ALPHABET.index(digit)
    assert number == crc32(key[:-6].encode())
    assert keys.is_well_formed(key)
    assert keys.generate() != key


def test_a_keys_text_is_kept_nowhere(alice):
    body = alice.post("/auth/keys", CI).json()
    row = ApiKey.objects.values().get()
    assert row["prefix"] == body["prefix"] == body["key"][:11]
    assert row["digest"] == keys.digest(body["key"])
    assert body["key"] not in str(row)
    assert body["key"] not in alice.get("/auth/keys").content.decode()


def with_another_character(key, position):
    other = "a" if key[position] != "a" else "b"
    return key[:position] + other + key[position + 1 :]


@pytest.mark.parametrize("position", [3, 10, 11, 42, 43, 48])
def test_a_key_with_a_slip_is_refused_without_a_query(
    alice, make_key, position, django_assert_num_queries
):
    text = with_another_character(make_key(alice, "prompts:read").token, position)
    with django_assert_num_queries(0):
        answer = bearer(alice, text).get("/prompts")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


@pytest.mark.parametrize("part", ["prefix", "secret"])
def test_a_well_formed_key_that_is_not_ours_is_refused(alice, make_key, part):
    ours, forged = make_key(alice, "prompts:read").token, keys.generate()
    body = forged[:11] + ours[11:43] if part == "prefix" else ours[:11] + forged[11:43]
    text = body + keys._checksum(body)
    assert keys.is_well_formed(text)
    assert bearer(alice, text).get("/prompts").status_code == 401


@pytest.fixture
def one_minute(monkeypatch):
    """No minute ends while a test runs."""
    minute = timezone.now().replace(second=0, microsecond=0)
    monkeypatch.setattr("accounts.models.keys._minute", lambda moment: minute)


@pytest.mark.usefixtures("one_minute")
def test_a_key_is_checked_with_one_query(alice, make_key, django_assert_num_queries):
    program = make_key(alice, "prompts:read")
    program.get("/prompts")
    with django_assert_num_queries(1):
        assert program.get("/search").status_code == 400


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None),
        ("name", " "),
        ("name", "x" * 101),
        ("name", "a\0b"),
        ("scopes", None),
        ("scopes", []),
        ("scopes", "prompts:read"),
        ("scopes", ["prompts:all"]),
        ("scopes", [["prompts:read"]]),
        ("scopes", [5]),
        ("scopes", {"prompts:read": True}),
        ("scopes", ["prompts:read"] * 100),
        ("label", "live"),
        ("expires_at", "2020-01-01T00:00:00Z"),
        ("user", "x"),
        ("labels", []),
        ("labels", "live"),
        ("labels", ["Not a label"]),
        ("labels", ["latest"]),
        ("labels", [None]),
        ("labels", [f"a{n}" for n in range(11)]),
        ("expiresAt", "tomorrow"),
        ("expiresAt", "2020-01-01T00:00:00Z"),
        ("expiresAt", "9999-12-31T23:59:59-23:59"),
        ("expiresAt", 5),
        ("expiresAt", [1]),
    ],
)
def test_a_field_that_is_missing_or_wrong_is_named(alice, field, value):
    body = {k: v for k, v in (CI | {field: value}).items() if v is not None}
    answer = alice.post("/auth/keys", body)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])
    assert not ApiKey.objects.exists()


def test_a_key_ends_at_its_time(alice):
    end = timezone.now() + timezone.timedelta(hours=1)
    minted = alice.post("/auth/keys", CI | {"expiresAt": end.isoformat()}).json()
    assert minted["expiresAt"].endswith("Z")
    program = bearer(alice, minted["key"])
    assert program.get("/prompts").status_code == 200
    ApiKey.objects.update(expires_at=timezone.now())
    assert program.get("/prompts").status_code == 401


def test_a_revoked_key_stops_at_once(alice, make_key):
    program, other = (make_key(alice, "prompts:read") for _ in range(2))
    wire_id = alice.get("/auth/keys").json()[1]["_id"]
    assert alice.delete(f"/auth/keys/{wire_id}").status_code == 204
    assert program.get("/prompts").status_code == 401
    assert other.get("/prompts").status_code == 200
    assert alice.delete(f"/auth/keys/{wire_id}").status_code == 404


def test_a_disabled_users_key_stops_at_once(alice, make_key):
    program = make_key(alice, "prompts:read")
    alice.user.is_active = False
    alice.user.save(update_fields=["is_active"])
    assert program.get("/prompts").status_code == 401


def test_a_key_stays_when_the_password_changes(alice, make_key):
    program = make_key(alice, "prompts:read")
    alice.user.change_password("battery staple horse")
    assert program.get("/prompts").status_code == 200


def test_the_list_shows_ones_own_keys_newest_first(alice, bob, make_key):
    for name in ("first", "second"):
        alice.post("/auth/keys", CI | {"name": name})
    make_key(bob, "prompts:read")
    assert [key["name"] for key in alice.get("/auth/keys").json()] == ["second", "first"]


def test_the_list_costs_the_same_for_one_key_and_for_thirty(
    alice, make_key, django_assert_num_queries
):
    for count in (1, 29):
        for _ in range(count):
            make_key(alice, "prompts:read")
        with django_assert_num_queries(2):
            alice.get("/auth/keys")


def test_nobody_has_keys_without_end(alice, make_key):
    for _ in range(KEYS_MAX_COUNT):
        make_key(alice, "prompts:read")
    assert alice.post("/auth/keys", CI).json()["code"] == "too_many_keys"


def test_the_last_use_is_noted_once_a_minute(alice, make_key, django_assert_num_queries):
    program = make_key(alice, "logs:read")
    assert ApiKey.objects.get().last_used_at is None
    program.get("/prompts")
    used = ApiKey.objects.get().last_used_at
    assert (used.second, used.microsecond) == (0, 0)
    ApiKey.objects.update(last_used_at=used - timezone.timedelta(minutes=5))
    with django_assert_num_queries(3):  # one that may not note it looks first
        program.get("/prompts")


def test_a_database_that_is_too_busy_to_note_a_use_stops_nobody(
    alice, make_key, make_prompt, monkeypatch
):
    def busy(*args, **kwargs):
        raise OperationalError

    program = make_key(alice, "prompts:read")
    monkeypatch.setattr("accounts.models.keys.ApiKeyQuerySet.update", busy)
    assert program.get("/prompts").status_code == 200


@pytest.mark.parametrize("missing", Scope.values)
def test_a_missing_scope_is_named(alice, make_key, make_prompt, missing):
    prompt = make_prompt(alice).wire_id
    program = make_key(alice, *(scope for scope in Scope.values if scope != missing))
    calls = {
        "prompts:read": ("GET", f"/prompts/{prompt}", None),
        "prompts:write": ("PATCH", f"/prompts/{prompt}", {"title": "Another"}),
        "labels:write": ("PUT", f"/prompts/{prompt}/labels/live", {"version": 1}),
        "logs:read": ("GET", "/logs", None),
        "logs:write": ("POST", "/logs", {"promptId": prompt, "output": "o", "modelUsed": "m"}),
    }
    for scope, call in calls.items():
        answer = program.send(*call)
        assert (answer.status_code == 403) == (scope == missing)
        if scope == missing:
            assert answer.json()["code"] == "insufficient_scope"
            assert answer.json()["missing"] == [missing]
            assert missing in answer.json()["error"]


def test_what_no_key_may_do_misses_no_scope(alice, make_key):
    answer = make_key(alice, *Scope.values).post("/auth/keys", CI)
    assert (answer.status_code, answer.json()["missing"]) == (403, [])


def test_without_labels_write_nothing_takes_a_released_prompt_away(alice, make_key, make_prompt):
    prompt, draft = make_prompt(alice), make_prompt(alice)
    prompt.set_label("production", to=1, actor=alice.user)
    program = make_key(alice, "prompts:read", "prompts:write")
    refused = program.delete(f"/prompts/{prompt.wire_id}")
    assert (refused.status_code, refused.json()["missing"]) == (403, ["labels:write"])
    assert program.delete(f"/prompts/{draft.wire_id}").status_code == 204
    assert program.delete(f"/trash/{draft.wire_id}").status_code == 204
    prompt.move_to_trash()
    assert program.delete(f"/trash/{prompt.wire_id}").status_code == 403
    assert program.post(f"/trash/{prompt.wire_id}/restore").status_code == 403
    both = make_key(alice, "prompts:write", "labels:write")
    assert both.post(f"/trash/{prompt.wire_id}/restore").status_code == 200
    assert both.delete(f"/prompts/{prompt.wire_id}").status_code == 204


def test_a_key_is_shown_pages_too(alice, make_key):
    page = make_key(alice, "logs:read").get("/prompts", Accept="text/html")
    assert (page.status_code, page["Content-Type"][:9]) == (403, "text/html")
    page = Caller(token="pc_x").get("/prompts", Accept="text/html")
    assert (page.status_code, page["Content-Type"][:9]) == (401, "text/html")


# Limited to labels -------------------------------------------------------------------------------


@pytest.fixture
def prompt(alice, make_prompt):
    """Version 1 is released as `production`, version 2 as `staging`, and 3 is a draft."""
    prompt = make_prompt(alice, title="The first", content="released words", tags=["one"])
    prompt.set_label("production", to=1, actor=alice.user)
    prompt.edit(title="The second", content="staged words", tags=["two"], author=alice.user)
    prompt.set_label("staging", to=2, actor=alice.user)
    prompt.edit(title="The draft", content="secret words", author=alice.user)
    return prompt


@pytest.fixture
def limited(alice, make_key):
    return make_key(alice, "prompts:read", labels=["production"])


def test_a_limited_key_reads_prompts_as_of_its_label(limited, prompt):
    read = limited.get(f"/prompts/{prompt.wire_id}")
    shown = read.json()
    assert (shown["title"], shown["content"], shown["tags"]) == (
        "The first",
        "released words",
        ["one"],
    )
    assert (shown["version"], shown["labels"]) == (1, {"production": 1})
    assert limited.get("/prompts").json() == [shown]
    assert limited.get("/search?q=released").json() == [shown]
    assert limited.get(f"/prompts/{prompt.wire_id}?label=production").json() == shown


def test_a_limited_key_sees_nothing_else(limited, prompt, alice, make_prompt):
    make_prompt(alice, content="secret words")
    assert len(limited.get("/prompts").json()) == 1
    for word in ("secret", "staged", "draft", "second", "two"):
        assert limited.get(f"/search?q={word}").json() == []
    for path in ("?version=1", "?label=staging", "/versions", "/diff?from=1", "/labels/staging"):
        answer = limited.get(f"/prompts/{prompt.wire_id}{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, "outside_labels")
        assert answer.json()["labels"] == ["production"]
    (label,) = limited.get(f"/prompts/{prompt.wire_id}/labels").json()
    assert label["name"] == "production"


def test_an_edit_or_another_label_does_not_show_in_a_limited_keys_tag(limited, prompt, alice):
    path = f"/prompts/{prompt.wire_id}"
    etag = limited.get(path)["ETag"]
    prompt.edit(title="The next draft", author=alice.user)
    prompt.set_label("staging", to=4, actor=alice.user)
    assert limited.get(path)["ETag"] == etag
    assert limited.get(path, **{"If-None-Match": etag}).status_code == 304
    prompt.set_label("production", to=2, actor=alice.user)
    moved = limited.get(path, **{"If-None-Match": etag})
    assert (moved.status_code, moved.json()["title"]) == (200, "The second")


def test_of_several_labels_the_first_that_is_set_is_read(alice, make_key, make_prompt, prompt):
    program = make_key(alice, "prompts:read", labels=["canary", "staging", "production"])
    assert program.get(f"/prompts/{prompt.wire_id}").json()["title"] == "The second"
    assert [each["title"] for each in program.get("/prompts").json()] == ["The second"]
    shown = program.get(f"/prompts/{prompt.wire_id}?label=production").json()
    assert shown["title"] == "The first"
    assert shown["labels"] == {"production": 1, "staging": 2}
    unset = program.get(f"/prompts/{prompt.wire_id}?label=canary")
    assert (unset.status_code, unset.json()["labels"]) == (404, {"production": 1, "staging": 2})


def test_a_limited_key_moves_its_own_label_alone(alice, make_key, prompt):
    program = make_key(alice, "labels:write", "prompts:read", labels=["production"])
    path = f"/prompts/{prompt.wire_id}/labels"
    assert program.send("PUT", f"{path}/production", {"version": 2}).status_code == 200
    assert program.send("PUT", f"{path}/staging", {"version": 1}).status_code == 403
    assert program.delete(f"{path}/production").status_code == 204
    again = program.delete(f"{path}/production")
    assert (again.status_code, again.json()["labels"]) == (404, {})


@pytest.mark.parametrize("scope", ["prompts:write", "logs:read"])
def test_a_limited_key_can_not_have_what_shows_more(alice, scope):
    body = {"name": "x", "scopes": [scope, "prompts:read"], "labels": ["production"]}
    answer = alice.post("/auth/keys", body)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["scopes"])
    assert scope in answer.json()["error"]


def test_a_limited_key_is_not_told_what_somebody_else_was(alice, make_key, prompt):
    """An Idempotency-Key gives the first answer again; each program has its own."""
    prompt.set_label("staging", to=3, actor=alice.user)
    path, again = f"/prompts/{prompt.wire_id}/labels/staging/rollback", {"Idempotency-Key": "1"}
    assert alice.post(path, {"note": "hush"}, headers=again).status_code == 200
    program = make_key(alice, "labels:write", labels=["production"])
    for body in ({"note": "hush"}, {}):
        answer = program.post(path, body, headers=again)
        assert (answer.status_code, answer.json()["code"]) == (403, "outside_labels")
    free = make_key(alice, "labels:write")
    first = free.post(path, {}, headers=again)
    assert (first.status_code, "Idempotent-Replayed" in first) == (200, False)
    assert free.post(path, {}, headers=again)["Idempotent-Replayed"] == "true"


def test_a_prompt_that_a_limited_key_does_not_see_is_as_good_as_none(limited, alice, make_prompt):
    hidden = make_prompt(alice).wire_id
    missing = "prompt_01m83trjvzeb7vw09s9gmd4d3y"
    for rest in ("", "/labels", "/labels/production"):
        answers = [limited.get(f"/prompts/{each}{rest}") for each in (hidden, missing)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content


def test_no_key_that_is_limited_is_made_with_more(alice, make_key):
    with pytest.raises(ValueError, match="LIMITED_SCOPES"):
        make_key(alice, "prompts:write", labels=["production"])
