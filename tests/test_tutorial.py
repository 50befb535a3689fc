"""The pages that teach, typed line by line against the real server."""

import json
import os
import re
import subprocess
import sys

import httpx2
import pytest

from tests import live
from tests.documents import ADA, API, differences, lines_to_type, shell, steps
from tests.live import ROOT

# Those for operators are typed where their service runs, by tests/test_upgrade.py.
OPERATORS = {"back-up", "upgrade"}
HOW_TO = sorted({each.stem for each in ROOT.glob("docs/how-to/*.md")} - OPERATORS)


def test_the_tutorial_shows_what_comes(server, tmp_path):
    found = differences("docs/tutorial.md", server=server, name="tom", HOME=str(tmp_path))
    assert found == []


@pytest.mark.parametrize("page", HOW_TO)
def test_a_how_to_page_shows_what_comes(server, tmp_path, page):
    found = differences(
        f"docs/how-to/{page}.md", after="README.md", server=server, name=page, HOME=str(tmp_path)
    )
    assert found == []


@pytest.mark.parametrize(
    "page", ["tutorial", *(f"how-to/{each}" for each in [*HOW_TO, *sorted(OPERATORS)])]
)
def test_a_page_shows_most_of_what_comes(page):
    shown = [bool(step.shown) for step in steps(f"docs/{page}.md")]
    assert sum(shown) >= len(shown) / 2


