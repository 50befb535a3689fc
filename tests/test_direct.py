"""What programs ask for most is answered without its view where all is well, and then as by it."""

import json

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import ApiKey, Scope, Session, User
from accounts.throttles import allowance
from promptcrafter import writes
from promptcrafter.environment import Rate
from prompts.models import Label, Prompt, Tag, Version
from prompts.views import direct, shown

READ = Scope.PROMPTS_READ


@pytest.fixture
def prompt(alice, make_prompt):
    prompt = make_prompt(alice, title="Version 1", tags=["a", "ü"], content="For {{ whom|all }}.")
    prompt.set_label("old", to=1, actor=alice.user)
    prompt.edit(title="Version 2", author=alice.user)
    prompt.set_label("new", to=2, actor=alice.user)
    return prompt


@pytest.fixture
def callers(alice, bob, anonymous, make_key):
    return {
        "alice": alice,
        "bob": bob,
        "anonymous": anonymous,
        "reader": make_key(alice, READ),
        "writer": make_key(alice, Scope.PROMPTS_WRITE),
        "limited": make_key(alice, READ, labels=["old"]),
        "strangers key": make_key(bob, READ),
    }


QUERIES = [
    "",
    "?label=%6Eew",
    "?" + "&".join("a" * 1_100),
    "?label=old",
    "?label=new",
    "?label=none",
    "?label=",
    "?label=Not+a+name",
]
QUERIES += [
    "?version=1",
    "?version=9",
    "?label=old&label=new",
    "?label=old&version=1",
    "?x=1",
    "?=",
]
TAGS = {"none": None, "of the newest": '"2-4"', "of the old": '"1-4"', "weak": 'W/"2-4"'}
TAGS |= {
    "empty": "",
    "any": "*",
    "of another time": '"2-3"',
    "several": '"1-1", "2-4"',
    "no tag": "2-4",
}
ACCEPTS = [None, "*/*", "application/json", "application/json; indent=4", "text/html", "text/*"]


def note_keys():
    """In the first call of a minute a key notes that it is used, which is the view's to do."""
    ApiKey.objects.update(last_used_at=timezone.now().replace(second=0, microsecond=0))


def both(caller, path, monkeypatch, method="GET", **headers):
    """What the two ways answer, without what is another each time."""
    answers = []
    note_keys()
    for _ in range(2):
        answer = caller.send(method, path, headers=headers)
        told = {name: value for name, value in answer.items() if name != "X-Request-Id"}
        if answer.status_code == 304:  # the view says 0, which RFC 9110 (8.6) does not want
            told.pop("Content-Length", None)
        answers.append((answer.status_code, answer.content, told))
        monkeypatch.setattr(direct, "answer", lambda request: None)
    monkeypatch.undo()
    return answers


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("tag", TAGS)
def test_both_ways_answer_the_same(callers, prompt, monkeypatch, query, tag):
    headers = {} if TAGS[tag] is None else {"If-None-Match": TAGS[tag]}
    for name, caller in callers.items():
        path = f"/prompts/{prompt.wire_id}{query}"
        one, other = both(caller, path, monkeypatch, **headers)
        assert one == other, name


