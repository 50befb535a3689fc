"""What every answer tells a browser, whatever made the answer."""

import re
import secrets
import subprocess
import sys

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import Client

from tests import live

ALWAYS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
FOR_JSON = "default-src 'none'; frame-ancestors 'none'"
HTML = {"Accept": "text/html"}

# path, the request, and the status of an answer that is not JSON
PAGES = [
    ("/", {"headers": HTML}, 200),
    ("/prompts", {"headers": HTML}, 401),
    ("/api-auth/login/", {}, 200),
    ("/admin/login/", {}, 200),
    ("/password-reset?token=x", {}, 404),
    ("/admin/", {}, 302),
    ("/admin", {}, 302),
    ("/static/promptcrafter/pages.css", {}, 200),
]
# The same of answers in JSON.
JSON = [
    ("/healthz", {}, 200),
    ("/prompts", {}, 401),
    ("/nowhere", {}, 404),
    ("/fail/OperationalError", {}, 503),
    ("/fail-outside-the-api/PermissionError", {}, 500),
    ("/prompts", {"headers": {"Host": "evil.example"}}, 400),
    ("/prompts", {"CONTENT_LENGTH": "9" * 9}, 413),
    ("/prompts", {"HTTP_TRANSFER_ENCODING": "chunked"}, 411),
]
pytestmark = [
    pytest.mark.urls("tests.urls"),
    pytest.mark.filterwarnings("ignore:.*(Bad request|Internal Server Error).*"),
]


@pytest.fixture
def get(db):
    client = Client(raise_request_exception=False)

    def get(path, **request):
        ask = client.head if path.startswith("/static/") else client.get  # a file stays open
        response = ask(path, **request)
        assert {name: response[name] for name in ALWAYS} == ALWAYS
        assert "camera=()" in response["Permissions-Policy"]
        return response

    return get


@pytest.mark.parametrize(("path", "request_", "status"), PAGES)
def test_a_page_runs_nothing_that_is_not_ours(get, path, request_, status):
    response = get(path, **request_)
    assert response.status_code == status
    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; object-src 'none'; base-uri 'none'; ")
    assert "unsafe" not in policy


@pytest.mark.parametrize(("path", "request_", "status"), JSON)
def test_an_answer_in_json_may_do_nothing(get, path, request_, status):
    response = get(path, **request_)
    assert (response.status_code, response["Content-Type"]) == (status, "application/json")
    assert response["Content-Security-Policy"] == FOR_JSON


def test_what_did_not_change_has_the_headers_too(get, alice, make_prompt):
    """A browser gives the page that it keeps the headers of the 304."""
    path = staticfiles_storage.url("promptcrafter/pages.css")
    first = get(path)
    again = get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, "unsafe" in again["Content-Security-Policy"]) == (304, False)
    path = f"/prompts/{make_prompt(alice).wire_id}"
    known = alice.headers | {"If-None-Match": alice.get(path)["ETag"]}
    assert get(path, headers=known).status_code == 304


@pytest.mark.parametrize(
    "path", ["/", "/prompts", "/prompts/{}", "/search?q=x", "/api-auth/login/"]
)
def test_no_page_of_the_api_holds_inline_style_or_script(alice, make_prompt, path):
    client = Client(headers=HTML)
    client.force_login(alice.user)
    page = client.get(path.format(make_prompt(alice).wire_id)).content.decode()
    assert "</form>" in page
    assert (
        re.findall(r"""<style|\sstyle=|\son\w+=|<script(?! src| type="application/json")""", page)
        == []
    )


def test_the_log_in_page_takes_an_address_and_a_password_of_any_length(client, db):
    page = client.get("/api-auth/login/").content.decode()
    assert re.findall(r'maxlength="(\d+)"', page) == ["254"]


PROBE = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "promptcrafter.settings"
import django
django.setup()
from django.test import Client
response = Client().get("/api-auth/login/", secure=True, headers={"host": "localhost"})
print(response.cookies.output(header="").strip())
print(response.headers.get("Strict-Transport-Security"))
"""


@pytest.mark.parametrize(("https", "name"), [("1", "__Host-csrftoken"), ("0", "csrftoken")])
def test_cookies_are_bound_to_the_host_under_https(settings, https, name):
    keys = {"SECRET_KEY": secrets.token_urlsafe(64), "JWT_SIGNING_KEY": secrets.token_urlsafe(64)}
    environment = (
        live.clean_environment() | keys | {"DATA_DIR": str(settings.DATA_DIR), "HTTPS": https}
    )
    command = [sys.executable, "-W", "ignore", "-c", PROBE]
    done = subprocess.run(
        command, env=environment, cwd=live.ROOT, capture_output=True, text=True, check=True
    )
    cookie, hsts = done.stdout.splitlines()
    assert cookie.startswith(f"{name}=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert ("; Secure" in cookie) == (https == "1") == ("max-age=31536000" in hsts)