def test_another_answer_than_is_shown_is_told(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("""```sh
echo '{"a": 1, "b": [1, 2], "c": "some text"} 3'
```
```json
{"a": 2, "b": [1, "…"], "c": "… text", "d": null}
3
```
```sh
echo "one line"
```
```text
one …e
```
""")
    found = differences(str(page), server=API, name="nobody")
    assert [each.rpartition("\n[0]")[2] for each in found] == [
        ".a: 1 comes, 2 is shown",
        ".d: 'nothing' comes, None is shown",
    ]


def test_the_readmes_curl_lines_lead_from_sign_up_to_search(server):
    script = lines_to_type("README.md")
    assert "API=http://127.0.0.1:8000\n" in script
    done = shell(script.replace(API, server).replace(ADA, "reader@example.com"))
    assert done.returncode == 0, done.stderr
    assert '"score":7.5' in done.stdout
    assert done.stdout.endswith("]")
    assert done.stdout.count("A surreal mountain landscape.") == 1


def test_who_signs_up_twice_is_told_so_and_logged_in(server):
    script = lines_to_type("README.md").replace(API, server)
    script = script.replace(ADA, "twice@example.com")
    assert shell(script).returncode == 0
    again = shell(script)
    assert again.returncode == 0
    assert len(again.stderr.splitlines()) == 1
    assert "e-mail" in again.stderr
    assert again.stdout.endswith("]")


def test_who_forgot_the_password_is_told_so_and_goes_no_further(server):
    script = lines_to_type("README.md").replace(API, server)
    script = script.replace(ADA, "forgetful@example.com")
    assert shell(script).returncode == 0
    forgotten = shell(script.replace("correct horse battery", "another horse battery"))
    assert (forgotten.returncode, forgotten.stdout) == (1, "")
    assert "password" in forgotten.stderr.splitlines()[-1]


def answers_to(server, document, *, name):
    """What a person of that name sees who types the README's lines, and then the document's."""
    script = lines_to_type("README.md") + "\necho\n" + lines_to_type(document)
    script = script.replace(API, server)
    done = shell(script.replace(ADA, f"{name}@example.com"))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[1:]


def test_the_lines_about_versions_go_on_from_there(server):
    answers = map(json.loads, answers_to(server, "docs/versions.md", name="eve"))
    edited, versions, diff, label, shown, _, history, rolled_back, restored = answers
    assert (edited["version"], [v["number"] for v in versions]) == (2, [2, 1])
    assert diff["variables"] == {"added": ["mood"], "removed": []}
    assert (label["version"], shown["version"], rolled_back["version"]) == (1, 1, 1)
    assert [(move["from"], move["to"]) for move in history] == [(1, 2), (None, 1)]
    assert (restored["version"], restored["content"]) == (3, "A surreal mountain landscape.")


def test_the_lines_about_lists_go_on_from_there(server):
    answers = map(json.loads, answers_to(server, "docs/lists.md", name="ida"))
    listed, found, tags, models = answers
    assert [prompt["title"] for prompt in listed] == ["AI image prompt"]
    assert "content" not in listed[0]
    text = found[0]["content"]
    assert [text[each["start"] : each["end"]] for each in found[0]["matches"]] == [
        "surreal",
        "mountain",
    ]
    assert (tags, models) == ([{"tag": "art", "count": 1}], [{"model": "DALL·E", "count": 1}])


def test_the_lines_about_templates_go_on_from_there(server):
    answers = map(json.loads, answers_to(server, "docs/templates.md", name="eva"))
    rendered, missing, checked, edited = answers
    assert rendered["content"] == "Write four lines about {{rain}}."
    assert missing["missing"] == ["topic"]
    assert [each["text"] for each in checked["warnings"]] == ["{name}"]
    assert edited["warnings"] == ["removed variable `topic`"]


def test_the_lines_about_evidence_go_on_from_there(server):
    answers = map(json.loads, answers_to(server, "docs/evidence.md", name="uma"))
    _, kept, rated, stats, compared, board = answers
    assert [item["status"] for item in kept] == [201] * 24
    assert rated["score"] == 6
    assert [(row["version"], row["outputs"]) for row in stats] == [(2, 12), (1, 12)]
    assert (compared["verdict"], compared["method"], compared["pairs"]) == ("better", "paired", 12)
    assert [row["title"] for row in board] == ["Sum up"]
    written = (ROOT / "docs/evidence.md").read_text()
    ends = compared["difference"]["interval"]
    assert f"from −{-ends['low']:.2f} to {ends['high']:.2f}." in written
    assert f"> {compared['sentence']}\n" in written
    assert all(f"{row['mean']:.2f}" in written for row in stats)


def test_the_lines_about_accounts_go_on_from_there_too(server):
    me, released, keys, logged_out = answers_to(server, "docs/accounts.md", name="max")
    assert json.loads(me)["email"] == "max@example.com"
    assert (json.loads(released), logged_out) == ([], "")
    assert json.loads(keys)[0]["labels"] == ["production"]


ANSWERS = {
    "E-mail: ": "root@example.com",
    "Name: ": "Root",
    "Password: ": "correct horse battery",
    "Password (again): ": "correct horse battery",
}


def test_the_tutorials_line_makes_an_operator(tmp_path):
    """Typed at a terminal, for it asks for one."""
    (line,) = re.findall(r"^ +(\S+ manage.py createsuperuser)$", tutorial(), re.MULTILINE)
    with live.database() as of_database:
        process, url = live.start(tmp_path, **of_database)
        environment = live.clean_environment() | of_database | {"DATA_DIR": str(tmp_path)}
        said = typed(line.replace(".venv/bin/python", sys.executable), environment)
        login = {"email": ANSWERS["E-mail: "], "password": ANSWERS["Password: "]}
        assert httpx2.post(f"{url}/auth/login", json=login).status_code == 200, said
        process.terminate()
        assert process.wait(timeout=20) == 0


def tutorial():
    return (ROOT / "docs/tutorial.md").read_text()


def typed(line, environment):
    """What a command says at a terminal to who answers what it asks."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        line.split(), cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said = ""
    for question, answer in ANSWERS.items():
        while not said.endswith(question):
            said += os.read(ours, 1).decode()
        os.write(ours, f"{answer}\n".encode())
    assert process.wait(timeout=60) == 0, said
    os.close(ours)
    return said