@pytest.mark.parametrize("accept", ACCEPTS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE", "POST"])
def test_other_calls_are_the_views(alice, prompt, monkeypatch, accept, method):
    headers = {} if accept is None else {"Accept": accept}
    if method == "DELETE":
        headers |= {"If-Match": '"nothing"'}
    one, other = both(alice, f"/prompts/{prompt.wire_id}", monkeypatch, method, **headers)
    assert one[0] == other[0]
    assert "text/html" in headers.get("Accept", "") or accept == "text/*" or one == other


@pytest.mark.parametrize("wire_id", ["x", "prompt_", "prompt_x", f"prompt_{'0' * 26}", "user_1"])
def test_what_is_no_prompt_is_told_by_the_view(alice, monkeypatch, wire_id):
    one, other = both(alice, f"/prompts/{wire_id}", monkeypatch)
    assert one == other
    assert one[0] in {400, 404}


LISTS = ["", "?content=full", "?content=preview", "?content=none", "?content=", "?content=all"]
LISTS += ["?limit=1", "?ordering=title", "?label=old", "?x=1", "?content=none&content=none"]
LISTS = [f"/prompts{query}" for query in LISTS]
CONDITIONS = ["If-Match", "If-None-Match", "If-Unmodified-Since", "If-Modified-Since"]
SEARCHES = ["", "?q=", "?q=version", "?q=VERSION+2", "?q=%20", "?q=a%00b", "?q=%FF", "?q=%C3%BC"]
SEARCHES += ["?q=nowhere", "?q=a&q=b", "?q=a&x=1", "?q=a&content=none", "?q=a;b", "?q=%ED%A0%80"]
SEARCHES += [f"?q={'a' * 1_000}", f"?q={'a' * 1_001}", f"?q={'+'.join(map(str, range(51)))}"]
LISTS += [f"/search{query}" for query in SEARCHES]


@pytest.mark.parametrize("path", LISTS)
def test_lists_and_searches_are_the_same_either_way(
    callers, prompt, make_prompt, monkeypatch, path
):
    make_prompt(callers["alice"], content="x" * 1_000)
    for name, caller in callers.items():
        for method in ("GET", "HEAD"):
            one, other = both(caller, path, monkeypatch, method)
            assert one == other, (name, method)
    tag = callers["alice"].get(path).headers.get("ETag", '"none"')
    for condition in CONDITIONS:
        for value in (tag, '"x"', "Sat, 29 Oct 1994 19:43:31 GMT"):
            one, other = both(callers["alice"], path, monkeypatch, **{condition: value})
            assert one == other, (condition, value)


@pytest.mark.parametrize("path", ["/prompts", "/search?q=long"])
def test_a_long_list_is_the_same_either_way(alice, make_prompt, monkeypatch, path):
    for _ in range(shown.FEW + 1):
        make_prompt(alice, content="long " * 600)
    answers = []
    for _ in range(2):
        answer = alice.get(path)
        told = {name: value for name, value in answer.items() if name != "X-Request-Id"}
        answers.append((answer.status_code, b"".join(answer.streaming_content), told))
        monkeypatch.setattr(direct, "answer", lambda request: None)
    assert answers[0] == answers[1]
    assert len(answers[0][1]) > 300_000


@pytest.mark.parametrize("path", ["/prompts", "/search?q=version"])
@pytest.mark.parametrize("method", ["OPTIONS", "DELETE", "PUT"])
def test_other_calls_of_lists_are_the_views(alice, prompt, monkeypatch, path, method):
    one, other = both(alice, path, monkeypatch, method)
    assert one == other


GOOD = {"title": "A title", "content": "For {{ whom }}.", "model": "GPT-4o", "tags": ["a", "a"]}
BODIES = [
    GOOD,
    GOOD | {"message": "Why.", "x": 1, "_id": "prompt_0", "version": 9},
    GOOD | {"title": "x"},
    GOOD | {"tags": None},
    GOOD | {"content": "\0"},
    GOOD | {"content": "\ud800"},
    GOOD | {"content": "y" * 200_001},
    {},
    [],
    None,
    {"title": "Another title"},
    {"title": "Version 2"},
    {"content": "For nobody."},
    {"tags": ["new", "ü"], "message": "Why."},
    {"content": "For you.", "baseVersion": 2},
    {"content": "For you.", "baseVersion": 1},
    {"content": "For you.", "baseVersion": 9},
]
RAW = ["", "{", '{"title": 1, "title": 2}', '{"title": NaN}', "\ufeff{}", "[" * 100_000]
BODIES += [body.encode() for body in RAW] + [b"\xff"]
WRITES = [("POST", "/prompts"), ("PATCH", "/prompts/{}"), ("POST", "/prompts?x=1")]
HEADERS = [{}, {"If-Match": '"2-4"'}, {"If-Match": '"1-1"'}, {"If-Match": "*"}]
HEADERS += [{"Idempotency-Key": "k"}, {"Accept": "text/html"}]


def what_is_there():
    """All of it, but for keys and times."""
    return {
        model.__name__: sorted(
            [
                {
                    name: str(value)
                    for name, value in row.items()
                    if not name.endswith(("id", "_at")) or name == "owner_id"
                }
                for row in model.objects.values()
            ],
            key=str,
        )
        for model in (Prompt, Version, Tag, Label)
    }


@pytest.mark.parametrize("headers", HEADERS)
@pytest.mark.parametrize(("method", "path"), WRITES)
def test_writes_are_the_same_either_way(callers, prompt, monkeypatch, method, path, headers):
    """In what they answer, and in what is there afterwards."""
    for name in callers if not headers else ("alice", "writer"):
        for body in BODIES:
            seen = []
            for is_direct in (True, False):
                with monkeypatch.context() as patch, transaction.atomic():
                    note_keys()
                    if not is_direct:
                        patch.setattr(direct, "answer", lambda request: None)
                    how = {"headers": headers, "body": body}
                    answer = callers[name].send(method, path.format(prompt.wire_id), **how)
                    told = {each: answer[each] for each in answer.headers if each != "X-Request-Id"}
                    seen.append((answer.status_code, shape(answer), told, what_is_there()))
                    transaction.set_rollback(True)
            assert seen[0] == seen[1], (name, body)


def shape(answer):
    """What it says, without what is new each time."""
    shown = json.loads(answer.content) if "json" in answer["Content-Type"] else {}
    return {name: shown[name] for name in shown if name not in {"_id", "createdAt", "updatedAt"}}


WHO = [
    ("GET", "/prompts/{}", None, {"alice", "reader"}),
    ("GET", "/prompts/{}?label=new", None, {"alice", "reader"}),
    ("GET", "/prompts", None, {"alice", "bob", "reader", "strangers key"}),
    ("GET", "/search?q=version", None, {"alice", "bob", "reader", "strangers key"}),
    ("POST", "/prompts", GOOD, {"alice", "bob", "writer"}),
    ("PATCH", "/prompts/{}", {"title": "Another"}, {"alice", "writer"}),
]


@pytest.mark.parametrize(("method", "path", "body", "who"), WHO)
def test_who_may_is_answered_without_the_view(
    callers, prompt, monkeypatch, method, path, body, who
):
    """Else all of these tests would hold the view against itself."""
    answered, answer = [], direct.answer
    monkeypatch.setattr(
        direct, "answer", lambda request: answered.append(answer(request)) or answered[-1]
    )
    seen = set()
    for name, caller in callers.items():
        note_keys()
        status = caller.send(method, path.format(prompt.wire_id), body=body).status_code
        if answered.pop() is not None:
            seen.add(name)
            assert status < 300
    assert seen == who


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/prompts/{}", None, 200),
        ("GET", "/prompts/{}?version=9", None, 404),
        ("GET", "/prompts", None, 200),
        ("GET", "/search?q=version", None, 200),
        ("GET", "/search?q=", None, 400),
        ("POST", "/prompts", GOOD, 201),
        ("POST", "/prompts", {}, 400),
        ("PATCH", "/prompts/{}", {"title": "Another"}, 200),
        ("PATCH", "/prompts/{}", {"baseVersion": 1, "title": "Another"}, 409),
    ],
)
def test_a_call_counts_once(alice, prompt, monkeypatch, method, path, body, status):
    taken = []
    take = allowance.take
    monkeypatch.setattr(allowance, "take", lambda user_id: taken.append(user_id) or take(user_id))
    answer = alice.send(method, path.format(prompt.wire_id), body=body)
    assert (answer.status_code, taken) == (status, [alice.user.pk])


