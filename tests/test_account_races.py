"""Accounts under fire: through the real server, its two workers, and its real limits."""

import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from email import message_from_string
from pathlib import Path

import httpx2
import pytest

from tests import live
from tests.test_races import PROMPT, at_once

PASSWORD = "correct horse battery"
NEW = "battery staple horse"


@pytest.fixture(scope="module")
def mails(tmp_path_factory):
    return tmp_path_factory.mktemp("mails")


@pytest.fixture(scope="module")
def guarded(mails):
    """A server with limits, where a test comes from the address that it names."""
    limits = {
        "LOGIN_FAILURES": "10/1h",
        "SIGNUPS_PER_ADDRESS": "5/1h",
        "REQUESTS_PER_USER": "50/1d",
        "TRUSTED_PROXIES": "1",
        "EMAIL_URL": f"filemail:///{mails}",
    }
    with live.serving(**limits) as url:
        yield url


@pytest.fixture
def person(guarded):
    """The URL, and the e-mail and tokens of somebody new."""
    email = f"{os.urandom(8).hex()}@example.com"
    body = {"name": "Ada", "email": email, "password": PASSWORD}
    answer = patiently(guarded, "/auth/signup", body, address=email)
    return guarded, email, answer.json()


def patiently(url, path, body, *, address):
    """As a polite client: comes back when the server is busy."""
    address = f"10.0.{sum(address.encode()) % 256}.{address.encode()[0]}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        headers = {"X-Forwarded-For": address}
        answer = httpx2.post(url + path, json=body, headers=headers, timeout=30)
        if answer.json().get("code") != "busy":
            return answer
        time.sleep(0.05)
    raise TimeoutError(path)


def many(count, call):
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda _: call(), range(count)))


def test_of_four_refreshes_at_once_one_wins_and_the_session_ends(person):
    url, email, pair = person

    def refresh(pair):
        return httpx2.post(f"{url}/auth/refresh", json={"refresh": pair["refresh"]}, timeout=30)

    for _ in range(8):
        answers = at_once(*[lambda pair=pair: refresh(pair)] * 4)
        assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
        winner = next(answer for answer in answers if answer.status_code == 200).json()
        assert refresh(winner).status_code == 401
        body = {"email": email, "password": PASSWORD}
        pair = patiently(url, "/auth/login", body, address="refreshing").json()


def test_ten_failed_log_ins_of_many_at_once_are_tried(person):
    url, email, _ = person
    body = {"email": email, "password": "wrong horse battery"}
    answers = many(60, lambda: patiently(url, "/auth/login", body, address="guessing").status_code)
    assert sorted(answers) == [401] * 10 + [429] * 50
    body["password"] = PASSWORD
    assert patiently(url, "/auth/login", body, address="guessing").status_code == 429
    assert patiently(url, "/auth/login", body, address="elsewhere").status_code == 200


def test_good_log_ins_of_many_at_once_all_get_in(person):
    url, email, _ = person
    body = {"email": email, "password": PASSWORD}
    answers = many(60, lambda: patiently(url, "/auth/login", body, address="office").status_code)
    assert set(answers) == {200}


def test_five_sign_ups_of_many_at_once_are_made(guarded):
    def sign_up():
        email = f"{os.urandom(8).hex()}@example.com"
        body = {"name": "Ada", "email": email, "password": PASSWORD}
        return patiently(guarded, "/auth/signup", body, address="signing up").status_code

    assert sorted(many(12, sign_up)) == [201] * 5 + [429] * 7


def test_fifty_calls_of_many_at_once_are_answered(person):
    url, _, pair = person
    headers = {"Authorization": f"Bearer {pair['token']}"}
    answers = many(100, lambda: httpx2.get(f"{url}/prompts", headers=headers, timeout=30))
    assert sorted(answer.status_code for answer in answers) == [200] * 50 + [429] * 50


def test_a_new_password_ends_the_old_tokens_in_every_process_at_once(person):
    url, email, kept = person
    body = {"email": email, "password": PASSWORD}
    other = patiently(url, "/auth/login", body, address=email).json()

    def calls(pair):
        headers = {"Authorization": f"Bearer {pair['token']}"}
        return {httpx2.get(f"{url}/prompts", headers=headers).status_code for _ in range(8)}

    assert calls(other) == calls(kept) == {200}
    headers = {"Authorization": f"Bearer {kept['token']}"}
    change = {"currentPassword": PASSWORD, "newPassword": NEW}
    assert httpx2.post(f"{url}/auth/password", json=change, headers=headers).status_code == 204
    assert calls(other) == {401}
    assert calls(kept) == {200}


def test_who_saves_while_their_account_ends_is_answered_cleanly(server):
    for _ in range(6):
        with httpx2.Client(base_url=server, timeout=30) as client:
            email = f"{os.urandom(8).hex()}@example.com"
            body = {"name": "Ada", "email": email, "password": PASSWORD}
            token = client.post("/auth/signup", json=body).json()["token"]
            client.headers["Authorization"] = f"Bearer {token}"
            prompt = client.post("/prompts", json=PROMPT).json()["_id"]
            log = {"promptId": prompt, "output": "o", "modelUsed": "m"}
            end = {"password": PASSWORD}
            *saves, ended = at_once(
                *[lambda c=client: c.post("/prompts", json=PROMPT).status_code] * 3,
                *[lambda c=client, log=log: c.post("/logs", json=log).status_code] * 3,
                *[lambda c=client: c.patch("/auth/me", json={"name": "New"}).status_code] * 3,
                lambda c=client, end=end: c.request("DELETE", "/auth/me", json=end).status_code,
            )
            assert ended == 204
            assert set(saves) <= {200, 201, 401, 404}
            assert client.get("/prompts").status_code == 401


def test_a_mail_is_sent_in_the_background_and_its_link_works_once(person, mails):
    url, email, pair = person
    answer = httpx2.post(f"{url}/auth/password/reset", json={"email": email})
    assert answer.status_code == 202
    path = re.search(r"(/password-reset\?token=\S+)", wait_for_mail(mails, to=email))[1]
    with httpx2.Client(base_url=url) as browser:
        page = browser.get(path)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
        form = {"new_password1": NEW, "new_password2": NEW, "csrfmiddlewaretoken": token}
        answers = at_once(*[lambda: browser.post(path, data=form).status_code] * 3)
    assert sorted(answers) == [200, 404, 404]
    headers = {"Authorization": f"Bearer {pair['token']}"}
    assert httpx2.get(f"{url}/prompts", headers=headers).status_code == 401
    body = {"email": email, "password": NEW}
    assert patiently(url, "/auth/login", body, address="after").status_code == 200


def wait_for_mail(directory: Path, to: str) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for file in directory.iterdir():
            mail = message_from_string(file.read_text())
            if mail["To"] == to and mail.get_payload():
                return mail.get_payload()
        time.sleep(0.05)
    raise TimeoutError(to)
