from datetime import datetime

import pytest

from prompts.models import Prompt, Version
from prompts.models.versions import ImmutableError

PROMPT = {"title": "First", "content": "Write about {{topic}}.\n", "model": "m", "tags": ["a"]}


@pytest.fixture
def path(alice):
    """A prompt of three versions."""
    path = f"/prompts/{alice.post('/prompts', PROMPT | {'message': 'Start'}).json()['_id']}"
    alice.patch(path, {"title": "Second", "message": "Better title"})
    alice.patch(path, {"content": "Write of {{theme}}.\n", "tags": []})
    return path


def test_a_new_prompt_is_version_1(alice):
    prompt = alice.post("/prompts", PROMPT).json()
    (version,) = alice.get(f"/prompts/{prompt['_id']}/versions").json()
    assert version == PROMPT | {
        "number": 1,
        "variables": [{"name": "topic"}],
        "message": "",
        "authorId": alice.user.wire_id,
        "createdAt": prompt["createdAt"],
        "source": "create",
    }


def test_each_change_appends_a_version(alice, path):
    versions = alice.get(f"{path}/versions").json()
    assert [v["number"] for v in versions] == [3, 2, 1]
    assert [v["title"] for v in versions] == ["Second", "Second", "First"]
    assert [v["message"] for v in versions] == ["", "Better title", "Start"]
    assert [v["source"] for v in versions] == ["edit", "edit", "create"]
    assert alice.get(f"{path}/versions/2").json() == versions[1]
    assert alice.get(path).json()["version"] == 3
    assert alice.get(path).json()["updatedAt"] == versions[0]["createdAt"]


@pytest.mark.parametrize("body", [{}, {"title": "Second"}, {"message": "Nothing else"}])
def test_a_change_of_nothing_appends_none(alice, path, body):
    before = alice.get(path).json()
    assert alice.patch(path, body).json() == before
    assert len(alice.get(f"{path}/versions").json()) == 3


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("message", [5, None, "x" * 501, "nul\0"])
def test_a_message_has_at_most_500_characters(alice, path, method, message):
    response = alice.send(
        method, "/prompts" if method == "POST" else path, PROMPT | {"message": message}
    )
    assert list(response.json()["fields"]) == ["message"]
    assert len(alice.get(f"{path}/versions").json()) == 3


def test_a_prompt_can_be_read_as_of_a_version(alice, path):
    newest, version = alice.get(path).json(), alice.get(f"{path}/versions/1").json()
    shown = alice.get(f"{path}?version=1").json()
    then = {"version": 1, "updatedAt": version["createdAt"], "variables": [{"name": "topic"}]}
    assert shown == newest | PROMPT | then
    assert alice.get(f"{path}?version=3").json() == newest


@pytest.mark.parametrize(
    "number",
    ["0", "-1", "+1", "1e3", "٣", "1.0", "", " 1", "01", "x", "latest", "9999999999", "1&label=x"],
)
def test_a_version_that_can_not_be_one_is_malformed(alice, path, number):
    assert alice.get(f"{path}?version={number}").status_code == 400


@pytest.mark.parametrize(
    "number", ["0", "-1", "1e3", "٣", "01", "x", "latest", "9999999999", "%00"]
)
def test_a_versions_path_that_can_not_be_one_is_malformed(alice, path, number):
    assert alice.get(f"{path}/versions/{number}").status_code == 400
    assert alice.post(f"{path}/versions/{number}/restore").status_code == 400


def test_a_version_that_is_not_there_is_not_found(alice, path):
    for missing in (f"{path}?version=4", f"{path}/versions/999999999", f"{path}/diff?from=4"):
        assert alice.get(missing).status_code == 404
    assert alice.post(f"{path}/versions/4/restore").status_code == 404


def test_a_restore_makes_a_new_version_of_the_old_text(alice, path):
    response = alice.post(f"{path}/versions/1/restore")
    prompt = response.json()
    assert response.status_code == 201
    assert prompt == alice.get(path).json()
    assert {name: prompt[name] for name in PROMPT} == PROMPT
    version = alice.get(f"{path}/versions/4").json()
    assert (version["source"], version["message"]) == ("restore", "Restored version 1.")
    assert [p["version"] for p in alice.get("/search?q=about").json()] == [4]


def test_a_restore_of_the_current_text_makes_none(alice, path):
    before = alice.get(path).json()
    response = alice.post(f"{path}/versions/3/restore", {"message": "Again"})
    assert (response.status_code, response.json()) == (200, before)
    assert len(alice.get(f"{path}/versions").json()) == 3


def test_a_restore_may_say_why(alice, path):
    alice.post(f"{path}/versions/1/restore", {"message": "It worked"})
    assert alice.get(f"{path}/versions/4").json()["message"] == "It worked"


