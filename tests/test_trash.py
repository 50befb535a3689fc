from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from prompts.models import Label, Log, Prompt, Version


@pytest.fixture
def prompt(alice, make_prompt, make_log):
    """One with two versions, a label and a log."""
    prompt = make_prompt(alice)
    prompt.edit(title="Version 2", author=alice.user)
    prompt.set_label("live", to=1, actor=alice.user)
    make_log(prompt)
    return prompt


@pytest.fixture
def path(prompt):
    return f"/prompts/{prompt.wire_id}"


def all_of(alice, path):
    reads = ["", "?label=live", "/versions", "/labels", "/labels/live/history"]
    everything = [alice.get(path + read).json() for read in reads]
    return [*everything, *(alice.get(p).json() for p in ("/prompts", "/logs", "/search?q=v"))]


def test_a_deleted_prompt_is_gone_from_every_read(alice, path):
    assert alice.delete(path).status_code == 204
    for read in (
        "",
        "?version=1",
        "?label=live",
        "/versions",
        "/versions/1",
        "/labels",
        "/diff?from=1",
    ):
        assert alice.get(path + read).status_code == 404
    for listed in ("/prompts", "/prompts?label=live", "/logs", "/search?q=v"):
        assert alice.get(listed).json() == []
    assert alice.patch(path, {"title": "Ghost"}).status_code == 404
    assert alice.delete(path).status_code == 404


def test_the_trash_shows_what_was_deleted_and_when_the_last_one_first(
    alice, bob, path, make_prompt
):
    shown = alice.get(path).json()
    alice.delete(path)
    make_prompt(bob).move_to_trash()
    make_prompt(alice, title="Deleted later").move_to_trash()
    later, first = alice.get("/trash").json()
    assert later["title"] == "Deleted later"
    assert first == shown | {"deletedAt": first["deletedAt"]}
    assert first["deletedAt"].endswith("Z")


def test_what_is_restored_is_as_it_was(alice, path):
    before = all_of(alice, path)
    alice.delete(path)
    response = alice.post(f"{path.replace('prompts', 'trash')}/restore")
    assert (response.status_code, response.json()) == (200, alice.get(path).json())
    assert all_of(alice, path) == before
    assert alice.get("/trash").json() == []


def test_what_is_destroyed_is_gone_with_all_that_hung_on_it(alice, path):
    alice.delete(path)
    trashed = path.replace("prompts", "trash")
    response = alice.delete(trashed)
    assert (response.status_code, response.content) == (204, b"")
    assert alice.delete(trashed).status_code == alice.post(f"{trashed}/restore").status_code == 404
    for model in (Prompt, Version, Label, Log):
        assert not model._base_manager.exists()


def test_only_what_is_in_the_trash_can_be_restored_or_destroyed(alice, path):
    trashed = path.replace("prompts", "trash")
    assert alice.delete(trashed).status_code == 404
    assert alice.post(f"{trashed}/restore").status_code == 404
    assert alice.get(path).status_code == 200


def test_what_was_taken_from_the_trash_meanwhile_is_not_destroyed(alice, prompt, path):
    alice.delete(path)
    stale = Prompt.trash.get()
    alice.post(f"/trash/{prompt.wire_id}/restore")
    assert stale.destroy() is False
    assert alice.get(path).status_code == 200


def test_a_log_in_the_trash_can_not_be_deleted_and_none_be_added(alice, path):
    log = Log.objects.get()
    alice.delete(path)
    assert alice.delete(f"/logs/{log.wire_id}").status_code == 404
    body = {"promptId": path.rpartition("/")[2], "output": "o", "modelUsed": "m"}
    assert alice.post("/logs", body).status_code == 404


def test_the_admin_puts_into_the_trash_too(alice, prompt, client, make_user):
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    client.post(f"/admin/prompts/prompt/{prompt.pk}/delete/", {"post": "yes"})
    assert [p["_id"] for p in alice.get("/trash").json()] == [prompt.wire_id]


def purge(capsys, *arguments):
    call_command("purge_trash", *arguments)
    return capsys.readouterr().out


def test_a_purge_is_a_dry_run_unless_told_otherwise(alice, prompt, make_prompt, capsys):
    for each, days in ((prompt, 31), (make_prompt(alice, title="Young"), 29)):
        each.move_to_trash()
        moment = timezone.now() - timedelta(days=days)
        Prompt.trash.filter(pk=each.pk).update(deleted_at=moment)
    make_prompt(alice, title="Live")
    out = purge(capsys, "--older-than", "30d")
    assert prompt.wire_id in out
    assert "1 prompt would be purged" in out
    assert Prompt._base_manager.count() == 3
    assert "1 prompt purged" in purge(capsys, "--older-than", "30d", "--no-dry-run")
    assert {p.title for p in Prompt._base_manager.all()} == {"Young", "Live"}


@pytest.mark.parametrize("age", ["", "30", "d", "-1d", "30y", "1.5d", "٣d", "99999999999d"])
def test_an_age_that_can_not_be_one_is_refused(db, age):
    with pytest.raises(CommandError, match="30d"):
        call_command("purge_trash", f"--older-than={age}")


@pytest.mark.parametrize("age", ["0d", "12h", "2w", "45m"])
def test_an_age_has_a_unit(db, capsys, age):
    assert "0 prompts would be purged" in purge(capsys, f"--older-than={age}")
