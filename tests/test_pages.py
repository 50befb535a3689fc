"""The API's pages: what a reader finds on them. That each route has one, test_access shows."""

import html
import json
import re
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from promptcrafter.browsable.operations import sample
from promptcrafter.description import description
from prompts.models import Prompt
from tests.callers import Caller

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
JSON = {"Accept": "application/json"}
PLACES = [
    *("/prompts", "/logs", "/search", "/tags", "/models", "/leaderboard", "/trash", "/render"),
    *("/auth/keys", "/auth/sessions", "/auth/me", "/docs", "/openapi.json"),
]
HOSTILE = "</textarea></pre><script>alert(1)</script><img src=x onerror=alert(2)> \" ' & `code`"


def looking(user=None):
    client = Client(headers=HTML, raise_request_exception=False)
    if user:
        client.force_login(user)
    return client


@pytest.fixture
def browser(alice):
    """Alice's."""
    return looking(alice.user)


@pytest.fixture
def prompt(alice, make_prompt):
    made = make_prompt(alice, tags=["art", "surreal"])
    made.edit(content="New {{ mood }} content.", author=alice.user)
    made.set_label("production", to=2, actor=alice.user)
    return made


@pytest.fixture
def path(prompt):
    return f"/prompts/{prompt.wire_id}"


def text(response):
    return response.content.decode()


def links(response):
    return [html.unescape(href) for href in re.findall(r'href="([^"]*)"', text(response))]


def forms(response):
    """The methods that the page can send."""
    return re.findall(r'data-method="(\w+)"', text(response))


def bodies(response):
    found = re.findall(r"<textarea[^>]*>(.*?)</textarea>", text(response), re.DOTALL)
    return [json.loads(html.unescape(each)) for each in found]


def field(response, name):
    """The form's field of that name, as it is written."""
    pattern = rf'<(?:input|select)[^>]*\sname="{name}"[^>]*>(?:(?:\s*<option[^<]*</option>)+)?'
    return re.findall(pattern, text(response))


# The first page ---------------------------------------------------------------------------------


def test_the_first_page_leads_a_person_everywhere(browser):
    page = browser.get("/")
    assert set(PLACES) <= set(links(page))
    assert "/admin/" not in links(page)
    assert "A home for generative-AI prompts" in text(page)


def test_the_first_page_leads_staff_to_the_admin(make_user):
    client = looking(make_user("staff", is_staff=True))
    assert "/admin/" in links(client.get("/"))
    assert client.get("/", headers=JSON).json()["admin"] == "http://testserver/admin/"


def test_a_stranger_is_welcomed_and_a_program_is_told_to_log_in(db, settings):
    page = looking().get("/")
    assert page.status_code == 200
    assert {"/api-auth/login/", "/api-auth/signup/", "/docs"} <= set(links(page))
    assert "/prompts" not in links(page)
    settings.SIGNUPS_OPEN = False
    assert "/api-auth/signup/" not in links(looking().get("/"))
    answer = Client().get("/")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_the_first_answer_is_a_map_of_names_to_urls(alice):
    answer = alice.get("/").json()
    assert answer["prompts"] == "http://testserver/prompts"
    for url in answer.values():
        path = url.removeprefix("http://testserver")
        assert path == "/docs" or alice.get(path).status_code in {200, 400, 405}


# What a page says -------------------------------------------------------------------------------


def test_a_page_says_what_the_description_says_of_its_endpoint(browser, path):
    operations = description()["paths"]["/prompts/{promptId}/stats"]
    page = text(browser.get(f"{path}/stats"))
    summary, words = operations["get"]["summary"], operations["get"]["description"]
    for sentence in (summary, words):
        assert html.escape(sentence).partition("`")[0] in page


