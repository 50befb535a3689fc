"""Templates: what stands in a prompt's text to be filled in. Pure; knows no Django.

`{{name}}` is a variable: letters of any script with the marks that they carry, digits and `_`, at
most 64; spaces are allowed inside the braces. `{{name=a default}}` gives it a default, up to the
next brace. `\\{{` is a pair of braces that begins no variable, and comes out as `{{`. Everything
else is text, and comes out as it is.

Names are compared in Unicode's form NFC: an `é` is an `é`, of however many characters.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

NAME_MAX_LENGTH = 64

# One pass, and no part that can match the same text in two ways: hostile input takes linear time.
_TOKEN = re.compile(
    r"(?P<escape>\\\{\{)"
    r"|\{\{[ \t]{0,64}(?P<name>[^\s{}=]{1,64})[ \t]{0,64}(?:=(?P<default>[^{}]*))?\}\}"
)
_NEAR_MISS = re.compile(
    r"\\?\{\{(?!\{)[^{}\n]{0,80}(?:\}\}?)?"
    r"|(?<![\\${])\{[ \t]?(?P<single>\w{1,64})[ \t]?\}(?!\})"
)


class Variable(NamedTuple):
    name: str
    default: str | None = None  # the first that the text gives it


class Rendered(NamedTuple):
    """A text filled in, and the names: of the values that were used, of those that the text has no
    variable for, and of the variables without a value."""

    content: str
    used: list[str]
    unused: list[str]
    missing: list[str]


class RenderedTooLong(ValueError):
    def __init__(self, most: int) -> None:
        super().__init__(f"With these values the text would have more than {most} bytes.")


class MissingVariables(ValueError):
    """Tells the names; the sentence, the first of them."""

    def __init__(self, names: Sequence[str]) -> None:
        listed = ", ".join(f"`{name}`" for name in names[:10]) + (" …" if names[10:] else "")
        super().__init__(f"Send a value for {listed}, or `strict`: false to leave it as it is.")
        self.details = {"missing": list(names)}


class NearMiss(NamedTuple):
    """Text that looks like a variable and is none; in characters, from `start` up to `end`."""

    text: str
    start: int
    end: int
    why: str


def variables(content: str) -> list[Variable]:
    """Each once, in the order of their first use."""
    found: dict[str, str | None] = {}
    for match in _TOKEN.finditer(content):
        name = _name(match)
        if name is not None and found.get(name) is None:
            found[name] = _default(match)
    return [Variable(name, default) for name, default in found.items()]


def described(content: str) -> list[dict[str, str]]:
    """The variables as JSON has them: `name`, and `default` where there is one."""
    return [
        {name: value for name, value in each._asdict().items() if value is not None}
        for each in variables(content)
    ]


def render(content: str, values: Mapping[str, str], *, most: int) -> Rendered:
    """`content` with the values in the place of its variables, or else their defaults. One pass:
    what is in a value stays as it is. What has neither stays as it is written.

    Raises RenderedTooLong, before it is written out, where that has more than `most` bytes of
    UTF-8.
    """
    known = variables(content)
    given = {_normal(name): value for name, value in values.items()}
    filled = {each.name: each.default for each in known if each.default is not None} | given
    sizes = {name: _size(value) for name, value in filled.items()}
    pieces, size, at = [], 0, 0
    for match in _TOKEN.finditer(content):
        before, at = content[at : match.start()], match.end()
        name = _name(match)
        if match["escape"]:
            piece, length = "{{", 2
        elif name in filled:
            piece, length = filled[name], sizes[name]
        else:
            piece, length = match[0], _size(match[0])
        pieces += [before, piece]
        size += _size(before) + length
    rest = content[at:]
    if size + _size(rest) > most:
        raise RenderedTooLong(most)
    names = {each.name: None for each in known}  # a set, in order
    return Rendered(
        content="".join([*pieces, rest]),
        used=[name for name in names if name in given],
        unused=[name for name in values if _normal(name) not in names],
        missing=[name for name in names if name not in filled],
    )


def as_text(value: Any) -> str:
    """A JSON value as it is filled in: a string as it is, null as nothing, others as JSON. Raises
    ValueError for a number that JSON can't write."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def near_misses(content: str) -> Iterator[NearMiss]:
    """What was perhaps meant as a variable, from the beginning on."""
    for match in _NEAR_MISS.finditer(content):
        token = _TOKEN.match(content, match.start())
        if token and (token["escape"] or _name(token) is not None):
            continue
        yield NearMiss(match[0], *match.span(), _why(match))


def _why(match: re.Match[str]) -> str:
    if match["single"]:
        return f"A variable has two braces: `{{{{{match['single']}}}}}`."
    if not match[0].endswith("}}"):
        return "A variable ends with two braces."
    return (
        f"A variable's name has letters, digits and `_`, at most {NAME_MAX_LENGTH}, and no spaces."
    )


def _name(match: re.Match[str]) -> str | None:
    """Of the variable that a token is; None where it is none."""
    name = match["name"]
    if name is None or not all(map(_is_of_names, name)):
        return None
    return _normal(name)


def _default(match: re.Match[str]) -> str | None:
    default = match["default"]
    return None if default is None else default.strip(" \t")


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _is_of_names(char: str) -> bool:
    return char == "_" or unicodedata.category(char)[0] in "LMN"


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
