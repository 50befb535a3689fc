import base64
import json
import time

import jwt
import pytest
from django.conf import settings

from accounts import tokens

KEY = settings.JWT_SIGNING_KEY


@pytest.fixture
def claims(alice):
    return jwt.decode(tokens.issue(alice.user).token, options={"verify_signature": False})


def sign(claims, key=KEY, algorithm="HS256", **header):
    return jwt.encode(claims, key, algorithm, headers=header)


def unsigned(claims):
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return (
        b".".join(
            base64.urlsafe_b64encode(json.dumps(p).encode()).strip(b"=") for p in parts
        ).decode()
        + "."
    )


def status(caller, authorization):
    response = caller.client.get("/prompts", headers={"Authorization": authorization})
    if response.status_code == 401:
        assert response["WWW-Authenticate"] == "Bearer"
        assert response.json()["code"] in {"not_authenticated", "invalid_token"}
    return response.status_code


def test_a_token_lasts_an_hour_and_names_its_issuer(claims, alice):
    assert claims["exp"] - claims["iat"] == 3600
    assert (claims["iss"], claims["aud"]) == ("promptcrafter", "promptcrafter")
    assert claims["sub"] == str(alice.user.pk)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR", " Bearer ", "Bearer  "])
def test_the_schemes_name_is_case_insensitive(alice, claims, scheme):
    assert status(alice, f"{scheme} {sign(claims)}") == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        " ",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer a b",
        "Bearer \u00e9\u00ff",
        "Bearer " + "x" * 100_000,
        "Bearer " + "." * 5_000,
        "Basic YWxpY2U6cGFzc3dvcmQ=",
        "Token abc",
        "BearerToken",
        "Bearer null",
        "Bearer e30.e30.e30",
    ],
)
def test_what_is_no_token_is_refused(alice, authorization):
    assert status(alice, authorization) == 401


def test_two_tokens_at_once_are_refused(alice, claims):
    token = sign(claims)
    assert status(alice, f"Bearer {token},Bearer {token}") == 401
    assert status(alice, f"Bearer {token} {token}") == 401


@pytest.mark.parametrize(
    "change",
    [
        {"exp": 1},
        {"exp": "soon"},
        {"exp": []},
        {"exp": 10**30},
        {"aud": "another"},
        {"iss": "another"},
        {"token_type": "refresh"},
        {"sub": "1"},
        {"sub": None},
        {"sub": ["x"]},
        {"sub": "01890000-0000-7000-8000-000000000000"},
        {"sub": "\0"},
        {"sid": "1"},
        {"sid": None},
        {"sid": ["x"]},
        {"sid": "01890000-0000-7000-8000-000000000000"},
    ],
)
def test_a_token_with_another_claim_is_refused(alice, claims, change):
    assert status(alice, f"Bearer {sign(claims)}") == 200
    try:
        token = sign(claims | change)
    except TypeError:  # PyJWT will not even write it
        token = jwt.api_jws.encode(json.dumps(claims | change).encode(), KEY, "HS256")
    assert status(alice, f"Bearer {token}") == 401


@pytest.mark.parametrize("claim", ["exp", "aud", "iss", "sub", "sid", "token_type", "jti"])
def test_a_token_without_a_claim_is_refused(alice, claims, claim):
    del claims[claim]
    assert status(alice, f"Bearer {sign(claims)}") == 401


def test_a_token_signed_otherwise_is_refused(alice, claims):
    assert status(alice, f"Bearer {sign(claims, key='k' * 64)}") == 401
    assert status(alice, f"Bearer {sign(claims, key=settings.SECRET_KEY)}") == 401
    assert status(alice, f"Bearer {sign(claims, algorithm='HS512')}") == 401
    assert status(alice, f"Bearer {unsigned(claims)}") == 401


def test_a_header_nested_deeply_is_refused(alice):
    deep = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 2000).decode()
    assert status(alice, f"Bearer {deep}.e30.e30") == 401


def test_an_expired_token_is_refused(alice, claims):
    now = int(time.time())
    assert status(alice, f"Bearer {sign(claims | {'exp': now - 1})}") == 401


def test_a_disabled_user_is_refused_at_once(alice):
    alice.user.is_active = False
    alice.user.save(update_fields=["is_active"])
    assert alice.get("/prompts").status_code == 401


def test_a_deleted_user_is_refused_at_once(alice):
    alice.user.delete()
    assert alice.get("/prompts").status_code == 401
    assert alice.post("/prompts", {}).status_code == 401


def test_a_new_password_ends_the_old_tokens(alice):
    alice.user.set_password("another password")
    alice.user.save()
    assert alice.get("/prompts").status_code == 401


def test_a_session_is_as_good_as_a_token_but_must_show_its_csrf_token(alice):
    alice.headers = {}
    alice.client.handler.enforce_csrf_checks = True
    alice.client.force_login(alice.user)
    body = {"title": "Via a page", "content": "c", "model": "m"}
    assert alice.get("/prompts").status_code == 200
    refused = alice.post("/prompts", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    alice.client.cookies["csrftoken"] = "x" * 32
    assert alice.post("/prompts", body, headers={"X-CSRFToken": "x" * 32}).status_code == 201