def test_a_prompt_leads_to_what_hangs_on_it(browser, path):
    found = links(browser.get(path))
    assert {
        f"{path}/versions",
        f"{path}/labels",
        f"{path}/stats",
        f"{path}/render",
        f"{path}/compare?a=1&b=2",
        f"{path}/diff?from=1&to=2",
        f"/logs?promptId={path.rpartition('/')[2]}",
    } <= set(found)
    assert not any(href.startswith("/admin") for href in found)
    assert f"{path}/versions/1" in links(browser.get(f"{path}/versions"))
    assert f"{path}/versions/1/restore" in links(browser.get(f"{path}/versions/1"))
    assert f"{path}/labels/production" in links(browser.get(f"{path}/labels"))
    assert {f"{path}/labels/production/history", path} <= set(
        links(browser.get(f"{path}/labels/production"))
    )


@pytest.mark.parametrize("codename", ["view_prompt", "change_prompt", "view_log"])
def test_staff_who_may_see_a_prompt_are_led_to_it_in_the_admin(make_user, make_prompt, codename):
    user = make_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename=codename))
    prompt = make_prompt(Caller(user))
    found = links(looking(user).get(f"/prompts/{prompt.wire_id}/stats"))
    in_the_admin = f"/admin/prompts/prompt/{prompt.pk}/change/"
    assert (in_the_admin in found) is (codename != "view_log")


def test_a_log_leads_to_its_prompt(browser, prompt, make_log):
    log = make_log(prompt, score=7)
    assert f"/logs/{log.wire_id}" in links(browser.get("/logs"))
    assert f"/prompts/{prompt.wire_id}" in links(browser.get(f"/logs/{log.wire_id}"))


def test_a_prompt_in_the_trash_leads_to_where_it_is_taken_out(browser, prompt):
    prompt.move_to_trash(check=lambda locked: None)
    assert f"/trash/{prompt.wire_id}" in links(browser.get("/trash"))
    assert f"/trash/{prompt.wire_id}/restore" in links(browser.get(f"/trash/{prompt.wire_id}"))


def test_a_list_is_a_table_whose_rows_lead_on(browser, prompt):
    page = browser.get("/prompts")
    assert f'<a href="/prompts/{prompt.wire_id}">A title</a>' in text(page)
    assert '<span class="chip">surreal</span>' in text(page)
    assert '<span class="chip">production 2</span>' in text(page)
    tags = browser.get("/tags")
    assert "/prompts?tag=surreal" in links(tags)


def test_a_comparison_says_its_verdict_and_shows_both_sides(browser, path, prompt, make_log):
    for version in (1, 2):
        for score in (3, 4, 5, 6, 7):
            make_log(prompt, version=version, score=score + version)
    page = text(browser.get(f"{path}/compare?a=1&b=2"))
    sentence = browser.get(f"{path}/compare?a=1&b=2", headers=JSON).json()["sentence"]
    assert f'<p class="sentence">{html.escape(sentence)}</p>' in page
    rows = re.findall(r"<tr><td[^>]*>(\w)</td>", page)
    assert rows == ["a", "b"]
    assert re.search(r"\d\.\d\d – \d\.\d\d", page)


def test_what_an_answer_told_in_headers_is_shown(browser, path):
    page = text(browser.get(path))
    etag = browser.get(path, headers=JSON)["ETag"]
    assert f"<dt>ETag</dt><dd><code>{html.escape(etag)}</code>" in page


def test_pages_of_a_list_follow_its_links(browser, alice, make_prompt):
    for n in range(3):
        make_prompt(alice, title=f"Title {n}")
    first = browser.get("/prompts?limit=1&model=GPT-4o")
    assert ">Next</a>" in text(first)
    assert ">Previous</a>" not in text(first)
    (following,) = [href for href in links(first) if "cursor=" in href]
    second = browser.get(following)
    assert "Title 1" in text(second)
    for word in ("First", "Previous", "Next"):
        assert f">{word}</a>" in text(second)


