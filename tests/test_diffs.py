import difflib
import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompts import diffs, rendering

NAMES = ("v1", "v2")
texts = st.lists(st.sampled_from(["a", "b", "c", "", "\r", "\u2028x"]), max_size=12).map("\n".join)


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("", []),
        ("{{a}} {{b}} {{a}}", ["a", "b"]),
        ("{{ name }}{{Ünï_1}}{{名前}}", ["name", "Ünï_1", "名前"]),
        ("{{tone=friendly and warm}}", ["tone"]),
        (r"\{{not}} {single} {{}} {{a-b}} {{ }} ${x} {% if %}", []),
        ("{{" + "x" * 64 + "}}{{" + "y" * 65 + "}}", ["x" * 64]),
        ('{"json": {"a": {"b": 1}}}', []),
    ],
)
def test_variables(content, names):
    assert rendering.variables(content) == names


@pytest.mark.parametrize(
    "content", ["{{" * 100_000, "{{" + " " * 200_000, "{{a=" * 50_000, "\\{{" * 66_000]
)
def test_finding_variables_in_hostile_text_takes_no_time(content):
    start = time.process_time()
    assert rendering.variables(content) == []
    assert time.process_time() - start < 5  # a hang, not a matter of milliseconds


def test_changes_are_told_field_by_field():
    before = {"title": "A", "content": "x", "model": "m", "tags": ["a"]}
    assert diffs.changes(before, before) == []
    assert diffs.changes(before, before | {"tags": []}) == [
        {"field": "tags", "before": ["a"], "after": []}
    ]


def test_variable_changes():
    assert diffs.variable_changes("{{a}} {{b}}", "{{b}} {{c}}") == {
        "added": ["c"],
        "removed": ["a"],
    }


def test_a_diff_reads_as_git_writes_it():
    assert diffs.unified("a\nb\nc\n", "a\nB\nc", names=NAMES) == (
        "--- v1\n+++ v2\n@@ -1,3 +1,3 @@\n a\n-b\n-c\n+B\n+c\n\\ No newline at end of file\n"
    )


def test_equal_texts_have_no_diff():
    assert diffs.unified("a\nb", "a\nb", names=NAMES) == ""


@given(texts, texts)
def test_a_diff_is_difflibs_where_both_can_tell_it(before, after):
    """Compared by what it removes and adds, since there is often more than one shortest way."""
    ours = diffs.unified(before, after, names=NAMES)
    assert ("@@" in ours) == (before != after)
    old, new = _sides(ours)
    theirs = "".join(
        line if line.endswith("\n") else f"{line}\n"
        for line in difflib.unified_diff(diffs._lines(before), diffs._lines(after), *NAMES)
    )
    assert len(old) - len(new) == len(_sides(theirs)[0]) - len(_sides(theirs)[1])


@settings(max_examples=40, deadline=None)
@given(before=texts, after=texts)
def test_patch_makes_the_one_text_of_the_other(tmp_path_factory, before, after):
    directory = tmp_path_factory.mktemp("patch")
    (directory / "v1").write_bytes(before.encode())
    diff = diffs.unified(before, after, names=("a/v1", "b/v1"))
    if diff:
        command = ["git", "apply", "--whitespace=nowarn", "--unidiff-zero", "-"]
        subprocess.run(command, cwd=directory, input=diff.encode(), check=True)
    assert (directory / "v1").read_bytes() == after.encode()


def test_texts_of_a_hundred_thousand_lines_take_no_time():
    before = "\n".join(str(n % 150) for n in range(100_000))
    after = "\n".join(str(n * 7 % 150) for n in range(100_000))
    start = time.process_time()
    assert diffs.unified(before, after, names=NAMES).count("\n") > 100_000
    assert time.process_time() - start < 5  # difflib alone would take a quarter of an hour


def _sides(diff):
    lines = diff.splitlines()[2:]
    return [x for x in lines if x[0] == "-"], [x for x in lines if x[0] == "+"]
