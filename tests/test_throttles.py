"""Guessing and flooding: how often one may try, and that nobody else pays for it."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Thread

import pytest
from django.test import Client

from accounts import background, hashers, refusals, tokens
from accounts.addresses import address_of
from accounts.backends import prove_password
from accounts.models import Counter, User
from accounts.models.resets import reset_token
from accounts.throttles import Allowance, Throttled, allowance
from promptcrafter.environment import Rate
from tests.callers import Caller

PASSWORD = "correct horse battery"
WRONG = "wrong horse battery"


@pytest.fixture
def ada(make_user):
    return make_user("ada", PASSWORD)


@pytest.fixture(autouse=True)
def limits(settings):
    settings.LOGIN_FAILURES = Rate(3, 900)
    settings.TRUSTED_PROXIES = 1


def send(path, body, address="192.0.2.1"):
    return Caller().post(path, body, headers={"X-Forwarded-For": address})


def log_in(password, email="ada@example.com", address="192.0.2.1"):
    return send("/auth/login", {"email": email, "password": password}, address)


def fail(times, **where):
    return [log_in(WRONG, **where).status_code for _ in range(times)]


def assert_throttled(answer, seconds):
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert 0 < int(answer["Retry-After"]) <= seconds


def test_after_some_failures_even_the_right_password_waits(ada):
    assert fail(5) == [401, 401, 401, 429, 429]
    assert_throttled(log_in(PASSWORD), 900)


def test_an_unknown_email_is_slowed_just_so(ada):
    assert fail(5, email="nobody@example.com") == fail(5, email="ada@example.com")


def test_another_spelling_of_the_email_counts_as_the_same(ada):
    fail(2)
    assert fail(3, email=" ADA@Example.com ") == [401, 429, 429]


def test_a_good_log_in_ends_its_own_count(ada, make_user):
    make_user("bob", PASSWORD)
    fail(2, email="bob@example.com")
    fail(2)
    assert log_in(PASSWORD).status_code == 200
    assert fail(4) == [401, 401, 401, 429]
    assert fail(2, email="bob@example.com") == [401, 429]


def test_nobody_is_locked_out_from_another_address(ada, settings):
    settings.LOGIN_FAILURES_PER_ACCOUNT = Rate(2, 900)
    for last in range(10):
        fail(5, address=f"198.51.100.{last}")
    assert log_in(PASSWORD, address="192.0.2.7").status_code == 200


def test_an_account_that_is_tried_from_everywhere_gives_each_address_fewer_tries(ada, settings):
    settings.LOGIN_FAILURES = Rate(10, 900)
    settings.LOGIN_FAILURES_PER_ACCOUNT = Rate(12, 900)
    assert fail(10, address="198.51.100.1") == [401] * 10
    assert fail(3, address="198.51.100.2") == [401, 401, 429]
    assert fail(3, address="198.51.100.3") == [401, 401, 429]


def test_one_address_that_tries_many_accounts_waits(ada, settings):
    settings.LOGIN_FAILURES_PER_ADDRESS = Rate(4, 900)
    tries = [fail(1, email=f"user{n}@example.com")[0] for n in range(6)]
    assert tries == [401, 401, 401, 401, 429, 429]
    assert log_in(PASSWORD).status_code == 429
    assert log_in(PASSWORD, address="192.0.2.2").status_code == 200


def test_good_log_ins_do_not_use_up_an_address(ada, settings):
    settings.LOGIN_FAILURES_PER_ADDRESS = Rate(2, 900)
    assert [log_in(PASSWORD).status_code for _ in range(5)] == [200] * 5


def test_the_wait_ends(ada):
    fail(4)
    Counter.objects.update(ends_at=int(time.time()))
    assert fail(4) == [401, 401, 401, 429]


def test_what_is_over_its_limit_costs_no_write(ada, django_assert_num_queries):
    fail(4)
    with django_assert_num_queries(1) as captured:
        fail(1)
    assert captured[0]["sql"].startswith("SELECT")


def test_the_table_names_no_email_and_no_address(ada):
    fail(1)
    kept = str(list(Counter.objects.values()))
    assert "ada" not in kept
    assert "192.0.2" not in kept


@pytest.mark.parametrize(
    ("method", "path", "field", "more"),
    [
        ("POST", "/auth/password", "currentPassword", {"newPassword": "battery staple horse"}),
        ("PATCH", "/auth/me", "currentPassword", {"email": "thief@example.com"}),
        ("DELETE", "/auth/me", "password", {}),
    ],
)
def test_who_stole_a_token_can_not_guess_the_password_either(ada, method, path, field, more):
    thief = Caller(ada)
    body = {field: WRONG, **more}
    answers = [thief.send(method, path, body) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [400, 400, 400, 429]
    body[field] = PASSWORD
    assert_throttled(thief.send(method, path, body), 900)


@pytest.fixture
def counted(monkeypatch):
    """What the metrics would count."""
    kinds = []
    monkeypatch.setattr(refusals, "listeners", [kinds.append])
    return kinds


@pytest.mark.parametrize("path", ["/admin/login/", "/api-auth/login/"])
def test_the_pages_where_one_logs_in_are_under_the_same_guard(make_user, path, counted):
    make_user("ada", PASSWORD, is_staff=True, is_superuser=True)
    browser = Client(headers={"X-Forwarded-For": "192.0.2.1"})

    def submit(password):
        return browser.post(path, {"username": "ada@example.com", "password": password})

    assert [submit(WRONG).status_code for _ in range(4)] == [200, 200, 200, 429]
    page = submit(PASSWORD)
    assert (page.status_code, page["Content-Type"][:9]) == (429, "text/html")
    assert int(page["Retry-After"]) > 800
    assert "Too many failed log-ins" in page.content.decode()
    assert counted == ["wrong password"] * 3 + ["failed log-ins"] * 2
    assert log_in(PASSWORD).status_code == 429  # the count is one
    assert "sessionid" not in browser.cookies


@pytest.fixture
def change_in_admin(make_user):
    """The admin's page for one's own password, filled in and sent."""
    staff = Client()
    staff.force_login(make_user("ada", PASSWORD, is_staff=True))

    def change(old, address="192.0.2.1"):
        new = {"new_password1": "battery staple horse", "new_password2": "battery staple horse"}
        headers = {"X-Forwarded-For": address}
        return staff.post("/admin/password_change/", {"old_password": old, **new}, headers=headers)

    return change


def test_the_admins_page_for_a_new_password_is_no_way_to_guess_the_old_one(
    change_in_admin, counted
):
    assert [change_in_admin(WRONG).status_code for _ in range(3)] == [200] * 3
    page = change_in_admin(PASSWORD)
    assert counted == ["wrong password"] * 3 + ["failed log-ins"]
    assert (page.status_code, "Too many failed log-ins" in page.content.decode()) == (429, True)
    assert int(page["Retry-After"]) > 800
    assert User.objects.get().check_password(PASSWORD)
    assert change_in_admin(PASSWORD, address="192.0.2.2").status_code == 302
    assert User.objects.get().check_password("battery staple horse")


def test_the_admins_page_overwrites_no_password_that_was_set_meanwhile(
    change_in_admin, monkeypatch
):
    """Between the proof of the old one and its change, an operator disables the account."""

    def prove(request, user, password):
        proven = prove_password(request, user, password)
        User.objects.get().change_password("the owner's own")
        User.objects.update(is_active=False)
        return proven

    monkeypatch.setattr("accounts.pages.prove_password", prove)
    page = change_in_admin(PASSWORD)
    assert (page.status_code, "elsewhere" in page.content.decode()) == (200, True)
    user = User.objects.get()
    assert (user.check_password("the owner's own"), user.is_active) == (True, False)


def test_sign_ups_are_counted_for_each_address(db, settings):
    settings.SIGNUPS_PER_ADDRESS = Rate(2, 3600)

    def sign_up(name, address="192.0.2.1", password=PASSWORD):
        body = {"name": name, "email": f"{name}@example.com", "password": password}
        return send("/auth/signup", body, address)

    assert sign_up("ann", password="short").status_code == 400  # not counted
    assert [sign_up(name).status_code for name in ("ann", "ann")] == [201, 409]
    assert_throttled(sign_up("cat"), 3600)
    assert sign_up("cat", "192.0.2.2").status_code == 201
    assert User.objects.count() == 2


def test_resets_are_counted_for_each_address(db, settings):
    settings.RESETS_PER_ADDRESS = Rate(2, 3600)
    reset = {"email": "ada@example.com"}
    assert [send("/auth/password/reset", reset).status_code for _ in range(2)] == [202, 202]
    assert_throttled(send("/auth/password/reset", reset), 3600)
    assert send("/auth/password/reset", reset, "192.0.2.2").status_code == 202


def test_nobodys_mailbox_is_flooded_and_nobody_is_told(ada, settings, mailoutbox):
    settings.RESETS_PER_ACCOUNT = Rate(2, 3600)
    answers = [
        send("/auth/password/reset", {"email": "ada@example.com"}, f"192.0.2.{n}").content
        for n in range(4)
    ]
    assert len(set(answers)) == 1
    background.send_mails()
    assert len(mailoutbox) == 2


# Each person's calls ----------------------------------------------------------------------------


@pytest.fixture
def no_allowance_used():
    allowance.__init__()
    yield
    allowance.__init__()


@pytest.mark.usefixtures("no_allowance_used")
def test_a_persons_calls_are_counted_whatever_they_carry(alice, bob, make_key, settings):
    settings.REQUESTS_PER_USER = Rate(5, 86_400)
    program = make_key(alice, "prompts:read")
    answers = [caller.get("/prompts") for caller in (alice, program, alice, program, alice)]
    assert {answer.status_code for answer in answers} == {200}
    for refused in (alice.get("/prompts"), program.get("/logs"), alice.post("/prompts", {})):
        assert_throttled(refused, 86_400)
    assert bob.get("/prompts").status_code == 200


@pytest.mark.usefixtures("no_allowance_used")
def test_a_refresh_is_counted_and_its_token_not_spent_when_refused(ada, settings):
    settings.REQUESTS_PER_USER = Rate(1, 86_400)
    pair = tokens.issue(ada)
    Caller(ada).get("/prompts")
    assert_throttled(Caller().post("/auth/refresh", {"refresh": pair.refresh}), 86_400)
    settings.REQUESTS_PER_USER = None
    assert Caller().post("/auth/refresh", {"refresh": pair.refresh}).status_code == 200


def taken(allowances, user):
    """How many requests several processes let through, each asked in turn until all refuse."""
    count = 0
    asking = list(allowances)
    while asking:
        for each in list(asking):
            try:
                each.take(user.pk)
                count += 1
            except Throttled:
                asking.remove(each)
    return count


@pytest.mark.parametrize("limit", [1, 7, 20, 99, 100, 1000, 6000])
@pytest.mark.parametrize("processes", [1, 2])
def test_the_limit_is_exact_across_processes(ada, settings, limit, processes):
    settings.REQUESTS_PER_USER = Rate(limit, 86_400)
    settings.WORKERS = processes
    assert taken([Allowance() for _ in range(processes)], ada) == limit


def test_a_process_that_gets_no_more_requests_keeps_little_back(ada, settings):
    settings.REQUESTS_PER_USER = Rate(1000, 86_400)
    idle, busy = Allowance(), Allowance()
    for _ in range(11):  # its own ten, and one of a lease
        idle.take(ada.pk)
    assert 930 <= taken([busy], ada) + 11 <= 1000


def test_a_hot_read_pays_no_write(ada, settings, django_assert_num_queries):
    settings.REQUESTS_PER_USER = Rate(6000, 86_400)
    process = Allowance()
    with django_assert_num_queries(0):
        for _ in range(60):
            process.take(ada.pk)
    with django_assert_num_queries(1):
        for _ in range(290):
            process.take(ada.pk)


def test_a_new_window_begins_anew(ada, settings, monkeypatch):
    settings.REQUESTS_PER_USER = Rate(5, 60)
    monkeypatch.setattr("accounts.throttles.time.time", lambda: 1_000_000)
    process = Allowance()
    assert taken([process], ada) == 5
    monkeypatch.setattr("accounts.throttles.time.time", lambda: 1_000_060)
    assert taken([process], ada) == 5


def test_a_lease_that_comes_when_its_window_is_over_says_nothing_of_the_next(
    ada, settings, monkeypatch
):
    settings.REQUESTS_PER_USER = Rate(20, 60)
    process, minutes = Allowance(), [0]
    monkeypatch.setattr("accounts.throttles.time.time", lambda: 1_000_000 + 60 * minutes[0])
    taken([process], ada)
    process.common.clear()  # as if it did not know yet, and asked

    def late(*args):
        minutes[0] = 1
        monkeypatch.undo()
        monkeypatch.setattr("accounts.throttles.time.time", lambda: 1_000_060)
        process.take(ada.pk)  # another thread begins the next window
        return 21

    monkeypatch.setattr(process, "_add", late)
    with pytest.raises(Throttled):
        process.take(ada.pk)
    assert taken([process], ada) == 19


# Hashing ----------------------------------------------------------------------------------------


@pytest.fixture
def all_places_taken(settings):
    """All that hash or wait for it, as live in other threads."""
    for _ in range(settings.THREADS - 1):
        hashers._places.acquire()
    yield
    for _ in range(settings.THREADS - 1):
        hashers._places.release()


NEW = {"currentPassword": PASSWORD, "newPassword": "battery staple horse"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/auth/login", {"email": "ada@example.com", "password": PASSWORD}),
        ("POST", "/auth/signup", {"name": "E", "email": "e@example.com", "password": PASSWORD}),
        ("POST", "/auth/password", NEW),
        ("PATCH", "/auth/me", {"email": "new@example.com", "currentPassword": PASSWORD}),
        ("DELETE", "/auth/me", {"password": PASSWORD}),
    ],
)
@pytest.mark.usefixtures("all_places_taken")
def test_when_too_many_hash_the_next_is_told_to_come_back(ada, method, path, body):
    answer = Caller(ada).send(method, path, body)
    assert (answer.status_code, answer.json()["code"]) == (429, "busy")
    assert answer["Retry-After"] == "1"
    assert not Counter.objects.exists()
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.usefixtures("all_places_taken")
def test_a_page_tells_to_come_back_too(ada, client):
    new = {"new_password1": "battery staple horse", "new_password2": "battery staple horse"}
    for path, fields in {
        "/api-auth/login/": {"username": "ada@example.com", "password": PASSWORD},
        f"/password-reset?token={reset_token(ada)}": new,
    }.items():
        page = client.post(path, fields)
        assert (page.status_code, page["Retry-After"]) == (429, "1")
        assert "Too many people" in page.content.decode()
    assert User.objects.get().check_password(PASSWORD)


def test_a_place_is_waited_for_while_there_are_some(ada):
    done, inside = Event(), Event()

    def hold():
        with hashers.slot():
            inside.set()
            done.wait(30)

    holder, answers = Thread(target=hold), []
    holder.start()
    inside.wait(30)
    with suppress(hashers.Busy), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: answers.append(enter_slot()))
        time.sleep(0.05)
        assert answers == []
        done.set()
        waiting.result(30)
    holder.join()
    assert answers == ["in"]


def enter_slot():
    with hashers.slot():
        return "in"


def test_who_is_over_the_limit_takes_no_place_from_others(ada, settings, request):
    """All places are taken, and the answer is still that of the limit, not `busy`."""
    settings.SIGNUPS_PER_ADDRESS = Rate(1, 3600)
    signup = {"name": "Eve", "email": "eve@example.com", "password": PASSWORD}
    assert send("/auth/signup", signup).status_code == 201
    fail(4)
    request.getfixturevalue("all_places_taken")
    assert_throttled(log_in(PASSWORD), 900)
    assert_throttled(send("/auth/signup", signup), 3600)
    assert log_in(PASSWORD, address="192.0.2.9").json()["code"] == "busy"


# Addresses --------------------------------------------------------------------------------------


class Request:
    def __init__(self, direct, forwarded=None):
        self.META = {"REMOTE_ADDR": direct}
        if forwarded is not None:
            self.META["HTTP_X_FORWARDED_FOR"] = forwarded


@pytest.mark.parametrize(
    ("proxies", "direct", "forwarded", "address"),
    [
        (0, "192.0.2.1", None, "192.0.2.1"),
        (0, "192.0.2.1", "203.0.113.9", "192.0.2.1"),
        (1, "192.0.2.1", "203.0.113.9", "203.0.113.9"),
        (1, "192.0.2.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "192.0.2.1", "forged, 198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (2, "192.0.2.1", "203.0.113.9", "192.0.2.1"),
        (1, "192.0.2.1", "nonsense", "192.0.2.1"),
        (1, "192.0.2.1", "", "192.0.2.1"),
        (1, "192.0.2.1", None, "192.0.2.1"),
        (0, "2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
        (0, "::ffff:192.0.2.1", None, "192.0.2.1"),
        (0, "", None, ""),
    ],
)
def test_where_a_request_comes_from(settings, proxies, direct, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    assert address_of(Request(direct, forwarded)) == address


def test_a_forged_address_does_not_help_against_a_proxy(ada):
    tries = [fail(1, address=f"203.0.113.{n}, 192.0.2.1")[0] for n in range(5)]
    assert tries == [401, 401, 401, 429, 429]


def test_a_wait_is_said_in_words():
    assert re.search(r"in 5 s\.$", str(Throttled("calls", 5)))
    assert re.search(r"in 15 minutes\.$", str(Throttled("calls", 899)))
