import difflib
import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompts import diffs

NAMES = ("v1", "v2")
texts = st.lists(st.sampled_from(["a", "b", "c", "", "\r", "\u2028x"]), max_size=12).map("\n".join)


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
def test_no_diff_is_shorter_than_ours(before, after):
    old, new = diffs._lines(before), diffs._lines(after)
    ours = [code for code in diffs._opcodes(old, new) if code[0] != "equal"]
    theirs = [c for c in difflib.SequenceMatcher(None, old, new).get_opcodes() if c[0] != "equal"]
    assert _size(ours) <= _size(theirs)
    assert bool(ours) == (before != after)


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


HOSTILE = {
    "few lines, many times": (
        "\n".join(str(n % 150) for n in range(66_000)),
        "\n".join(str(n * 7 % 150) for n in range(66_000)),
    ),
    "one line of two is the same": (
        "".join(f"x\n{n}\n" for n in range(20_000)),
        "y\n" + "x\n" * 197 + "z\n",
    ),
    "nothing in common": ("a\n" * 100_000, "b\n" * 100_000),
    "every second line": (
        "\n".join(str(n) for n in range(30_000)),
        "\n".join(str(n if n % 2 else -n) for n in range(30_000)),
    ),
    "one long line": ("x" * 200_000, "x" * 199_999 + "y"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_take_no_time(name):
    before, after = HOSTILE[name]
    start = time.process_time()
    assert diffs.unified(before, after, names=NAMES).startswith("--- v1\n+++ v2\n@@")
    assert time.process_time() - start < 5  # difflib took minutes for some


def test_many_variables_take_no_time():
    before, after = ("".join(f"{{{{{x}{n}}}}}" for n in range(20_000)) for x in "ab")
    start = time.process_time()
    assert len(diffs.variable_changes(before, after)["added"]) == 20_000
    assert time.process_time() - start < 2


def _size(opcodes):
    return sum(b - a + d - c for _, a, b, c, d in opcodes)


# Side by side ----------------------------------------------------------------------------------


def side(rows, name):
    lines = [getattr(row, name) for row in rows if getattr(row, name)]
    return [("".join(text for text, _ in line.pieces), line.number) for line in lines]


@given(texts, texts)
def test_both_sides_are_the_texts_but_for_what_is_left_out(before, after):
    rows = diffs.side_by_side(before, after)
    left_out = sum(row.left_out for row in rows)
    for name, text in (("old", before), ("new", after)):
        lines, shown = text.split("\n"), side(rows, name)
        assert all(lines[number - 1] == line for line, number in shown)
        assert before == after or len(shown) + left_out == len(lines)


def test_the_words_that_differ_are_marked():
    (row,) = diffs.side_by_side("The quick fox.", "The slow fox, too.")
    assert row.old.pieces == [("The ", False), ("quick", True), (" fox", False), (".", False)]
    assert [text for text, changed in row.new.pieces if changed] == ["slow", ", too"]
    assert row.is_changed


def test_equal_lines_away_from_a_change_are_left_out():
    lines = [f"{n}" for n in range(20)]
    rows = diffs.side_by_side("\n".join(lines), "\n".join([*lines[:10], "x", *lines[10:]]))
    assert [row.left_out for row in rows if row.left_out] == [7, 7]
    assert len(rows) == 2 + 1 + 2 * diffs.CONTEXT


def test_of_one_line_between_others_no_gap_is_made():
    rows = diffs.side_by_side("a\nb\nc\nd\nx", "a\nb\nc\nd\ny")
    assert not [row for row in rows if row.left_out]


def test_texts_with_little_in_common_are_soon_compared():
    started = time.process_time()
    before, after = ("\n".join(f"{s} {n * s} {n}" for n in range(6_000)) for s in (3, 7))
    assert len(diffs.side_by_side(before, after)) >= 6_000
    long = " ".join(str(n * n % 9973) for n in range(40_000))
    assert diffs.side_by_side(long, long[::-1])
    assert time.process_time() - started < 30
