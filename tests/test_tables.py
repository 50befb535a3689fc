import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import tables, tags

PROMPT = {
    "id": "prompt_1",
    "owner": "ada@example.com",
    "title": "A title",
    "content": 'Some\r\ncontent, "quoted".',
    "model": "m",
    "tags": ["art", "a, b"],
    "version": 3,
    "labels": {"production": 2},
    "createdAt": "2026-11-27T00:00:00Z",
    "updatedAt": "2026-11-27T00:00:00Z",
}
texts = st.text("ab,;\"'=+-@ \t\r\né\u2028", min_size=1, max_size=20)
words = st.lists(
    st.text("ab,\"'= \né", max_size=8).map(str.strip).filter(bool), unique=True, max_size=5
)


def read_back(prompt):
    return {name: prompt[name] for name in tables.READ if name in prompt}


@given(texts, texts, words)
def test_what_is_written_as_csv_is_read_as_it_was(title, content, its_tags):
    prompt = PROMPT | {"title": title, "content": content, "tags": its_tags}
    (row,) = tables.from_csv("".join(tables.to_csv([prompt])))
    assert {"tags": [], **row, "version": int(row["version"])} == read_back(prompt)


@given(texts, texts, words)
def test_what_is_written_as_json_is_read_as_it_was(title, content, its_tags):
    prompt = PROMPT | {"title": title, "content": content, "tags": its_tags}
    assert tables.from_json("".join(tables.to_json([prompt, prompt]))) == [read_back(prompt)] * 2


@given(words)
def test_tags_are_read_as_they_were_written(its_tags):
    assert tags.from_words(tags.to_words(its_tags)) == its_tags


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＠", "'=", "''@"])
def test_no_cell_is_a_formula(start):
    text = f"{start}HYPERLINK(0)"
    written = "".join(tables.to_csv([PROMPT | {"title": text, "content": text, "tags": [text]}]))
    (_, cells) = csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline=""))
    assert not [cell for cell in cells if cell[0] in "=+-@＝＋－＠\t\r\n"]


def test_the_shapes_of_both_files():
    written = "".join(tables.to_csv([PROMPT]))
    assert written.startswith("\ufeffid,version,owner,title,content,model,tags,labels,")
    assert 'm,"art, ""a, b""",production=2,' in written
    assert json.loads("".join(tables.to_json([]))) == []


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (tables.from_csv, ""),
        (tables.from_csv, "Some text."),
        (tables.from_csv, "title,rating\nA,5"),
        (tables.from_csv, "title\nA,B"),
        (tables.from_csv, "title\n" + "x" * 10_000_001),
        (tables.from_json, ""),
        (tables.from_json, "[" * 100_000),
        (tables.from_json, f"[{'9' * 5_000}]"),
        (tables.from_json, '{"title": "A"}'),
        (tables.from_json, "[1]"),
        (tables.from_json, '[{"title": "A", "rating": 5}]'),
    ],
)
def test_what_is_no_file_of_prompts_is_told_why(read, text):
    with pytest.raises(tables.Unreadable, match=r"[A-Z].*\."):
        read(text)


def test_an_empty_cell_is_nothing_sent():
    assert tables.from_csv("title,tags,model\nA,,\n,,\n") == [{"title": "A"}]
