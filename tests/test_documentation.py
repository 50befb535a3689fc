"""What the documents say of the code, held against the code."""

import ast
import re

import pytest
from django.conf import settings

from tests.live import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


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


SECURITY = (ROOT / "docs/security.md").read_text()
STATUSES = {"held", "partly", "not held", "operator"}


def rows_of_security():
    """The tables of risks and of requirements: number, what it asks, status, and what holds it."""
    for line in SECURITY.partition("## OWASP API Security")[2].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if re.match(r"\| (API\d|\d+\.\d)", line):
            yield cells[0], *cells[-3:]


def functions_of(file):
    tree = ast.parse((ROOT / file).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def headings(document):
    """As the anchors of links to them."""
    found = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in found}


def test_every_test_that_is_said_to_hold_something_exists():
    cited = re.findall(r"`(tests/\w+\.py)(?:::(\w+)(?:\[[^`]*\])?)?`", SECURITY)
    assert len(cited) > 200
    missing = {(file, name) for file, name in cited if name and name not in functions_of(file)}
    assert missing == set()


def test_every_row_says_what_holds_it():
    rows = list(rows_of_security())
    assert len({number for number, *_ in rows}) == len(rows) > 170
    for number, asked, status, by in rows:
        assert status in STATUSES, number
        assert by, number
        if status == "held":
            assert "](" in by if asked.startswith("(doc)") else "::test_" in by, number


def test_links_to_a_heading_lead_to_one():
    for document in DOCUMENTS:
        for file, anchor in re.findall(r"\]\((?!http)([^)#]*)#([^)]+)\)", document.read_text()):
            target = document.parent / file if file else document
            assert anchor in headings(target), f"{document.name}: {file}#{anchor}"
