"""Who forgot their password asks for a mail, and follows its link."""

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from smtplib import SMTPException

import pytest
from django.core import mail
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from accounts import background
from accounts.models import BrowserSession, Counter, PasswordReset, Session, User
from accounts.models.resets import reset_token
from tests.callers import Caller

EXPIRING = [PasswordReset, Session, Counter]
PASSWORD = "correct horse battery"
NEW = "battery staple horse"


@pytest.fixture
def ada(make_user):
    return make_user("ada", PASSWORD)


@pytest.fixture
def browser():
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


def ask(email="ada@example.com"):
    return Caller().post("/auth/password/reset", {"email": email})


def link():
    background.send_mails()
    return re.search(r"http://testserver(/password-reset\?token=\S+)", mail.outbox[-1].body)[1]


def choose(browser, path, password, repeated=None, **more):
    page = browser.get(path)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())[1]
    fields = {"new_password1": password, "new_password2": repeated or password}
    return browser.post(path, {**fields, **more, "csrfmiddlewaretoken": token})


def log_in(password):
    body = {"email": "ada@example.com", "password": password}
    return Caller().post("/auth/login", body).status_code


def test_the_link_of_the_mail_sets_a_new_password_and_ends_every_session(ada, browser):
    session = Caller(ada)
    assert ask(" Ada@Example.com ").status_code == 202
    path = link()
    assert mail.outbox[0].to == ["ada@example.com"]
    done = choose(browser, path, NEW)
    assert (done.status_code, "is set" in done.content.decode()) == (200, True)
    assert (log_in(PASSWORD), log_in(NEW)) == (401, 200)
    assert session.get("/prompts").status_code == 401


def test_keys_stay_unless_they_are_to_go(ada, browser, make_key):
    program = make_key(Caller(ada), "prompts:read")
    choose(browser, f"/password-reset?token={reset_token(ada)}", NEW)
    assert program.get("/prompts").status_code == 200
    ada.refresh_from_db()
    choose(browser, f"/password-reset?token={reset_token(ada)}", PASSWORD, revoke_keys="on")
    assert program.get("/prompts").status_code == 401


def test_a_link_is_good_once(ada, browser):
    ask()
    path = link()
    choose(browser, path, NEW)
    page = browser.get(path)
    assert (page.status_code, "used already" in page.content.decode()) == (404, True)
    assert log_in(NEW) == 200


def test_a_link_is_good_for_an_hour(ada, browser, monkeypatch):
    path = f"/password-reset?token={reset_token(ada)}"

    def in_minutes(minutes):
        later = timezone.datetime.now() + timezone.timedelta(minutes=minutes)
        generator = "django.contrib.auth.tokens.PasswordResetTokenGenerator._now"
        monkeypatch.setattr(generator, lambda self: later)
        return browser.get(path).status_code

    assert in_minutes(59) == 200
    assert in_minutes(61) == 404


def test_a_new_password_or_email_ends_the_links_before_it(ada, browser):
    for change in ("password", "email"):
        path = f"/password-reset?token={reset_token(ada)}"
        if change == "password":
            ada.change_password(NEW)
        else:
            ada.edit(email="countess@example.com")
        assert browser.get(path).status_code == 404


def test_of_two_who_hold_the_page_one_sets_the_password(ada, browser):
    path = f"/password-reset?token={reset_token(ada)}"
    page = browser.get(path)
    ada.change_password(NEW)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())[1]
    fields = {"new_password1": "another long one", "new_password2": "another long one"}
    assert browser.post(path, {**fields, "csrfmiddlewaretoken": token}).status_code == 404
    assert log_in(NEW) == 200


@pytest.mark.parametrize(
    "token",
    ["", "x", "user_01m83trjvzeb7vw09s9gmd4d3y.x", "%00", "%ff", "a.b-c", "é", "x" * 5000],
)
def test_what_is_no_link_of_ours_is_a_page_that_says_so(browser, db, token):
    page = browser.get(f"/password-reset?token={token}")
    assert (page.status_code, page["Content-Type"][:9]) == (404, "text/html")


def test_somebody_elses_mark_is_no_good(ada, bob, browser):
    token = f"{bob.user.wire_id}.{reset_token(ada).partition('.')[2]}"
    assert browser.get(f"/password-reset?token={token}").status_code == 404


@pytest.mark.parametrize(
    ("password", "repeated"),
    [("short", None), (NEW, "another"), ("ada@example.com", None), ("x1 y" * 1250, None)],
)
def test_a_bad_new_password_is_told_on_the_page(ada, browser, password, repeated):
    path = f"/password-reset?token={reset_token(ada)}"
    page = choose(browser, path, password, repeated)
    assert (page.status_code, 'role="alert"' in page.content.decode()) == (200, True)
    assert log_in(PASSWORD) == 200


def test_a_forged_form_sets_nothing(ada, browser):
    path = f"/password-reset?token={reset_token(ada)}"
    fields = {"new_password1": NEW, "new_password2": NEW}
    assert browser.post(path, fields).status_code == 403
    assert log_in(PASSWORD) == 200