def test_a_list_without_a_limit_is_one_page_of_it(browser, alice, make_prompt):
    for n in range(51):
        make_prompt(alice, title=f"Title {n}", content="x" * 6_000)
    page = text(browser.get("/prompts"))
    assert page.count("&quot;_id&quot;") == 50
    assert len(page) < 200_000
    assert "more characters" in page
    assert ">Next</a>" in page


def test_a_list_that_has_no_pages_is_cut(browser, alice, make_prompt):
    make_prompt(alice, tags=[f"tag {n}" for n in range(50)])
    for m in range(10):
        make_prompt(alice, tags=[f"tag {m} {n}" for n in range(50)])
    page = text(browser.get("/tags"))
    assert "The first 500 of 550" in page
    assert page.count("&quot;count&quot;") == 500


# Forms ------------------------------------------------------------------------------------------


def test_the_filters_are_a_form_that_holds_what_was_asked(browser, prompt):
    page = browser.get(
        "/prompts?tag=art&tag=surreal&ordering=title&limit=20&createdAfter=2020-01-31"
        "&updatedAfter=2020-01-31T12:00:00Z"
    )
    assert page.status_code == 200
    values = [re.search('value="(.*?)"', each)[1] for each in field(page, "tag")]
    assert values == ["art", "surreal", ""]
    assert "<option selected>title</option>" in field(page, "ordering")[0]
    (limit,) = field(page, "limit")
    for part in ('type="number"', 'value="20"', 'min="1"', 'max="500"'):
        assert part in limit
    assert 'type="date" value="2020-01-31"' in field(page, "createdAfter")[0]
    assert 'type="text" value="2020-01-31T12:00:00Z"' in field(page, "updatedAfter")[0]
    assert field(page, "cursor") == []


@pytest.mark.parametrize("path", ["/prompts?tag=art", "/search?q=x", "/logs"])
def test_every_field_has_its_label(browser, path):
    page = text(browser.get(path))
    ids = re.findall(r'<(?:input|select|textarea) id="([^"]+)"', page)
    assert ids
    assert len(set(ids)) == len(ids)
    for each in ids:
        assert f'<label for="{each}">' in page


def test_empty_fields_are_as_if_they_were_not_sent(browser, prompt):
    page = browser.get("/prompts?tag=art&tag=&model=&limit=")
    assert (page.status_code, page["Location"]) == (302, "/prompts?tag=art")
    assert browser.get("/search?q=")["Location"] == "/search"
    assert browser.get("/search?q=", headers=JSON).status_code == 400
    assert browser.get("/tags?prefix=").status_code == 200  # which the API takes


def test_a_search_for_nothing_asks_for_words(browser, path):
    page = browser.get("/search")
    assert page.status_code == 400
    assert "Fill in <code>q</code> above" in text(page)
    assert 'class="problem"' not in text(page)
    assert "Fill in <code>a</code> and <code>b</code>" in text(browser.get(f"{path}/compare"))


def test_an_edit_starts_from_what_is_there(browser, path):
    (body,) = bodies(browser.get(path))
    assert body == {
        "title": "A title",
        "content": "New {{ mood }} content.",
        "model": "GPT-4o",
        "tags": ["art", "surreal"],
        "baseVersion": 2,
    }
    assert browser.patch(path, body, content_type="application/json").status_code == 200


def test_the_example_of_a_log_is_of_the_prompt_that_was_asked_for(browser, prompt, make_log):
    make_log(prompt)
    (body,) = bodies(browser.get(f"/logs?promptId={prompt.wire_id}"))
    assert body["promptId"] == prompt.wire_id


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/prompts", ["POST"]),
        ("{path}", ["PATCH", "DELETE"]),
        ("{path}/stats", []),
        ("{path}/labels/production", ["PUT", "DELETE"]),
        ("{path}/labels/staging", ["PUT", "DELETE"]),
        ("/prompts/prompt_00000000000000000000000000", []),
        ("/prompts/rubbish", []),
        ("/auth/login", ["POST"]),
    ],
)
def test_a_page_has_a_form_for_what_can_be_done(browser, prompt, path, methods):
    page = browser.get(path.format(path=f"/prompts/{prompt.wire_id}"))
    assert forms(page) == methods