def test_who_is_over_the_limit_is_told_so_at_once(alice, prompt, monkeypatch, settings):
    """And nothing is read for them, or written."""
    settings.REQUESTS_PER_USER = Rate(limit=3, seconds=3_600)
    for _ in range(3):
        assert alice.get("/prompts").status_code == 200
    monkeypatch.setattr("prompts.models.listed.shown", None)
    for method, path, body, _ in WHO:
        assert alice.send(method, path.format(prompt.wire_id), body=body).status_code == 429
    assert Prompt.objects.get().title == "Version 2"


@pytest.mark.parametrize("other", ["edit", "trash", "back", "label"])
def test_who_is_overtaken_between_reading_and_writing_loses_nothing(
    alice, prompt, other, monkeypatch
):
    swap = writes.swap

    def overtaken(*args, **kwargs):
        monkeypatch.undo()
        if other == "edit":
            Prompt.objects.get(pk=prompt.pk).edit(title="Theirs", author=alice.user)
        elif other in {"trash", "back"}:
            Prompt.objects.get(pk=prompt.pk).move_to_trash()
            if other == "back":
                assert Prompt.trash.get(pk=prompt.pk).take_from_trash()
        else:
            Prompt.objects.get(pk=prompt.pk).set_label("new", to=1, actor=alice.user)
        return swap(*args, **kwargs)

    monkeypatch.setattr(writes, "swap", overtaken)
    answer = alice.patch(f"/prompts/{prompt.wire_id}", {"content": "Mine."})
    shown = answer.json()
    if other == "trash":
        assert (answer.status_code, Version.objects.count()) == (404, 2)
    elif other == "back":  # with other rows of tags, which must not be left to an older edit
        assert (shown["version"], answer["ETag"]) == (3, '"3-6"')
    elif other == "edit":
        assert (shown["title"], shown["content"], shown["version"]) == ("Theirs", "Mine.", 4)
    else:
        assert (shown["version"], shown["labels"]) == (3, {"new": 1, "old": 1})


