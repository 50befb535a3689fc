"""The client of a label that the documents tell to copy, against the real server."""

import signal
import sys
from urllib.parse import urlsplit

import httpx2
import pytest

from prompts import rendering
from tests import live

sys.path.append(str(live.ROOT / "docs/examples"))

from production_prompt import Refused, Released, ReleasedPrompt

PROMPT = {"title": "A title", "content": "Say {{word}}.", "model": "GPT-4o"}


@pytest.fixture
def released(ada, tmp_path):
    """A prompt of which version 1 is in production, read with a key that sees no more."""
    path = f"/prompts/{ada.post('/prompts', json=PROMPT).json()['_id']}"
    ada.put(f"{path}/labels/production", json={"version": 1})
    return reader(ada, path, file=tmp_path / "known.json")


def reader(client, path, **options):
    body = {"name": "App", "scopes": ["prompts:read", "logs:write"], "labels": ["production"]}
    key = client.post("/auth/keys", json=body).json()["key"]
    prompt_id = path.rpartition("/")[2]
    return ReleasedPrompt(prompt_id, key=key, api=str(client.base_url), **{"max_age": 0} | options)


def test_a_released_prompt_is_read_anew_only_when_its_label_moved(ada, released):
    path = f"/prompts/{released.prompt_id}"
    assert (released.read().version, released.came) == (1, "new")
    ada.patch(path, json={"content": "Whisper {{word}}."})
    assert (released.read().version, released.came) == (1, "unchanged")
    ada.put(f"{path}/labels/production", json={"version": 2})
    assert released.read().fill(word="hello") == "Whisper hello."
    assert (released.known.version, released.came) == (2, "new")


def test_nothing_is_asked_before_its_time(ada, released):
    released.max_age = 60
    first = released.read()
    ada.delete(f"/prompts/{released.prompt_id}/labels/production")
    assert released.read() is first


def test_a_label_that_was_taken_off_is_no_outage(ada, released):
    released.read()
    ada.delete(f"/prompts/{released.prompt_id}/labels/production")
    with pytest.raises(Refused, match="There is no prompt"):
        released.read()
    assert released.known.version == 1


def test_the_file_of_another_prompt_is_not_taken_for_this_ones(ada, released):
    released.read()
    path = f"/prompts/{ada.post('/prompts', json=PROMPT).json()['_id']}"
    assert reader(ada, path, file=released.file).known is None


def test_outputs_are_noted_with_the_version_that_they_came_of(ada, released):
    old = released.read()
    path = f"/prompts/{released.prompt_id}"
    ada.patch(path, json={"content": "Whisper {{word}}."})
    ada.put(f"{path}/labels/production", json={"version": 2})
    assert released.log(old, output="Hello.", modelUsed="GPT-4o", score=7) == 0
    (log,) = ada.get("/logs").json()
    assert (log["version"], log["label"], log["score"]) == (1, "production", 7)
    with pytest.raises(Refused, match="score"):
        released.log(old, output="Hello.", modelUsed="GPT-4o", score=70)
    assert not released.unsent


def end(process):
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0


def test_an_application_outlives_the_service(tmp_path):
    with live.database() as environment:
        process, url = live.start(tmp_path, **environment)
        with live.signed_up(url) as client:
            path = f"/prompts/{client.post('/prompts', json=PROMPT).json()['_id']}"
            client.put(f"{path}/labels/production", json={"version": 1})
            prompt = reader(client, path, file=tmp_path / "known.json")
        known = prompt.read()
        end(process)

        assert (prompt.read(), prompt.came) == (known, "away")
        started_since = ReleasedPrompt(prompt.prompt_id, key=prompt.key, api=url, file=prompt.file)
        assert started_since.read() == known
        prompt.file.unlink()
        with pytest.raises(OSError, match="refused"):
            ReleasedPrompt(prompt.prompt_id, key=prompt.key, api=url, file=prompt.file).read()
        assert prompt.log(known, output="During.", modelUsed="GPT-4o") == 1

        process, url = live.start(tmp_path, **environment)
        prompt.api = urlsplit(url)
        assert prompt.log(known, output="After.", modelUsed="GPT-4o") == 0
        logs = httpx2.get(f"{url}/logs", headers=client.headers).json()
        assert [log["output"] for log in logs] == ["After.", "During."]
        end(process)


@pytest.mark.parametrize(
    "text",
    [
        "{{a}} and {{ b }}",
        "{{a=x}}, {{a=y}}, {{a}}",
        "{{c=kept}} {{c}} {{d=}}.",
        r"\{{a}} and \\{{a}} {{{a}}}",
        "{{a b}} {{a-b}} {a} {{=x}} {{a" + "a" * 64 + "}}",
        "{{e\N{COMBINING ACUTE ACCENT}}} {{é}}",
        "{{a}}{{b}}",
    ],
)
def test_a_text_is_filled_in_as_the_service_would(text):
    values = {"a": "{{b}}", "b": r"\1 {{a}}", "é": "accent"}
    filled = Released("", "", "", 1, text, rendering.described(text)).fill(**values)
    assert filled == rendering.render(text, values, most=10_000).content