def test_nobody_is_offered_what_they_may_not_do(alice, bob, make_key, prompt, path):
    assert forms(looking(bob.user).get(path)) == []
    assert forms(looking().get("/prompts")) == []
    reader = make_key(alice, "prompts:read")
    assert forms(reader.get(path, **HTML)) == []
    writer = make_key(alice, "prompts:read", "prompts:write")
    assert forms(writer.get(path, **HTML)) == ["PATCH", "DELETE"]


def test_each_operation_has_an_example(browser, prompt):
    operations = [each for methods in description()["paths"].values() for each in methods.values()]
    with_body = [each["requestBody"] for each in operations if "requestBody" in each]
    assert len(with_body) > 10
    for body in with_body:
        media = body["content"]["application/json"]
        assert isinstance(media.get("example", sample(media["schema"])), dict)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "name"),
        ({"type": ["string", "null"], "example": "x"}, "x"),
        ({"type": "string", "enum": ["a", "b"]}, "a"),
        ({"anyOf": [{"type": "integer", "minimum": 3}, {"type": "string"}]}, 3),
        ({"type": "array", "items": {"type": "boolean"}}, [False]),
        ({"type": "object", "properties": {"x": {"type": "number"}, "y": {}}}, {"x": 1}),
    ],
)
def test_a_sample_has_the_shape_that_is_asked_for(schema, value):
    assert sample(schema, "name") == value


# Errors -----------------------------------------------------------------------------------------


def test_an_error_is_a_sentence_and_a_list_of_fields(browser):
    page = browser.get("/prompts?limit=0&ordering=up")
    assert page.status_code == 400
    assert '<p class="sentence">limit: Send a whole number' in text(page)
    assert "<code>invalid</code>" in text(page)
    assert "<li><code>ordering</code>: Send one of <code>createdAt</code>" in text(page)


def test_who_is_not_logged_in_is_led_to_the_log_in_and_back(db):
    page = looking().get("/prompts?tag=a&tag=b")
    assert page.status_code == 401
    back = quote("/prompts?tag=a&tag=b", safe="")
    assert f"/api-auth/login/?next={back}" in links(page)


def test_somebody_elses_prompt_is_an_error_page_without_its_text(bob, path):
    page = looking(bob.user).get(path)
    assert page.status_code == 403
    assert "This belongs to somebody else" in text(page)
    assert "New {{ mood }} content." not in text(page)


def test_a_path_with_nothing_to_read_says_so(browser, path):
    page = browser.get(f"{path}/render")
    assert page.status_code == 405
    assert "There is nothing to read here" in text(page)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (HTML["Accept"], "text/html; charset=utf-8"),
        ("*/*", "application/json"),
        ("application/json, text/html", "application/json"),
        ("text/html;a*=nonsense''b", "application/json"),
        ("", "application/json"),
    ],
)
def test_an_unknown_route_is_a_page_for_who_prefers_one(db, accept, kind):
    for method in ("get", "head"):
        answer = getattr(Client(), method)("/nowhere", headers={"Accept": accept})
        assert (answer.status_code, answer["Content-Type"]) == (404, kind)


