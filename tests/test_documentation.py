"""What the documents say of the code, held against the code."""

import ast
import re

import pytest
from django.conf import settings

from tests.live import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def variables_read():
    """The names that our code asks the environment for, with their literal defaults."""
    read = {}
    for name in ("settings", "environment"):
        for node in ast.walk(ast.parse((ROOT / f"promptcrafter/{name}.py").read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                called = ast.unparse(node.func)
                is_reader = called.startswith("env.") or called == "os.environ.get"
                if is_reader and isinstance(node.args[0], ast.Constant):
                    read[node.args[0].value] = [ast.unparse(each) for each in node.args[1:]]
                    read[node.args[0].value] += [
                        ast.unparse(k.value) for k in node.keywords if k.arg == "default"
                    ]
    return read


def variables_documented():
    table = (ROOT / "docs/configuration.md").read_text()
    return dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", table, re.MULTILINE))


def test_every_environment_variable_is_documented():
    assert set(variables_documented()) == set(variables_read())


def test_the_documented_defaults_are_the_codes():
    read = variables_read()
    for name, documented in variables_documented().items():
        if documented.startswith("`") and name != "DATA_DIR":
            value = ast.literal_eval(read[name][0])
            assert documented.strip("`") == str(int(value) if isinstance(value, bool) else value)


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_dependency_is_pinned_and_every_chosen_one_explained(file):
    text = (ROOT / file).read_text()
    lines = [line for line in text.splitlines() if line and line[0] not in "#-"]
    assert all(re.fullmatch(r"[\w.-]+(\[\w+\])?==[\w.]+", line) for line in lines)
    decisions = (ROOT / "docs/decisions.md").read_text()
    for name in re.findall(r"^([\w-]+).*==", text.partition("# Brought along")[0], re.MULTILINE):
        assert name in decisions, name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document):
    for target in re.findall(r"\]\((?!http)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_the_readmes_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"make (\w+)", (ROOT / "README.md").read_text())):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_databases_are_set_as_documented():
    database = settings.DATABASES["default"]
    assert database["CONN_MAX_AGE"] is None
    if database["ENGINE"].endswith("sqlite3"):
        assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    else:
        assert database["CONN_HEALTH_CHECKS"] is True
