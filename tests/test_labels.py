import pytest

from prompts.models import Label, LabelMove


@pytest.fixture
def path(alice, make_prompt):
    """A prompt of three versions."""
    prompt = make_prompt(alice, content="One")
    for text in ("Two", "Three"):
        prompt.edit(content=text, author=alice.user)
    return f"/prompts/{prompt.wire_id}"


@pytest.fixture
def put(alice, path):
    return lambda name, body, **headers: alice.send(
        "PUT", f"{path}/labels/{name}", body, headers=headers
    )


def test_a_label_points_at_a_version(alice, path, put):
    response = put("production", {"version": 2, "note": "Ship it"})
    label = response.json()
    assert response.status_code == 201
    assert label | {"updatedAt": None} == {
        "name": "production",
        "version": 2,
        "note": "Ship it",
        "actorId": alice.user.wire_id,
        "updatedAt": None,
    }
    assert alice.get(f"{path}/labels/production").json() == label
    assert alice.get(f"{path}/labels").json() == [label]
    assert alice.get(path).json()["labels"] == {"production": 2}


def test_latest_is_resolved_when_the_label_is_set(alice, path, put):
    assert put("staging", {"version": "latest"}).json()["version"] == 3
    alice.patch(path, {"content": "Four"})
    assert alice.get(path).json()["labels"] == {"staging": 3}


def test_a_prompt_is_read_as_of_a_label(alice, path, put):
    put("production", {"version": 1})
    shown = alice.get(f"{path}?label=production").json()
    assert (shown["content"], shown["version"]) == ("One", 1)
    assert shown == alice.get(f"{path}?version=1").json()


def test_a_label_that_is_not_set_is_not_found_and_those_that_are_are_told(alice, path, put):
    put("staging", {"version": 1})
    for missing in (f"{path}?label=production", f"{path}/labels/production"):
        response = alice.get(missing)
        assert (response.status_code, response.json()["labels"]) == (404, {"staging": 1})
    assert alice.delete(f"{path}/labels/production").status_code == 404
    assert alice.get(f"{path}/labels/production/history").status_code == 404
    assert alice.post(f"{path}/labels/production/rollback").status_code == 404


def test_the_same_move_twice_is_one(put):
    first = put("production", {"version": 2, "note": "a"})
    second = put("production", {"version": 2, "note": "b"})
    assert (second.status_code, second.json()) == (200, first.json())
    assert LabelMove.objects.count() == 1


def test_a_list_shows_the_prompts_that_carry_a_label_as_of_it(alice, bob, path, put, make_prompt):
    put("production", {"version": 1})
    make_prompt(alice)
    make_prompt(bob).set_label("production", to=1, actor=bob.user)
    trashed = make_prompt(alice)
    trashed.set_label("production", to=1, actor=alice.user)
    trashed.move_to_trash()
    (shown,) = alice.get("/prompts?label=production").json()
    assert shown == alice.get(f"{path}?label=production").json()
    assert alice.get("/prompts?label=staging").json() == []


def test_a_list_by_label_takes_as_many_queries_for_30_rows_as_for_1(
    alice, make_prompt, django_assert_num_queries
):
    for count in (1, 29):
        for _ in range(count):
            make_prompt(alice).set_label("live", to=1, actor=alice.user)
        with django_assert_num_queries(2):
            shown = alice.get("/prompts?label=live").json()
    assert len(shown) == 30
    assert [p["_id"] for p in shown] == sorted((p["_id"] for p in shown), reverse=True)


def test_a_label_taken_off_is_gone_but_its_history_is_not(alice, path, put):
    put("production", {"version": 1})
    put("production", {"version": 3, "note": "New"})
    response = alice.delete(f"{path}/labels/production")
    assert (response.status_code, response.content) == (204, b"")
    assert alice.get(path).json()["labels"] == {}
    assert not Label.objects.exists()
    history = alice.get(f"{path}/labels/production/history").json()
    assert [(m["from"], m["to"], m["note"]) for m in history] == [
        (3, None, ""),
        (1, 3, "New"),
        (None, 1, ""),
    ]
    assert {m["actorId"] for m in history} == {alice.user.wire_id}