def test_the_answer_and_its_statements_are_the_same_for_nobody(
    ada, make_user, django_assert_num_queries
):
    make_user("eve", PASSWORD, is_active=False)
    make_user("max")  # an operator made this one without a password
    answers = []
    for name in ("ada", "nobody", "eve", "max"):
        with django_assert_num_queries(1):
            answers.append(ask(f"{name}@example.com"))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    background.send_mails()
    assert [each.to for each in mail.outbox] == [["ada@example.com"]]
    assert not PasswordReset.objects.exists()


@pytest.mark.parametrize("email", [None, "", "x", 5, "a\0@example.com", "a" * 300 + "@b.cd"])
def test_what_is_no_email_is_named(db, email):
    answer = ask(email)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["email"])


def test_a_mail_that_can_not_be_sent_is_tried_again(ada, monkeypatch, caplog):
    def refuse(*args, **kwargs):
        raise SMTPException("the inside story of ada@example.com")

    ask()
    with monkeypatch.context() as patch:
        patch.setattr("accounts.background.send_mail", refuse)
        background.send_mails()
    assert "SMTPException" in caplog.text
    assert "inside story" not in caplog.text
    background.send_mails()
    assert mail.outbox == []  # not before a minute is over
    PasswordReset.objects.update(due_at=timezone.now())
    background.send_mails()
    assert len(mail.outbox) == 1


def test_a_mail_that_can_not_even_be_written_stops_no_other(ada, make_user):
    """An address that is not let in any more, but may be there from before."""
    User.objects.filter(pk=make_user("odd").pk).update(email='"v\x1cbcc:x@y.z"@example.com')
    for each in User.objects.order_by("-pk"):
        PasswordReset.objects.create(email=each.email, site="http://testserver")
    background.send_mails()
    assert [each.to for each in mail.outbox] == [["ada@example.com"]]


def test_one_mail_is_taken_by_one_process(ada):
    ask()
    assert PasswordReset.objects.take(due_by=timezone.now()) is not None
    assert PasswordReset.objects.take(due_by=timezone.now()) is None


def test_a_mail_server_that_refuses_does_not_keep_the_thread_for_ever(ada, monkeypatch):
    def refuse(*args, **kwargs):
        tried.append(args)
        raise OSError

    tried = []
    monkeypatch.setattr("accounts.background.send_mail", refuse)
    monkeypatch.setattr("accounts.models.resets.RETRY_AFTER", timezone.timedelta(0))
    for _ in range(3):
        ask()
    background.send_mails()
    assert len(tried) == 3


def test_a_mail_that_was_asked_for_long_ago_is_not_sent(ada):
    ask()
    PasswordReset.objects.update(asked_at=timezone.now() - timezone.timedelta(minutes=61))
    background.send_mails()
    assert mail.outbox == []


def test_what_has_run_out_is_deleted(ada):
    Caller(ada), ask()
    Counter.objects.add({"old": -1, "running": 60})
    hours_ago = timezone.now() - timezone.timedelta(hours=2)
    PasswordReset.objects.update(asked_at=hours_ago)
    Session.objects.update(expires_at=hours_ago)
    fresh = Caller(ada)
    background.tidy(EXPIRING)
    assert not PasswordReset.objects.exists()
    assert Counter.objects.count() == 1
    assert fresh.get("/prompts").status_code == 200
    assert Session.objects.count() == 1


def test_what_browsers_left_is_deleted_too(ada):
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.force_login(ada)
    key = browsers[0].session.session_key
    BrowserSession.objects.filter(pk=key).update(expire_date=timezone.now())
    background.tidy(EXPIRING)
    assert BrowserSession.objects.count() == 1
    assert browsers[1].get("/prompts").status_code == 200


def test_a_disabled_users_link_is_no_good(ada, browser):
    path = f"/password-reset?token={reset_token(ada)}"
    ada.is_active = False
    ada.save()
    assert browser.get(path).status_code == 404


def test_work_that_fails_does_not_end_the_thread(caplog):
    def fail(failure):
        raise failure("the inside story")

    for failure in (OperationalError, RuntimeError):
        background._attempt("it", partial(fail, failure))
    assert "OperationalError" in caplog.text
    assert "RuntimeError" in caplog.text


def test_a_chore_that_has_more_to_do_waits_for_the_others_alone():
    done, left = [], [True, False]

    def send_mails():
        done.append("mails")

    def index():
        done.append("index")
        return left.pop(0)

    with ThreadPoolExecutor(1) as pool:  # whose connections it closes
        rounds = [pool.submit(background._round, [send_mails, index]).result() for _ in range(2)]
    assert rounds == [True, False]
    assert done == ["mails", "index"] * 2


@pytest.mark.parametrize("url", ["https://prompts.example.com", "https://example.com/prompts"])
def test_the_link_begins_with_the_public_url_where_one_is_set(ada, settings, url):
    settings.PUBLIC_URL = url
    ask()
    background.send_mails()
    assert f"{url}/password-reset?token=" in mail.outbox[0].body
