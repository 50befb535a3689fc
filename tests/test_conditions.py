"""ETag, If-Match and If-None-Match (RFC 9110, section 13)."""

import pytest

from prompts.models import Prompt


@pytest.fixture
def prompt(alice, make_prompt):
    prompt = make_prompt(alice)
    prompt.edit(title="Version 2", author=alice.user)
    prompt.set_label("live", to=1, actor=alice.user)
    return prompt


@pytest.fixture
def path(prompt):
    return f"/prompts/{prompt.wire_id}"


READS = ["", "?version=1", "?label=live", "/versions", "/versions/1", "/labels", "/labels/live"]


@pytest.mark.parametrize("read", [*READS, "/diff?from=1", "/labels/live/history"])
def test_what_a_client_has_already_is_not_sent_again(alice, path, read):
    first = alice.get(path + read)
    etag = first["ETag"]
    assert etag.startswith('"')
    for header in (etag, f'"x", {etag}', f"W/{etag}", "*"):
        again = alice.get(path + read, **{"If-None-Match": header})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
        assert again["Cache-Control"] == first["Cache-Control"]
    assert alice.get(path + read, **{"If-None-Match": '"x"'}).content == first.content


@pytest.mark.parametrize(
    "path", ["/prompts", "/prompts?label=live", "/logs", "/search?q=v", "/trash"]
)
def test_lists_carry_a_tag_too(alice, prompt, make_log, path):
    make_log(prompt)
    first = alice.get(path)
    assert alice.get(path, **{"If-None-Match": first["ETag"]}).status_code == 304
    prompt.edit(title="Version 3", author=alice.user)
    prompt.set_label("live", to=2, actor=alice.user)
    make_log(prompt)
    prompt.move_to_trash()
    assert alice.get(path, **{"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize("read", [r for r in READS if r not in {"/versions/1"}])
def test_a_tag_changes_with_what_it_stands_for(alice, path, prompt, read):
    etag = alice.get(path + read)["ETag"]
    prompt.edit(title="Version 3", author=alice.user)
    prompt.set_label("live", to=2, actor=alice.user)
    assert alice.get(path + read)["ETag"] != etag


def test_a_labels_move_alone_changes_the_tag_of_what_shows_it(alice, path, prompt):
    etags = [alice.get(path + read)["ETag"] for read in ("", "?version=1", "/labels")]
    prompt.set_label("live", to=2, actor=alice.user)
    again = [alice.get(path + read)["ETag"] for read in ("", "?version=1", "/labels")]
    assert not set(etags) & set(again)
    prompt.remove_label("live", actor=alice.user)
    assert alice.get(path)["ETag"] not in {*etags, *again}


def test_a_version_may_be_kept_for_ever_and_all_else_must_be_asked_for(alice, path):
    assert (
        alice.get(f"{path}/versions/1")["Cache-Control"] == "private, max-age=31536000, immutable"
    )
    for read in ("", "?version=1", "/versions", "/labels", "/diff?from=1"):
        assert alice.get(path + read)["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("read", READS)
def test_an_answer_varies_with_who_asks_and_for_what(alice, path, read):
    vary = {each.strip() for each in alice.get(path + read)["Vary"].split(",")}
    assert {"Accept", "Authorization", "Cookie"} <= vary


def test_a_page_is_no_answer_to_a_client_of_json(alice, path):
    etag = alice.get(path)["ETag"]
    page = alice.get(path, Accept="text/html", **{"If-None-Match": etag})
    assert page.status_code == 200
    assert page["ETag"] != etag
    page = alice.get(f"{path}/versions/1", Accept="text/html")
    assert page["Cache-Control"] == "no-store"


@pytest.mark.parametrize("read", ["", "?label=live"])
def test_304_is_decided_before_the_text_is_read(alice, path, read, django_assert_num_queries):
    etag = alice.get(path + read)["ETag"]
    with django_assert_num_queries(1) as captured:
        assert alice.get(path + read, **{"If-None-Match": etag}).status_code == 304
    # Of what is prepared on PostgreSQL Django knows no SQL; it is the same as on SQLite.
    told = [query["sql"] or "" for query in captured.captured_queries]
    assert not any('"content"' in sql for sql in told)


def test_a_version_that_is_not_there_is_not_fresh(alice, path):
    for read in ("?version=9", "/versions/9"):
        for header in ("*", '"9-3"', '"9"'):
            response = alice.get(path + read, **{"If-None-Match": header})
            assert (response.status_code, response.json()["code"]) == (404, "no_such_version")


@pytest.mark.parametrize("read", ["", "/versions", "/labels/live"])
def test_a_read_of_what_has_changed_may_be_refused_too(alice, path, read):
    response = alice.get(path + read, **{"If-Match": '"x"'})
    assert (response.status_code, response.json()["code"]) == (412, "precondition_failed")


def test_a_stranger_learns_nothing_from_a_tag(alice, bob, path):
    etag = alice.get(path)["ETag"]
    assert bob.get(path, **{"If-None-Match": etag}).status_code == 403
    assert bob.get(path, **{"If-None-Match": "*"}).status_code == 403
    assert bob.get(f"{path}/versions/1", **{"If-None-Match": "*"}).status_code == 403


WRITES = [
    ("PATCH", "", {"title": "Version 3"}),
    ("DELETE", "", None),
    ("POST", "/versions/1/restore", None),
]


@pytest.mark.parametrize(("method", "at", "body"), WRITES)
def test_a_change_of_what_has_changed_is_refused(alice, path, prompt, method, at, body):
    stale = alice.get(path)["ETag"]
    prompt.edit(content="Meanwhile", author=alice.user)
    current = alice.get(path)["ETag"]
    for header in (stale, f"W/{stale}", f"W/{current}", '"x"', "nonsense", ""):
        response = alice.send(method, path + at, body, headers={"If-Match": header})
        assert (response.status_code, response.json()["code"]) == (412, "precondition_failed")
    kept = Prompt.objects.get()
    assert (kept.version, kept.title) == (3, "Version 2")


@pytest.mark.parametrize(("method", "at", "body"), WRITES)
@pytest.mark.parametrize("header", ["{etag}", '"x", {etag}', "*"])
def test_a_change_of_what_has_not_is_carried_out(alice, path, method, at, body, header):
    etag = alice.get(path)["ETag"]
    headers = {"If-Match": header.format(etag=etag)}
    response = alice.send(method, path + at, body, headers=headers)
    assert response.status_code in {200, 201, 204}


def test_the_answer_to_a_change_carries_the_next_tag(alice, path):
    for body in ({"title": "Version 3"}, {"title": "Version 4"}):
        headers = {"If-Match": alice.get(path)["ETag"]}
        answer = alice.patch(path, body, headers=headers)
        assert answer["ETag"] == alice.get(path)["ETag"]


def test_an_edit_may_be_made_from_what_a_label_shows(alice, path):
    """Its tag tells the same state of the prompt."""
    etag = alice.get(f"{path}?version=2")["ETag"]
    assert alice.patch(path, {"title": "New"}, headers={"If-Match": etag}).status_code == 200


def test_a_labels_move_may_depend_on_its_tag(alice, path, prompt):
    label = f"{path}/labels/live"
    stale = alice.get(label)["ETag"]
    prompt.set_label("live", to=2, actor=alice.user)
    for method, at, body in (
        ("PUT", "", {"version": 1}),
        ("DELETE", "", None),
        ("POST", "/rollback", None),
    ):
        assert alice.send(method, label + at, body, headers={"If-Match": stale}).status_code == 412
    current = {"If-Match": alice.get(label)["ETag"]}
    assert alice.send("PUT", label, {"version": 1}, headers=current).status_code == 200


def test_a_label_that_is_not_set_matches_nothing(alice, path):
    new = f"{path}/labels/new"
    assert alice.send("PUT", new, {"version": 1}, headers={"If-Match": "*"}).status_code == 412
    assert alice.send("PUT", new, {"version": 1}).status_code == 201
