"""Staying logged in: refresh tokens and the sessions that they belong to."""

import time

import jwt
import pytest
from django.conf import settings
from django.utils import timezone

from accounts import tokens
from accounts.models import Session
from accounts.models.sessions import SESSIONS_MAX_COUNT
from tests.callers import Caller

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(make_user):
    return make_user("ada", PASSWORD)


@pytest.fixture
def log_in(ada, anonymous):
    def log_in():
        body = {"email": ada.email, "password": PASSWORD}
        return anonymous.post("/auth/login", body).json()

    return log_in


def refresh(pair):
    return Caller().post("/auth/refresh", {"refresh": pair["refresh"]})


def works(pair):
    headers = {"Authorization": f"Bearer {pair['token']}"}
    return Caller().get("/prompts", **headers).status_code == 200


def test_a_log_in_gives_a_pair_and_says_how_long_it_is_good(log_in):
    pair = log_in()
    assert set(pair) == {"token", "refresh", "expiresIn"}
    assert 3595 <= pair["expiresIn"] <= 3600
    assert works(pair)


def test_a_refresh_gives_the_next_pair_with_no_other_token(log_in):
    answer = refresh(log_in())
    assert answer.status_code == 200
    assert set(answer.json()) == {"token", "refresh", "expiresIn"}
    assert works(answer.json())
    assert refresh(answer.json()).status_code == 200


def test_the_access_token_from_before_a_refresh_stays_good(log_in):
    pair = log_in()
    refresh(pair)
    assert works(pair)


def test_a_refresh_token_used_twice_ends_its_whole_family(log_in, caplog):
    first, other = log_in(), log_in()
    second = refresh(first).json()
    third = refresh(second).json()
    replayed = refresh(first)
    assert (replayed.status_code, replayed.json()["code"]) == (401, "invalid_token")
    assert "used before" in replayed.json()["error"]
    assert "was used twice; session_" in caplog.text
    assert refresh(third).status_code == 401
    assert not any(works(pair) for pair in (first, second, third))
    assert works(other)
    assert refresh(other).status_code == 200


def test_a_log_out_ends_the_session_at_once(log_in, anonymous):
    pair, other = log_in(), log_in()
    for _ in range(2):  # once more does no harm
        answer = anonymous.post("/auth/logout", {"refresh": pair["refresh"]})
        assert (answer.status_code, answer.content) == (204, b"")
    assert not works(pair)
    assert refresh(pair).status_code == 401
    assert works(other)


def test_an_access_token_is_no_refresh_token_and_the_other_way_round(log_in, anonymous):
    pair = log_in()
    for path in ("/auth/refresh", "/auth/logout"):
        assert anonymous.post(path, {"refresh": pair["token"]}).status_code == 401
    assert not works({"token": pair["refresh"]})
    assert works(pair)


@pytest.mark.parametrize("path", ["/auth/refresh", "/auth/logout"])
@pytest.mark.parametrize("value", ["x", "a.b.c", "é.é.é", "x" * 30_000, "pc_" + "0" * 46])
def test_what_is_no_refresh_token_is_refused(anonymous, path, value):
    answer = anonymous.post(path, {"refresh": value})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


@pytest.mark.parametrize("path", ["/auth/refresh", "/auth/logout"])
@pytest.mark.parametrize("body", [{}, {"refresh": None}, {"refresh": 5}, {"refresh": "a\0b"}])
def test_a_refresh_token_that_is_no_text_is_named(anonymous, path, body):
    answer = anonymous.post(path, body)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["refresh"])


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!"}])
def test_a_disabled_user_or_another_password_ends_both_tokens(log_in, ada, change):
    pair = log_in()
    type(ada).objects.filter(pk=ada.pk).update(**change)
    assert not works(pair)
    assert refresh(pair).status_code == 401


def test_a_deleted_users_tokens_are_refused(log_in, ada, anonymous):
    pair = log_in()
    ada.delete()
    assert not works(pair)
    assert refresh(pair).status_code == 401
    assert anonymous.post("/auth/logout", {"refresh": pair["refresh"]}).status_code == 204


def test_somebody_elses_name_in_a_token_is_refused(log_in, bob):
    claims = jwt.decode(log_in()["token"], options={"verify_signature": False})
    forged = jwt.encode(claims | {"sub": str(bob.user.pk)}, settings.JWT_SIGNING_KEY, "HS256")
    assert not works({"token": forged})


def test_a_session_that_is_not_used_runs_out(log_in):
    pair = log_in()
    assert (Session.objects.get().expires_at - timezone.now()).days in {29, 30}
    Session.objects.update(expires_at=timezone.now())
    assert not works(pair)
    assert refresh(pair).status_code == 401


def test_a_session_ends_some_day_however_often_it_is_refreshed(log_in):
    pair = log_in()
    born = timezone.now() - timezone.timedelta(days=179, hours=23, minutes=50)
    Session.objects.update(created_at=born)
    pair = refresh(pair).json()
    assert 595 <= pair["expiresIn"] <= 600
    claims = jwt.decode(pair["refresh"], options={"verify_signature": False})
    assert claims["exp"] - time.time() <= 600


def test_a_token_costs_one_query_and_a_refresh_two(log_in, ada, django_assert_num_queries):
    pair = log_in()
    with django_assert_num_queries(1):
        tokens.session_of(pair["token"])
    with django_assert_num_queries(2):
        refresh(pair)


def test_one_sees_where_one_is_logged_in_and_ends_that(ada, alice, anonymous):
    body = {"email": ada.email, "password": PASSWORD}
    for device in ("Firefox \x00\x1b" + "x" * 300, ""):
        answer = anonymous.post("/auth/login", body, headers={"User-Agent": device})
    here = Caller(ada, token=answer.json()["token"])
    mine, other = here.get("/auth/sessions").json()
    assert (mine["isCurrent"], other["isCurrent"]) == (True, False)
    assert (mine["device"], other["device"]) == ("", "Firefox " + "x" * 192)
    assert mine["createdAt"] < mine["expiresAt"]
    assert here.delete(f"/auth/sessions/{other['_id']}").status_code == 204
    assert here.get("/auth/sessions").json() == [mine]
    assert here.delete(f"/auth/sessions/{other['_id']}").status_code == 404
    assert here.delete(f"/auth/sessions/{mine['_id']}").status_code == 204
    assert here.get("/auth/sessions").status_code == 401


def test_nobody_has_sessions_without_end(ada):
    first, *rest = [tokens.issue(ada) for _ in range(SESSIONS_MAX_COUNT + 1)]
    assert Session.objects.count() == SESSIONS_MAX_COUNT
    assert not works({"token": first.token})
    assert all(works({"token": pair.token}) for pair in (rest[0], rest[-1]))


def test_the_list_costs_the_same_for_one_session_and_for_thirty(ada, django_assert_num_queries):
    here = Caller(ada)
    for more in (0, 29):
        for _ in range(more):
            tokens.issue(ada)
        with django_assert_num_queries(2):
            assert len(here.get("/auth/sessions").json()) == 1 + more