@pytest.mark.urls("tests.urls")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/fail/RecursionError", 500),
        ("/fail/OperationalError", 503),
        ("/fail-outside-the-api/PermissionError", 500),
        ("/fail/TooManyKeys", 409),
        ("/fail/Throttled", 429),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_failure_is_a_page_that_tells_nothing_of_the_inside(db, path, status):
    page = looking().get(path)
    assert (page.status_code, page["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert '<p class="sentence">' in text(page)
    assert "the inside story" not in text(page)


def test_what_is_sent_outside_the_api_is_answered_in_json(db):
    answer = looking().post("/nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_route")


# Hostile ----------------------------------------------------------------------------------------


def test_hostile_texts_are_text_wherever_they_stand(browser, alice, make_prompt, make_log):
    prompt = make_prompt(alice, title=HOSTILE, content=HOSTILE, model=HOSTILE, tags=[HOSTILE[:50]])
    prompt.edit(content=f"{HOSTILE}\n{HOSTILE}", message=HOSTILE, author=alice.user)
    log = make_log(prompt, output=HOSTILE, variables=json.dumps({HOSTILE: HOSTILE}), notes=HOSTILE)
    path = f"/prompts/{prompt.wire_id}"
    pages = [path, f"{path}/versions", f"{path}/diff?from=1&to=2", f"/logs/{log.wire_id}"]
    pages += ["/prompts", "/logs", "/tags", "/models", "/leaderboard", f"/search?q={quote('<img')}"]
    for each in [*pages, f"/prompts?model={quote(HOSTILE)}&ordering={quote(HOSTILE)}"]:
        page = browser.get(each)
        assert page.status_code in {200, 400}
        assert not re.search(r"<script>|<img|</textarea></pre>", text(page)), each


QUERIES = [
    "%00=%00",
    "q=%00",
    "q=%ED%A0%80",
    "tag=%FF&tag=&tag=%00",
    f"cursor={'x' * 2_000}",
    f"{'n' * 2_000}=1",
    "limit=-1e999&minScore=NaN",
    "createdAfter=9999-99-99",
    "&".join(f"tag={n}" for n in range(500)),
    "ordering=%3Cscript%3E",
    "promptId=prompt_7zzzzzzzzzzzzzzzzzzzzzzzzz",
    "a=%22%3E&b=%27",
    ";;;===&&&",
]


@pytest.mark.parametrize("query", QUERIES)
def test_no_query_breaks_a_page(browser, path, query):
    for place in ("/prompts", "/search", "/logs", "/", "/tags", path, f"{path}/compare"):
        page = browser.get(f"{place}?{query}")
        assert page.status_code < 500
        assert "<script>" not in text(page)


@pytest.mark.parametrize(
    "body", ['{"title": "\\ud800"}', '{"\\ud800": 1}', "[", '{"title": 1e999}']
)
def test_no_body_breaks_a_page(browser, path, body):
    page = browser.patch(path, body, content_type="application/json")
    assert page.status_code in {200, 400}
    assert page["Content-Type"].startswith("text/html")


def test_the_deepest_answer_has_its_page(browser, prompt, make_log):
    """orjson reads it, but would not write it again."""
    log = make_log(prompt, variables='{"x":' * 253 + "{}" + "}" * 253)
    for path in ("/logs", f"/logs/{log.wire_id}"):
        assert browser.get(path).status_code == 200


# The same for programs --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "read",
    ["", "/versions", "/versions/1", "/labels", "/stats", "/diff?from=1", "?x=1"],
)
def test_what_a_page_shows_is_the_answer_in_json(browser, path, read):
    answer = browser.get(path + read, headers=JSON)
    page = browser.get(path + read)
    assert page.status_code == answer.status_code
    shown = re.search(r"in JSON\"><code>(.*?)</code></pre>", text(page), re.DOTALL)[1]
    assert json.loads(html.unescape(re.sub("<[^>]+>", "", shown))) == answer.json()


def test_a_page_is_for_who_has_a_session_and_no_other_look_up(
    browser, path, django_assert_max_num_queries
):
    with django_assert_max_num_queries(4):
        browser.get(path)


def test_head_and_options_have_pages(browser, path):
    for place in ("/", "/prompts", path):
        head = browser.head(place)
        assert (head.status_code, head.content) == (200, b"")
        assert browser.options(place).status_code == 200


def test_a_prompt_that_was_deleted_by_a_page_is_in_the_trash(browser, path):
    page = browser.delete(path)
    assert (page.status_code, "204 No Content" in text(page)) == (200, True)
    assert not Prompt.objects.exists()