def test_a_rollback_is_a_move_back_and_a_second_one_back_again(alice, path, put):
    put("production", {"version": 1})
    put("production", {"version": 3})
    for expected in (1, 3):
        response = alice.post(f"{path}/labels/production/rollback", {"note": "Oops"})
        assert (response.status_code, response.json()["version"]) == (200, expected)
    moves = alice.get(f"{path}/labels/production/history").json()
    assert [(m["from"], m["to"]) for m in moves] == [(1, 3), (3, 1), (1, 3), (None, 1)]
    assert moves[0]["note"] == "Oops"


def test_a_label_taken_off_by_mistake_is_rolled_back(alice, path, put):
    put("production", {"version": 2})
    alice.delete(f"{path}/labels/production")
    assert alice.post(f"{path}/labels/production/rollback").json()["version"] == 2
    assert alice.get(path).json()["labels"] == {"production": 2}


def test_a_label_that_never_pointed_elsewhere_has_nowhere_to_go(alice, path, put):
    put("production", {"version": 2})
    assert alice.post(f"{path}/labels/production/rollback").status_code == 409
    assert alice.get(path).json()["labels"] == {"production": 2}


@pytest.mark.parametrize(("expected", "status"), [(2, 200), (1, 409), (None, 409)])
def test_a_move_may_expect_where_the_label_points(put, expected, status):
    put("production", {"version": 2})
    response = put("production", {"version": 3, "expectedVersion": expected})
    assert response.status_code == status
    assert status == 200 or response.json()["currentVersion"] == 2


def test_a_label_may_be_expected_not_to_be_set(put):
    assert put("production", {"version": 1, "expectedVersion": None}).status_code == 201
    response = put("staging", {"version": 1, "expectedVersion": 1})
    assert (response.status_code, response.json()["currentVersion"]) == (409, None)


@pytest.mark.parametrize(
    "name", ["a", "production", "v1.2", "a-b_c.d", "2x", "x" * 36, "v", "1.0", "2024-01-15", "1e3"]
)
def test_names_that_are_welcome(alice, path, put, name):
    assert put(name, {"version": 1}).status_code == 201
    assert alice.get(f"{path}?label={name}").json()["labels"] == {name: 1}
    assert alice.get(f"{path}/diff?from={name}").json()["from"] == 1


@pytest.mark.parametrize(
    "name",
    [
        "latest",
        "1",
        "42",
        "v1",
        "v42",
        "Prod",
        "-a",
        "a-",
        ".a",
        "_a",
        "a b",
        "ü",
        "x" * 37,
        "%00",
        "٣",
        "a%0A",
    ],
)
def test_names_that_are_refused_with_a_reason(alice, path, put, name):
    for response in (
        put(name, {"version": 1}),
        alice.get(f"{path}/labels/{name}"),
        alice.get(f"{path}?label={name}"),
        alice.get(f"/prompts?label={name}"),
        alice.delete(f"{path}/labels/{name}"),
        alice.get(f"{path}/labels/{name}/history"),
        alice.post(f"{path}/labels/{name}/rollback"),
    ):
        assert (response.status_code, response.json()["code"]) == (400, "malformed_label")
    assert not Label.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", 0),
        ("version", -1),
        ("version", 4),
        ("version", "3"),
        ("version", "LATEST"),
        ("version", 1.5),
        ("version", True),
        ("version", None),
        ("version", [1]),
        ("version", 10**12),
        ("note", 5),
        ("note", "x" * 501),
        ("expectedVersion", "1"),
        ("expectedVersion", 0),
    ],
)
def test_an_invalid_field_is_named(put, field, value):
    response = put("production", {"version": 1, field: value})
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert not Label.objects.exists()


def test_a_whole_number_may_be_written_with_a_point(put):
    assert put("production", b'{"version": 1.0, "expectedVersion": null}').json()["version"] == 1
    assert put("production", b'{"version": 1e0, "expectedVersion": 1.0}').status_code == 200


def test_a_move_needs_a_version(put):
    assert list(put("production", {}).json()["fields"]) == ["version"]


def test_a_move_is_never_changed(put):
    put("production", {"version": 1})
    with pytest.raises(TypeError):
        LabelMove.objects.get().save()