def end_session(alice, prompt):
    Session.objects.all().delete()


def disable(alice, prompt):
    User.objects.update(is_active=False)


def move_to_trash(alice, prompt):
    Prompt.objects.get().move_to_trash()


def change_password(alice, prompt):
    alice.user.set_password("another horse battery")
    alice.user.save(update_fields=["password"])


@pytest.mark.parametrize(
    ("happen", "status"),
    [(end_session, 401), (disable, 401), (change_password, 401), (move_to_trash, 404)],
)
def test_it_holds_at_once(alice, prompt, happen, status):
    path = f"/prompts/{prompt.wire_id}"
    assert alice.get(path).status_code == 200
    assert alice.get(path, **{"If-None-Match": "*"}).status_code == 304
    assert alice.get("/prompts").json() != []
    happen(alice, prompt)
    assert alice.get(path).status_code == status
    for path_of_list in ("/prompts", "/search?q=version"):
        answer = alice.get(path_of_list)
        assert (answer.status_code, answer.json()) == (200, []) or answer.status_code == status
    assert alice.get(path, **{"If-None-Match": "*"}).status_code == status


@pytest.mark.parametrize(
    ("query", "headers", "statements"),
    [
        ("", {}, 1),
        ("?label=new", {}, 1),
        ("?label=old", {}, 2),
        ("", {"If-None-Match": '"2-4"'}, 1),
        ("?label=old", {"If-None-Match": '"1-4"'}, 1),
        ("", {"If-None-Match": '"2-3"'}, 2),
    ],
)
def test_it_takes_so_many_statements(
    alice, prompt, query, headers, statements, django_assert_num_queries
):
    with django_assert_num_queries(statements):
        alice.get(f"/prompts/{prompt.wire_id}{query}", **headers)


@pytest.mark.parametrize("accept", ["text/*", "TEXT/HTML", "text/html", "*/*;q=0.5", "image/png"])
def test_a_token_beside_an_accept_that_is_no_programs_does_no_harm(alice, accept):
    """Middleware is left out for programs alone; who may be shown a page needs a session."""
    for path in ("/docs", "/openapi.json", "/auth/signup", "/auth/login", "/auth/me", "/", "/x"):
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            headers = {"Accept": accept}
            assert alice.send(method, path, headers=headers).status_code < 500, (method, path)