def test_a_diff_tells_every_field(alice, path):
    diff = alice.get(f"{path}/diff?from=1&to=3").json()
    assert (diff["from"], diff["to"]) == (1, 3)
    assert diff["changes"] == [
        {"field": "title", "before": "First", "after": "Second"},
        {"field": "content", "before": PROMPT["content"], "after": "Write of {{theme}}.\n"},
        {"field": "tags", "before": ["a"], "after": []},
    ]
    assert diff["contentDiff"] == (
        "--- v1\n+++ v3\n@@ -1 +1 @@\n-Write about {{topic}}.\n+Write of {{theme}}.\n"
    )
    assert diff["variables"] == {"added": ["theme"], "removed": ["topic"]}
    assert alice.get(f"{path}/diff?from=1").json() == diff


@pytest.mark.parametrize(
    "query", ["from=2&to=2", "from=latest", "from=3&to=latest", "from=live&to=2"]
)
def test_a_diff_of_equal_versions_is_empty(alice, path, query):
    alice.send("PUT", f"{path}/labels/live", {"version": 2})
    diff = alice.get(f"{path}/diff?{query}").json()
    assert (diff["changes"], diff["contentDiff"]) == ([], "")
    assert diff["variables"] == {"added": [], "removed": []}


@pytest.mark.parametrize(
    "query", ["", "from=", "from=0", "from=-1", "from=+1", "from=٣", "from=1&to=", "from=A"]
)
def test_a_diff_of_what_can_not_be_a_version_is_malformed(alice, path, query):
    assert alice.get(f"{path}/diff?{query}").status_code == 400


def test_a_diff_against_a_label_that_is_not_set_tells_those_that_are(alice, path):
    alice.send("PUT", f"{path}/labels/live", {"version": 2})
    response = alice.get(f"{path}/diff?from=prod")
    assert (response.status_code, response.json()["labels"]) == (404, {"live": 2})


def test_a_base_version_that_is_not_the_newest_is_a_conflict(alice, path):
    response = alice.patch(path, {"title": "Lost", "baseVersion": 2})
    assert response.status_code == 409
    assert response.json()["currentVersion"] == 3
    assert [change["field"] for change in response.json()["changes"]] == ["content", "tags"]
    assert alice.get(path).json()["title"] == "Second"
    assert alice.patch(path, {"title": "Won", "baseVersion": 3}).json()["version"] == 4


@pytest.mark.parametrize("base", [0, -1, "3", 3.5, True, None, 4, 10**20])
def test_a_base_version_that_can_not_be_one_is_invalid(alice, path, base):
    response = alice.patch(path, {"title": "Lost", "baseVersion": base})
    assert list(response.json()["fields"]) == ["baseVersion"]


def test_versions_are_never_changed_and_never_deleted(alice, path):
    version = Version.objects.get(number=1)
    version.title = "Rewritten"
    with pytest.raises(ImmutableError):
        version.save()
    with pytest.raises(ImmutableError):
        version.delete()
    with pytest.raises(ImmutableError):
        Version.objects.update(title="Rewritten")
    with pytest.raises(ImmutableError):
        Version.objects.all().delete()


def test_a_saved_prompt_is_not_saved_whole(alice, make_prompt):
    with pytest.raises(TypeError, match="edit"):
        make_prompt(alice).save()


def test_a_number_is_never_used_twice(alice, path):
    for _ in range(3):
        alice.post(f"{path}/versions/1/restore")
        alice.post(f"{path}/versions/2/restore")
    numbers = [v["number"] for v in alice.get(f"{path}/versions").json()]
    assert numbers == list(range(9, 0, -1))


def test_times_of_versions_only_go_forward(alice, path):
    times = [datetime.fromisoformat(v["createdAt"]) for v in alice.get(f"{path}/versions").json()]
    assert times == sorted(set(times), reverse=True)


def test_an_authors_account_may_end_before_the_prompts_they_mended(alice, make_prompt, make_user):
    prompt, operator = make_prompt(alice), make_user("operator")
    prompt.edit(title="Mended", author=operator)
    version = f"/prompts/{prompt.wire_id}/versions/2"
    assert alice.get(version).json()["authorId"] == operator.wire_id
    operator.delete()
    assert alice.get(version).json()["authorId"] is None


def test_the_history_takes_as_many_queries_for_30_versions_as_for_1(
    alice, make_prompt, django_assert_num_queries
):
    prompt = make_prompt(alice)
    for count in (0, 29):
        for n in range(count):
            prompt.edit(title=f"Title {n}", author=alice.user)
        with django_assert_num_queries(3):  # the caller, the prompt, its versions
            versions = alice.get(f"/prompts/{prompt.wire_id}/versions").json()
    assert len(versions) == 30


def test_a_user_ends_with_all_their_history(alice, path):
    alice.send("PUT", f"{path}/labels/live", {"version": 2})
    alice.user.delete()
    assert not Version.objects.exists()
    assert not Prompt._base_manager.exists()
