"""The script that brings prompts over, against the real server."""

import json
import os
import subprocess
import sys

import pytest

from tests import live

EXAMPLES = live.ROOT / "docs/examples"


def version(number, **fields):
    """As Langfuse exports it."""
    text = {"type": "text", "prompt": f"Text {number}.", "config": {}, "tags": [], "labels": []}
    return {"name": "greeting", "version": number, **text, **fields}


@pytest.fixture
def migrate(ada, tmp_path):
    """Runs the script over an export of that kind; gives its exit status and what it prints."""

    def run(kind, export, *options):
        file = tmp_path / "export"
        file.write_text(export if isinstance(export, str) else json.dumps(export))
        key = ada.headers["Authorization"].removeprefix("Bearer ")
        done = run_migration(kind, file, "--api", str(ada.base_url), *options, key=key)
        return done.returncode, (done.stdout + done.stderr).splitlines()

    return run


def run_migration(*arguments, key):
    return subprocess.run(
        [sys.executable, EXAMPLES / "migrate.py", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | {"PROMPTCRAFTER_KEY": key},
    )


def test_a_history_comes_over_in_its_order_with_its_labels(ada, migrate):
    said = version(2, labels=["latest", "production"], commitMessage="Shorter")
    assert migrate("langfuse", [version(3), version(1), said])[0] == 0
    (prompt,) = ada.get("/prompts").json()
    assert (prompt["version"], prompt["labels"]) == (3, {"production": 2})
    versions = ada.get(f"/prompts/{prompt['_id']}/versions").json()
    assert [each["content"] for each in versions] == ["Text 3.", "Text 2.", "Text 1."]
    assert versions[1]["message"] == "Langfuse, version 2: Shorter"


def test_a_version_that_changes_nothing_gives_its_labels_to_the_one_before(ada, migrate):
    same = version(2, prompt="Text 1.", labels=["production"])
    back = version(4, prompt="Text 1.", labels=["staging"])
    assert migrate("langfuse", [version(1), same, version(3), back])[0] == 0
    (prompt,) = ada.get("/prompts").json()
    assert (prompt["version"], prompt["labels"]) == (3, {"production": 1, "staging": 3})


def test_an_interrupted_migration_goes_on_where_it_was(ada, migrate):
    whole = [version(1), version(2, labels=["production"]), version(3, prompt="Text 1.")]
    for export in (whole[:1], whole[:2], whole, whole):
        assert migrate("langfuse", export)[0] == 0
    (prompt,) = ada.get("/prompts").json()
    assert (prompt["version"], prompt["labels"]) == (3, {"production": 2})


def test_what_was_edited_or_released_meanwhile_is_left_as_it_is(ada, migrate):
    whole = [version(1), version(2, labels=["production"])]
    migrate("langfuse", whole)
    (prompt,) = ada.get("/prompts").json()
    path = f"/prompts/{prompt['_id']}"
    ada.put(f"{path}/labels/production", json={"version": 1})
    status, (told, _) = migrate("langfuse", whole)
    assert (status, told[:31]) == (1, "greeting: The label production:")
    ada.patch(path, json={"content": "Mine too."})
    status, (told, _) = migrate("langfuse", [*whole, version(3)])
    assert (status, told.endswith("is left as it is.")) == (1, True)
    assert ada.get(path).json()["content"] == "Mine too."


def test_what_is_refused_is_told_and_the_rest_goes_on(ada, migrate):
    export = "title,content\nab,too short a title\nOf three or more,some text\n"
    status, (refused, summary) = migrate("csv", export)
    assert status == 1
    assert refused.startswith("ab: title:")
    assert summary == "1 of 2 prompts are there as they were exported."


def test_a_text_that_is_far_too_long_does_not_keep_the_rest_out(ada, migrate):
    export = f"title,content\nFar too long,{'x' * 5_000_000}\nOf three or more,some text\n"
    status, (refused, summary) = migrate("csv", export)
    assert (status, refused[:14]) == (1, "Far too long: ")
    assert summary == "1 of 2 prompts are there as they were exported."


def test_a_conversation_becomes_one_text(ada, migrate):
    parts = [{"type": "input_text", "text": "One,"}, {"type": "input_text", "text": "two."}]
    messages = [{"role": "developer", "content": "Count."}, {"role": "user", "content": parts}]
    migrate("openai", {"id": "pmpt_1", "version": "1", "messages": messages}, "--model", "gpt-4.1")
    (prompt,) = ada.get("/prompts").json()
    assert (prompt["title"], prompt["model"]) == ("pmpt_1", "gpt-4.1")
    assert prompt["content"] == "[developer]\nCount.\n\n[user]\nOne,\ntwo."


def test_a_dry_run_saves_nothing(ada, migrate):
    rows = [{"command": "/sum", "name": "Sum up", "content": "Sum up.", "tags": ["text"]}]
    assert migrate("open-webui", rows, "--dry-run") == (0, ["Sum up: 1 version"])
    assert ada.get("/prompts").json() == []


@pytest.mark.parametrize(
    ("kind", "export"),
    [
        ("langfuse", "title,content\n"),
        ("langfuse", [{"name": "x"}]),
        ("langfuse", ["x"]),
        ("openai", [{"id": "x", "messages": [{"role": "user", "content": [{"type": "image"}]}]}]),
        ("open-webui", [{"content": "x"}]),
        ("prompts-chat", "title,content\nx,y\n"),
    ],
)
def test_a_file_of_another_kind_ends_it_in_a_sentence(ada, migrate, kind, export):
    status, said = migrate(kind, export)
    assert (status, len(said)) == (1, 1)
    assert "does not look like an export of this kind" in said[0]
    assert ada.get("/prompts").json() == []


def test_a_key_that_is_not_good_ends_it_in_a_sentence(server):
    file = EXAMPLES / "exports/langfuse.json"
    done = run_migration("langfuse", file, "--api", server, key="pc_nonsense")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert run_migration("langfuse", file, key="").returncode == 1


def test_a_migration_waits_where_it_was_too_fast(tmp_path):
    file = tmp_path / "history.json"
    file.write_text(json.dumps([version(number) for number in range(1, 13)]))
    with live.serving(REQUESTS_PER_USER="5/2s") as url:
        with live.signed_up(url) as client:
            key = client.headers["Authorization"].removeprefix("Bearer ")
        done = run_migration("langfuse", file, "--api", url, key=key)
    assert done.stdout == "1 of 1 prompts are there as they were exported.\n", done.stderr
