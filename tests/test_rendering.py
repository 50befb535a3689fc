"""Templates, without the API around them."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import rendering
from prompts.rendering import Variable

MOST = 1_000_000


def render(content, most=MOST, **values):
    return rendering.render(content, values, most=most)


@pytest.mark.parametrize(
    ("content", "variables"),
    [
        ("", []),
        ("{{a}} {{b}} {{a}}", [("a", None), ("b", None)]),
        ("{{ name }}{{Ünï_1}}{{名前}}{{नाम}}", [("name",), ("Ünï_1",), ("名前",), ("नाम",)]),
        ("{{\tx }}", [("x", None)]),
        ("{{tone=friendly and warm}}", [("tone", "friendly and warm")]),
        ("{{ tone = kind }}{{tone=rude}}", [("tone", "kind")]),
        ("{{a}}{{a=1}}", [("a", "1")]),
        ("{{a=}}", [("a", "")]),
        ("{{a=x=y\nz}}", [("a", "x=y\nz")]),
        ("{{{x}}}", [("x", None)]),
        ("{{{{x}}}}", [("x", None)]),
        ("{{e\u0301}}{{\u00e9}}", [("\u00e9", None)]),
        (r"\{{not}} {single} {{}} {{a-b}} {{ }} {{a b}} ${x} {% if %} {{a\nb}}", []),
        ("{{" + "x" * 64 + "}}{{" + "y" * 65 + "}}", [("x" * 64, None)]),
        ('{"json": {"a": {"b": 1}}}', []),
        ("{{a\n}}{{\na}}{{a|upper}}{{user.name}}{{#if a}}", []),
    ],
)
def test_variables(content, variables):
    assert rendering.variables(content) == [Variable(*each) for each in variables]


@pytest.mark.parametrize(
    ("content", "values", "rendered"),
    [
        ("{{a}}, {{ a }}!", {"a": "x"}, "x, x!"),
        ("{{a}}{{b}}", {"a": "{{b}}", "b": "{{a}}"}, "{{b}}{{a}}"),
        ("{{a}}", {"a": r"\{{b}} \1 \g<0>"}, r"\{{b}} \1 \g<0>"),
        ("{{a=x}} {{a}}", {}, "x x"),
        ("{{a=x}}", {"a": ""}, ""),
        (r"\{{a}} {{a}}", {"a": "x"}, "{{a}} x"),
        (r"\\{{a}}", {"a": "x"}, r"\{{a}}"),
        ("{{{a}}}", {"a": "x"}, "{x}"),
        ("{{\u00e9}}", {"e\u0301": "x"}, "x"),
        ("{{a}}b", {}, "{{a}}b"),
        ("{a} ${a} {{a-b}} %(a)s", {"a": "x"}, "{a} ${a} {{a-b}} %(a)s"),
    ],
)
def test_rendering(content, values, rendered):
    assert rendering.render(content, values, most=MOST).content == rendered


def test_it_tells_what_was_used_what_was_not_and_what_is_missing():
    found = render("{{b}} {{a}} {{c=1}} {{d}} {{a}}", a="x", d="y", z="?")
    assert found.used == ["a", "d"]
    assert found.unused == ["z"]
    assert found.missing == ["b"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        (None, ""),
        (True, "true"),
        (1, "1"),
        (1.5, "1.5"),
        (["é", {"a": None}], '["é", {"a": null}]'),
    ],
)
def test_a_value_is_filled_in_as_json_but_for_strings_and_null(value, text):
    assert rendering.as_text(value) == text


def test_what_would_be_too_long_is_not_written():
    assert len(render("{{a}}" * 10, most=10, a="x").content) == 10
    for content, value in (
        ("{{a}}" * 10, "é"),
        ("{{a}}", "x" * 11),
        ("{{b}}" * 3, ""),
        ("é" * 6, ""),
    ):
        with pytest.raises(rendering.RenderedTooLong):
            render(content, most=10, a=value)
    start = time.process_time()
    with pytest.raises(rendering.RenderedTooLong):
        render("{{a}}" * 40_000, a="x" * 500_000)  # 20 GB
    assert time.process_time() - start < 2


texts = st.text(st.sampled_from("{}\\$ =a_é\n1中"), max_size=40) | st.text(max_size=40)
names = st.text(st.sampled_from("aé中_1"), min_size=1, max_size=3)


@given(texts)
def test_a_text_without_variables_and_escapes_comes_out_as_it_is(text):
    if rendering.variables(text) or "\\{{" in text:
        return
    assert render(text) == (text, [], [], [])


@given(texts)
def test_without_values_and_defaults_only_escapes_change(text):
    if any(each.default is not None for each in rendering.variables(text)):
        return
    assert render(text).content == text.replace("\\{{", "{{")


@given(st.lists(names | texts.filter(lambda text: not {*text} & {*"{}\\"}), max_size=12), st.data())
def test_every_piece_stays_in_its_place(pieces, data):
    """Plain texts and variables, in any order: what comes out is their values, joined."""
    is_variable = [data.draw(st.booleans()) and _is_name(piece) for piece in pieces]
    values = {
        piece: data.draw(texts) for piece, is_one in zip(pieces, is_variable, strict=True) if is_one
    }
    content = "".join(
        f"{{{{{piece}}}}}" if is_one else piece
        for piece, is_one in zip(pieces, is_variable, strict=True)
    )
    wanted = "".join(
        values[piece] if is_one else piece
        for piece, is_one in zip(pieces, is_variable, strict=True)
    )
    found = rendering.render(content, values, most=MOST)
    assert found.content == wanted
    assert found.missing == found.unused == []


def _is_name(piece):
    return rendering.variables(f"{{{{{piece}}}}}") == [Variable(piece)]


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)


@given(st.recursive(st.none() | st.booleans() | numbers | st.text(), st.lists))
def test_a_value_can_be_read_back(value):
    if not isinstance(value, str | None):
        assert json.loads(rendering.as_text(value)) == value


HOSTILE = [
    "{{" * 100_000,
    "{{" + " " * 199_998,
    "{{a=" * 50_000,
    "\\{{" * 66_000,
    "{{a" + "b" * 199_000,
    "{{a=" + "b" * 199_000,
    "{{a}}" * 40_000,
    "{{ " * 66_000,
    "{" * 200_000,
    "{a}" * 66_000,
    "".join(f"{{{{v{number}}}}}" for number in range(25_000)),
]


@pytest.mark.parametrize("content", HOSTILE)
def test_hostile_text_takes_milliseconds(content):
    start = time.process_time()
    rendering.variables(content)
    render(content, a="x", **{f"w{number}": "" for number in range(1_000)})
    for _ in rendering.near_misses(content):
        pass
    assert time.process_time() - start < 5  # a hang, not a matter of milliseconds


@pytest.mark.parametrize(
    ("content", "near"),
    [
        ("Dear {name}", ["{name}"]),
        ("{{ na me }}", ["{{ na me }}"]),
        ("{{a-b}} {{user.name}}", ["{{a-b}}", "{{user.name}}"]),
        ("{{a} and", ["{{a}"]),
        ("{{open", ["{{open"]),
        ("{{a}} {{b=1}} \\{{c d}} ${x} {{{d}}}", []),
        ('{"a": 1} { x: 2 } {} {}', []),
        ("{{}}", ["{{}}"]),
    ],
)
def test_near_misses(content, near):
    found = list(rendering.near_misses(content))
    assert [each.text for each in found] == near
    assert all(content[each.start : each.end] == each.text for each in found)
