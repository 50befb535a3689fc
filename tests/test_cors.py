"""What scripts of other sites may read: nothing, unless CORS_ALLOWED_ORIGINS lists them."""

import httpx2
import pytest

from tests import live
from tests.callers import Caller

APP = "https://app.example.com"
PREFLIGHT = {"Access-Control-Request-Method": "PATCH"}
PROMPT = {"title": "A title", "content": "Some content.", "model": "GPT-4o"}


def told(response):
    """What CORS headers the answer has, without the common part of their names."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    prefix = "access-control-"
    return {k.removeprefix(prefix): v for k, v in headers.items() if k.startswith(prefix)}


@pytest.fixture
def with_cors(settings):
    """As settings.py does when the variable is set; for callers that are made after this."""
    settings.CORS_ALLOWED_ORIGINS = [APP]
    at = settings.MIDDLEWARE.index("promptcrafter.middleware.guard")
    cors = "corsheaders.middleware.CorsMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:at], cors, *settings.MIDDLEWARE[at:]]


def test_no_site_is_let_in_unless_it_is_listed(alice, settings):
    assert not any("cors" in each for each in settings.MIDDLEWARE)
    for path in ("/prompts", "/healthz", "/static/promptcrafter/pages.css"):
        assert told(alice.client.head(path, headers={"Origin": APP})) == {}
    assert told(alice.send("OPTIONS", "/prompts", headers=PREFLIGHT | {"Origin": APP})) == {}


def test_a_listed_site_is_told_what_it_may_send_without_a_token(with_cors):
    response = Caller().send("OPTIONS", "/prompts/x", headers=PREFLIGHT | {"Origin": APP})
    assert response.status_code == 200
    cors = told(response)
    assert cors["allow-origin"] == APP
    assert "PATCH" in cors["allow-methods"]
    assert cors["allow-headers"] == (
        "authorization, content-type, if-match, if-none-match, idempotency-key"
    )
    assert "allow-credentials" not in cors


def test_a_listed_site_reads_answers_and_their_headers(with_cors, alice):
    response = alice.post("/prompts", PROMPT, headers={"Origin": APP})
    assert response.status_code == 201
    assert told(response) == {
        "allow-origin": APP,
        "expose-headers": "ETag, Link, Location, Retry-After, Idempotent-Replayed, X-Request-Id",
    }
    assert "origin" in response["Vary"].lower()


def test_a_listed_site_reads_refusals_too(with_cors, alice):
    refused = alice.post("/prompts", b"x" * 2_621_441, headers={"Origin": APP})
    assert (refused.status_code, told(refused)["allow-origin"]) == (413, APP)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://app.example.com", f"{APP}.evil.example", "null", ""]
)
def test_any_other_site_is_told_nothing(with_cors, alice, origin):
    headers = {"Origin": origin} if origin else {}
    assert told(alice.get("/prompts", **headers)) == {}
    assert told(alice.send("OPTIONS", "/prompts", headers=PREFLIGHT | headers)) == {}


def test_the_variable_lets_a_site_in():
    with live.serving(CORS_ALLOWED_ORIGINS=f" {APP}, https://other.example ") as url:
        answer = httpx2.options(f"{url}/prompts", headers=PREFLIGHT | {"Origin": APP})
        assert told(answer)["allow-origin"] == APP
        long, other = b"x" * 2_621_441, {"Origin": "https://other.example"}
        refused = httpx2.post(f"{url}/prompts", content=long, headers=other)
        assert (refused.status_code, "allow-origin" in told(refused)) == (413, True)
        assert told(httpx2.get(f"{url}/prompts", headers={"Origin": "https://evil.example"})) == {}
