"""What a line of the log must not hold: tokens, keys, and the texts that errors quote.

Safe rather than clever: where a value can't be told from the words around it, both go.
"""

import re
import traceback
from types import TracebackType

MASK = "…"
PATH_MAX_LENGTH = 256
PART_MAX_LENGTH = 64
MESSAGE_MAX_LENGTH = 500
SENTENCE_MAX_LENGTH = 200
FRAMES_SHOWN = 20
CAUSES_SHOWN = 5

# A JSON Web Token (or the beginning of one), an API key, whatever stands where a token does.
_SECRET = re.compile(r"eyJ[\w-]+(\.[\w-]*){0,2}|pc_[A-Za-z0-9]{16,}|(?i:bearer)\s+\S+")
# From where on an exception shows a value: `…float: 'x'`, a quotation, a list, a dictionary. But a
# quoted name is none: `'NoneType' object has no attribute 'pk'`.
_VALUE = re.compile(
    r""":\s*b?["'“].*|(?P<name>(?<!\w)["'“][\w.]{0,40}["'”])|(?<!\w)b?["'“].*|(?<=.)[\[{].*"""
)


def masked(text: str) -> str:
    """Without tokens and keys."""
    return _SECRET.sub(MASK, text)


def path(text: str) -> str:
    """A request's path without tokens, keys, and parts that are too long to be ids or names."""
    parts = masked(text).split("/")
    return "/".join(MASK if len(part) > PART_MAX_LENGTH else part for part in parts)[
        :PATH_MAX_LENGTH
    ]


def message(text: str) -> str:
    """The first line of it; PostgreSQL shows rows and statements in the others."""
    return masked(text.partition("\n")[0])[:MESSAGE_MAX_LENGTH]


def trace(error: BaseException) -> list[str]:
    """`file:line function` from the outermost call on, then the error; first those it came from."""
    lines: list[str] = []
    for each in reversed(_with_causes(error)):
        lines += [*_frames(each.__traceback__), f"{type(each).__qualname__}: {sentence(each)}"]
    return lines


def sentence(error: BaseException) -> str:
    """What an exception says, but for the values that it quotes."""
    first = str(error).partition("\n")[0]
    return masked(_VALUE.sub(lambda found: found["name"] or MASK, first))[:SENTENCE_MAX_LENGTH]


def _with_causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and len(found) < CAUSES_SHOWN:
        found.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def _frames(of: TracebackType | None) -> list[str]:
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(of)]
    return [
        f"{'/'.join(code.co_filename.split('/')[-3:])}:{line} {code.co_name}"
        for code, line in frames[-FRAMES_SHOWN:]
    ]
